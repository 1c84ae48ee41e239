/** Copies a text. Browsers offer their clipboard only over HTTPS and on localhost; elsewhere the old command still works. */
export function copyText(text: string): Promise<void> {
  return 'clipboard' in navigator
    ? navigator.clipboard.writeText(text).catch(() => copyByCommand(text))
    : Promise.resolve(copyByCommand(text))
}

function copyByCommand(text: string) {
  const fill = (event: ClipboardEvent) => {
    event.clipboardData?.setData('text/plain', text)
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  document.addEventListener('copy', fill, { capture: true })
  try {
    if (!document.execCommand('copy')) throw new Error("Couldn't copy the text.")
  } finally {
    document.removeEventListener('copy', fill, { capture: true })
  }
}
