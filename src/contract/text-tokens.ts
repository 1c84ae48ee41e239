import { limits } from './rules'

/** A part of a message's text. The `text` of all parts, one after the other, is the whole text. */
export type TextToken =
  | { type: 'plain'; text: string }
  | { type: 'link'; text: string; url: string }
  /** `name` is a username, or "@room" for everybody in the room. */
  | { type: 'mention'; text: string; name: string }

/** The mention of everybody in a room, as `Message.mentions` has it. */
export const roomMention = '@room'

// Not after a letter, digit or another @, so that no email address mentions anybody.
const boundary = '(?<![\\p{L}\\p{N}_.@-])'
// Only http and https: a link must not run anything. Browsers take an ideographic full stop for a dot, so a link ends
// before it and its like, or the next sentence would become part of the host name.
const linkSource = '(?<link>https?://[^\\s<>"“”«»`。，！？、；：（）「」『』【】《》〈〉]+)'
const mentionSource = `${boundary}@(?<name>[a-z0-9_.-]{2,32})`
const linkOrMention = new RegExp(`${linkSource}|${mentionSource}`, 'giu')
const mentionBeingTyped = new RegExp(`${boundary}@(?<query>[\\p{L}\\p{N}_.-]{0,32})$`, 'u')
const code = /(?<!`)(?:(`{1,2})(?!`)[^\n]*?[^`\n]\1|(`{3,})(?!`)[\s\S]*?[^`]\2)(?!`)/g

/**
 * The usernames that a text mentions, in lowercase, and "@room". Whether they are members of the room is not known here.
 * "@ada." may mean "ada." or, at the end of a sentence, "ada": both are returned.
 */
export function findMentions(text: string): string[] {
  if (!text.includes('@')) return []
  const found = new Set<string>()
  for (const part of readParts(text)) {
    if (part.type === 'link') continue
    for (const name of part.names) found.add(name)
    if (found.size >= limits.mentionsPerMessage) break
  }
  return [...found]
}

/**
 * Splits a text into links, mentions and the plain text between them.
 * @param mentions the names that the server took for mentions, as `Message.mentions` has them
 * @example splitText('Hi @ada.', ['ada']) // plain "Hi ", mention "@ada", plain "."
 */
export function splitText(text: string, mentions: readonly string[]): TextToken[] {
  const tokens: TextToken[] = []
  let from = 0
  const add = (token: TextToken, start: number) => {
    if (start > from) tokens.push({ type: 'plain', text: text.slice(from, start) })
    tokens.push(token)
    from = start + token.text.length
  }
  for (const part of readParts(text)) {
    if (part.type === 'link') add({ type: 'link', text: part.url, url: part.url }, part.start)
    else {
      const name = part.names.find((candidate) => mentions.includes(candidate))
      if (name) add({ type: 'mention', text: text.slice(part.start, part.start + withAt(name).length), name }, part.start)
    }
  }
  if (from < text.length) tokens.push({ type: 'plain', text: text.slice(from) })
  return tokens
}

/** Whether a message mentions this person, by name or as everybody. */
export const isMentioned = (username: string, mentions: readonly string[]): boolean =>
  mentions.includes(username) || mentions.includes(roomMention)

/** Whether a text has something that is shown as a link. */
export const hasLink = (text: string): boolean => /https?:/i.test(text) && [...readParts(text)].some(({ type }) => type === 'link')

/** Whether a text has code between backquotes. */
export const hasCode = (text: string): boolean => text.search(code) >= 0

/** The name that somebody is typing after an @: `query` is what follows the @, `at` where the @ is. Null outside a mention. */
export function findMentionBeingTyped(textBeforeCaret: string): { query: string; at: number } | null {
  const match = mentionBeingTyped.exec(textBeforeCaret)
  if (!match) return null
  const isInLink = [...readParts(textBeforeCaret)].some((part) => part.type === 'link' && part.start + part.url.length > match.index)
  return isInLink ? null : { query: match.groups?.query ?? '', at: match.index }
}

type Part =
  | { type: 'link'; start: number; url: string }
  /** `names` are what the text after the @ may mean, the longest first. */
  | { type: 'mention'; start: number; names: string[] }

/** The links of a text, and its mentions outside of links and code. */
function* readParts(text: string): Generator<Part> {
  const codes = [...text.matchAll(code)].map((match) => ({ start: match.index, end: match.index + match[0].length }))
  const toMention = ({ index: start, groups }: RegExpExecArray): Part[] =>
    codes.some((span) => span.start < start && start < span.end) ? [] : [{ type: 'mention', start, names: readNames(groups?.name ?? '') }]
  const pattern = new RegExp(linkOrMention)
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const { index: start } = match
    const link = match.groups?.link
    if (link === undefined) {
      yield* toMention(match)
      continue
    }
    const url = withoutSentenceEnd(link)
    if (URL.canParse(url)) {
      yield { type: 'link', start, url }
      pattern.lastIndex = start + url.length
      continue
    }
    // It may have mentions all the same. It is not searched for links again: thousands may seem to begin in it.
    const tried = text.slice(0, start + link.length)
    const mentions = new RegExp(mentionSource, 'giu')
    mentions.lastIndex = start
    for (let found = mentions.exec(tried); found; found = mentions.exec(tried)) yield* toMention(found)
  }
}

function readNames(written: string): string[] {
  const name = written.toLowerCase()
  return [...new Set([name, name.replace(/[.-]+$/, '')])]
    .filter((candidate) => candidate.length >= limits.username.min)
    .map((candidate) => (withAt(candidate) === roomMention ? roomMention : candidate))
}

const withAt = (name: string) => (name.startsWith('@') ? name : `@${name}`)

const openers: Record<string, string> = { ')': '(', ']': '[', '}': '{' }
const brackets = /[()[\]{}]/g
const sentenceEnd = /[.,;:!?'’…*_~|]/

/** Punctuation after an address belongs to the sentence, and so does a bracket that was opened before the address. */
function withoutSentenceEnd(url: string): string {
  // Counted once: an address may end in thousands of brackets.
  const counts: Record<string, number> = {}
  for (const [bracket] of url.matchAll(brackets)) counts[bracket] = (counts[bracket] ?? 0) + 1
  let end = url.length
  for (; end > 0; end--) {
    const last = url.charAt(end - 1)
    const opener = openers[last]
    const closed = counts[last] ?? 0
    if (opener ? closed <= (counts[opener] ?? 0) : !sentenceEnd.test(last)) break
    if (opener) counts[last] = closed - 1
  }
  return url.slice(0, end)
}
