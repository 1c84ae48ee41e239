import { limits } from '../rules'
import type { Inline, MentionedName } from './tree'

/** The mention of everybody in a room, as `Message.mentions` has it. */
export const roomMention = '@room'

/** The name that a mention means, of those that a message mentions. */
export const mentionedName = ({ names }: Extract<Inline, { type: 'mention' }>, mentions: readonly string[]) =>
  names.find(({ name }) => mentions.includes(name)) ?? null

/** Whether a message mentions this person, by name or as everybody. */
export const isMentioned = (username: string, mentions: readonly string[]): boolean =>
  mentions.includes(username) || mentions.includes(roomMention)

const at = '[@\\uFF20]'
// Letters and digits of full width, and the full-width _ . -
const nameCharacter = '[A-Za-z0-9_.\\uFF3F\\uFF0E\\uFF0D\\uFF10-\\uFF19\\uFF21-\\uFF3A\\uFF41-\\uFF5A-]'
/** Letters of scripts that put no spaces between words: a mention may follow them. */
const unspacedScripts =
  '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Hangul}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}\\u30FC'
/** Not after a letter, digit or another @, so that no email address mentions anybody, nor after "first.last-". */
const boundary = `(?<![@\\uFF20])(?<!(?![${unspacedScripts}])[\\p{L}\\p{N}\\p{M}][_-]{0,4}\\.?[_-]{0,4})`
const slug = '[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}]*(?:-[\\p{L}\\p{M}\\p{N}]+)*'
const mentionOrRoom = new RegExp(
  `${boundary}${at}(?<name>${nameCharacter}{2,64})|(?<![\\p{L}\\p{M}\\p{N}_#&/.-])#(?<slug>${slug})(?![#\\p{L}\\p{N}])`,
  'gu',
)
const beingTyped = new RegExp(`${boundary}${at}(?<query>[\\p{L}\\p{M}\\p{N}_.-]{0,32})$`, 'u')

/** Text with its mentions and names of rooms. `before` is the character in front of it. */
export function splitNames(text: string, before = ''): Inline[] {
  if (!/[@\uFF20#]/.test(text)) return [{ type: 'text', text }]
  // A mark of formatting in front of a mention does not belong to a word.
  const shift = /[\p{L}\p{N}@\uFF20#]/u.test(before) ? before : ''
  const whole = shift + text
  const inlines: Inline[] = []
  let from = shift.length
  const add = (inline: Inline & { text: string }, start: number) => {
    if (start > from) inlines.push({ type: 'text', text: whole.slice(from, start) })
    inlines.push(inline)
    from = start + inline.text.length
  }
  for (const { index, groups } of whole.matchAll(mentionOrRoom)) {
    const { name, slug: written } = groups ?? {}
    if (name !== undefined) {
      const names = readNames(name)
      const [longest] = names
      if (longest) add({ type: 'mention', text: whole.slice(index, index + longest.length), names }, index)
    } else if (written !== undefined) add({ type: 'room', text: `#${written}`, slug: written.toLowerCase() }, index)
  }
  if (from < whole.length) inlines.push({ type: 'text', text: whole.slice(from) })
  return inlines
}

/**
 * What the text after an @ may mean, the longest first: "ada.-" may be "ada.-" or "ada", "ada-san" or "ada". No name ends
 * within a word.
 */
function readNames(written: string): MentionedName[] {
  const folded = toHalfWidth(written).toLowerCase()
  const lengths = new Set<number>()
  if (folded.length <= limits.username.max) lengths.add(folded.length)
  for (let end = Math.min(folded.length, limits.username.max); end > 0; end--) {
    const rest = folded.slice(end)
    // Before "." and "-", or before nothing but underscores.
    if (/^(?:[.-]|_+(?:[.-]|$))/.test(rest)) lengths.add(end)
  }
  const names = [...lengths]
    .filter((length) => length >= limits.username.min)
    .sort((a, b) => b - a)
    .map((length) => ({ name: folded.slice(0, length), length: length + 1 }))
    .map(({ name, length }) => ({ name: name === 'room' ? roomMention : name, length }))
  // "@room-service" is not everybody.
  const usable = /^room[-_]/.test(folded) ? names.filter(({ name }) => name !== roomMention) : names
  return usable.length <= maxReadings ? usable : [...usable.slice(0, maxReadings - 1), ...usable.slice(-1)]
}

const toHalfWidth = (text: string) => text.replace(/[\uFF01-\uFF5E]/g, (character) => String.fromCharCode(character.charCodeAt(0) - 0xfee0))

/** "@a.b.c.d…" may mean very many people. */
const maxReadings = 8

/** The name after an @ at the end of a text, and where the @ is. */
export function findNameBeingTyped(textBeforeCaret: string): { query: string; at: number } | null {
  const match = beingTyped.exec(textBeforeCaret)
  return match && { query: toHalfWidth(match.groups?.query ?? ''), at: match.index }
}
