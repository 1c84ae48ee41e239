export type TextPart = string | { url: string }

const candidate = /https?:\/\/[^\s<>"“”«»]+/giu
const closers: Record<string, string> = { ')': '(', ']': '[', '}': '{' }

/** Cuts a text into what is plain and what is a web address. Only http and https: nothing that could run. */
export function splitLinks(text: string): TextPart[] {
  const parts: TextPart[] = []
  let from = 0
  for (const match of text.matchAll(candidate)) {
    const url = withoutSentenceEnd(match[0])
    if (!URL.canParse(url)) continue
    if (match.index > from) parts.push(text.slice(from, match.index))
    parts.push({ url })
    from = match.index + url.length
  }
  if (from < text.length) parts.push(text.slice(from))
  return parts
}

/** The full stop after an address belongs to the sentence, and so does a bracket that was opened before it. */
function withoutSentenceEnd(url: string): string {
  let end = url.length
  for (; end > 0; end--) {
    const last = url.charAt(end - 1)
    const opener = closers[last]
    const before = url.slice(0, end)
    if (opener ? before.split(last).length <= before.split(opener).length : !/[.,;:!?'’…*_~|。，！？、]/u.test(last)) break
  }
  return url.slice(0, end)
}
