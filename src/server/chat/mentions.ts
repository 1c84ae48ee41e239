const mention = /(?<![\p{L}\p{N}_.@-])@([a-z0-9_.-]{2,32})/giu
const mostMentions = 50

/** The usernames after an @ in a text, folded, and "@room": whether they are in the room is for the store to say. */
export function findMentions(text: string): string[] {
  const names = new Set<string>()
  for (const [, name = ''] of text.matchAll(mention)) {
    const folded = name.toLowerCase()
    if (folded === 'room') names.add('@room')
    else {
      names.add(folded)
      // "Ask @ada." means ada, and not a person whose name ends in a full stop.
      names.add(folded.replace(/[.-]+$/, ''))
    }
    if (names.size >= mostMentions) break
  }
  return [...names].filter((name) => name.length >= 2)
}
