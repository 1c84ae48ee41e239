/** How texts and names are written: what a person can see of them. It imports nothing, so that the web app can check too. */

/** Spaces of every width. Line breaks are none of them. */
const spaces = /[\t\p{Zs}]+/gu
/**
 * What shows nothing by itself: spaces, controls, format characters, fillers, marks without a letter, and a few that only
 * their names tell of. Characters that this release of Unicode does not know may be visible.
 */
const unseen =
  /[\s\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{M}\p{Zs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\uFFFC\u{13441}\u{13442}\u{1D159}]+/gu

/** Whether a person sees anything of it. */
export const hasVisibleCharacter = (text: string): boolean => text.replace(unseen, '') !== ''

/** A message as it is stored: without blank lines around it and spaces at its end. Its indentation stays. */
export const cleanMessage = (text: string): string => text.trimEnd().replace(/^(?:[^\S\n\r\u2028\u2029]*(?:\r\n|[\n\r\u2028\u2029]))+/, '')

/** A name as it is stored: composed, with a plain space for each run of spaces, and none around it. */
export const cleanLine = (text: string): string => text.normalize('NFC').replace(spaces, ' ').trim()

const lineBreaks = /[\n\v\f\r\u0085\u2028\u2029]/
/** Emoji of several code points, also those that this release of Unicode does not know. */
const emojiSequences =
  /\u{1F3F4}\u{E0067}\u{E0062}(?:\u{E0065}\u{E006E}\u{E0067}|\u{E0073}\u{E0063}\u{E0074}|\u{E0077}\u{E006C}\u{E0073})\u{E007F}|[0-9#*]\uFE0F?\u20E3|\p{Extended_Pictographic}(?:[\uFE0E\uFE0F]|\p{Emoji_Modifier})?(?:\u200D\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?)*/gu
const joiningScripts = ['Arab', 'Syrc', 'Mand', 'Nkoo', 'Mong', 'Phag', 'Adlm', 'Rohg', 'Thaa']
const stackingScripts = ['Deva', 'Beng', 'Guru', 'Gujr', 'Orya', 'Taml', 'Telu', 'Knda', 'Mlym', 'Sinh', 'Mymr', 'Khmr', 'Tibt', 'Newa']
const anyOf = (scripts: string[]) => scripts.map((script) => `\\p{scx=${script}}`).join('')
/**
 * Invisible characters that change how a letter is written: joiners between the letters of scripts that join or stack them,
 * and variants of Han and Mongolian letters.
 */
const shapedLetters = new RegExp(
  `[${anyOf([...joiningScripts, ...stackingScripts])}][\\u200C\\u200D]|\\p{sc=Han}[\\uFE00-\\uFE0F\\u{E0100}-\\u{E01EF}]|\\p{sc=Mong}[\\u180B-\\u180F]`,
  'gu',
)
const invisible =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\uFFFC\u{13441}\u{13442}\u{1D159}]/u
/** As UTS #39 has it: more marks on one letter than any language writes, or the same one twice. */
const piledMarks = /[\p{Mn}\p{Me}]{5}|([\p{Mn}\p{Me}])\1/u

/** What is wrong with a name, after `cleanLine`; null when nothing is. An empty one is not wrong. */
export function findLineFault(line: string): string | null {
  if (line === '') return null
  if (lineBreaks.test(line)) return 'must be one line'
  if (invisible.test(line.replace(emojiSequences, '').replace(shapedLetters, ''))) return "can't have invisible characters"
  if (piledMarks.test(line.normalize('NFD'))) return 'has too many marks on one letter'
  return hasVisibleCharacter(line) ? null : 'must have a visible character'
}

// Compiled at its first use: browsers without the flag "v" could not even parse a literal.
const emojiSource = '^(?:\\p{RGI_Emoji}|\\p{Extended_Pictographic})$'
let emojiPattern: RegExp | undefined
/** Code points that are shown as plain text unless a variation selector follows. Digits are emoji only in keycaps. */
const textDefault =
  /((?![#*0-9])(?=\p{Emoji})(?!\p{Emoji_Presentation})\p{Extended_Pictographic})(?!\p{Emoji_Modifier})|([#*0-9])(?=\u20E3)/gu

/**
 * One emoji in the form in which it is stored, with its variation selectors, whether they were typed or not.
 * @example qualifyEmoji('\u2764') // "\u2764\uFE0F"
 * @returns null when it is not one emoji: a pictograph with its modifiers, a flag or a keycap
 */
export function qualifyEmoji(value: string): string | null {
  emojiPattern ??= new RegExp(emojiSource, 'v')
  const qualified = value.replace(/[\uFE0E\uFE0F]/g, '').replace(textDefault, '$&\uFE0F')
  return emojiPattern.test(qualified) ? qualified : null
}
