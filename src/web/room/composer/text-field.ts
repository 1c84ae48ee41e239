import { insertFence, type TextChange, toggleMark, type Writing } from './writing'

export const readWriting = ({ value, selectionStart, selectionEnd }: HTMLTextAreaElement): Writing => ({
  text: value,
  start: selectionStart,
  end: selectionEnd,
})

/** Changes the text as typing would: the browser can undo it, and the field reports it. */
export function applyChange(field: HTMLTextAreaElement, { from, to, insert, start, end }: TextChange) {
  field.focus()
  if (from !== to || insert !== '') {
    field.setSelectionRange(from, to)
    // Nothing that replaced this command keeps what Ctrl+Z needs.
    const isDone = insert === '' ? document.execCommand('delete') : document.execCommand('insertText', false, insert)
    if (!isDone) {
      field.setRangeText(insert, from, to, 'end')
      field.dispatchEvent(new InputEvent('input', { bubbles: true }))
    }
  }
  field.setSelectionRange(start, end)
}

interface PressedKey {
  key: string
  code: string
  shiftKey: boolean
  altKey: boolean
  ctrlKey: boolean
  metaKey: boolean
}

const isApple = () => /mac|iphone|ipad/i.test(navigator.platform)

/** Whether the key is pressed together with Ctrl, or Cmd on a Mac, where Ctrl has other uses in a text. */
export const hasCommandKey = ({ ctrlKey, metaKey }: Pick<PressedKey, 'ctrlKey' | 'metaKey'>) =>
  isApple() ? metaKey && !ctrlKey : ctrlKey && !metaKey

/** What Ctrl or Cmd does with a letter, by the letter and whether Shift is pressed too. */
const formats: Record<string, (writing: Writing) => TextChange> = {
  b: (writing) => toggleMark(writing, '**'),
  i: (writing) => toggleMark(writing, '*'),
  e: (writing) => (writing.text.slice(writing.start, writing.end).includes('\n') ? insertFence(writing) : toggleMark(writing, '`')),
  'shift+x': (writing) => toggleMark(writing, '~~'),
  'shift+c': insertFence,
}

/** The change that a key stands for: Ctrl+B makes bold, and so on. Null for any other key. */
export function findFormat(pressed: PressedKey, writing: Writing): TextChange | null {
  if (!hasCommandKey(pressed) || pressed.altKey) return null
  // On a keyboard with other letters, the place of the key counts.
  const letter = /^[a-z]$/i.test(pressed.key) ? pressed.key.toLowerCase() : pressed.code.replace(/^Key/, '').toLowerCase()
  return formats[`${pressed.shiftKey ? 'shift+' : ''}${letter}`]?.(writing) ?? null
}
