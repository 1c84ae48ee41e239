/** As the server finds them: see server/chat/mentions. */
const mention = /(?<![\p{L}\p{N}_.@-])@([a-z0-9_.-]{2,32})/giu
/** What stands before the caret while a name is being typed. */
const beginning = /(?<![\p{L}\p{N}_.@-])@([\p{L}\p{N}_.-]{0,32})$/u

export type MentionPart = string | { text: string; name: string }

/** Cuts a text into what is plain and the names in it that the server took for mentions. */
export function splitMentions(text: string, mentions: readonly string[]): MentionPart[] {
  const parts: MentionPart[] = []
  let from = 0
  for (const match of text.matchAll(mention)) {
    const name = findMentioned(match[1] ?? '', mentions)
    if (!name) continue
    const end = match.index + 1 + (name === '@room' ? 'room' : name).length
    if (match.index > from) parts.push(text.slice(from, match.index))
    parts.push({ text: text.slice(match.index, end), name })
    from = end
  }
  if (from < text.length) parts.push(text.slice(from))
  return parts
}

/** "@ada." may be ada with a full stop after her, and somebody whose name ends in one. */
function findMentioned(written: string, mentions: readonly string[]): string | undefined {
  const folded = written.toLowerCase()
  if (folded === 'room') return mentions.includes('@room') ? '@room' : undefined
  return [folded, folded.replace(/[.-]+$/, '')].find((name) => mentions.includes(name))
}

/** Whether a message is meant for this person, by name or as everybody. */
export const isMentioned = (username: string, mentions: readonly string[]) => mentions.includes(username) || mentions.includes('@room')

/** The name that is being typed at the end of this text: what stands after its @, and where the @ is. */
export function findNameBeingTyped(textBeforeCaret: string): { query: string; at: number } | null {
  const match = beginning.exec(textBeforeCaret)
  return match && { query: match[1] ?? '', at: match.index }
}
