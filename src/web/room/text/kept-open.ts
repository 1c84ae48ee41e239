/** What somebody opened in messages, by its text: a list that draws only what is on the screen forgets its state. */
const opened = new Set<string>()
const maxKept = 500

export const isKeptOpen = (what: string): boolean => opened.has(what)

export function keepOpen(what: string, isOpen: boolean): void {
  opened.delete(what)
  if (isOpen) opened.add(what)
  for (const oldest of opened) {
    if (opened.size <= maxKept) break
    opened.delete(oldest)
  }
}
