/** A message in one line, as it reads without its formatting: for quotes, lists, notifications and titles. */
export function plainText(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
