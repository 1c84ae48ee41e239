import type { ReactNode } from 'react'

const pictograph = '\\p{Extended_Pictographic}(?:\\uFE0F|\\p{Emoji_Modifier})?'
const tags = '[\\u{E0020}-\\u{E007F}]*'
/** Emoji, also those that are drawn as plain signs unless a variation selector follows. Not ©, ®, ™ and arrows. */
const emoji = `\\p{Regional_Indicator}{2}|[0-9#*]\\uFE0F?\\u20E3|(?![\\u00A9-\\u25FF\\u2900-\\u2BFF\\u3030-\\u3299](?!\\uFE0F)(?!\\p{Emoji_Presentation}))(?!\\p{Extended_Pictographic}\\uFE0E)${pictograph}${tags}(?:\\u200D${pictograph})*`
const emojiRun = new RegExp(`(?:${emoji})+`, 'gu')
const onlyEmoji = new RegExp(`^(?:\\s*(?:${emoji})){1,24}\\s*$`, 'u')
const mayHaveEmoji = /[\u2600-\u3299\u{1F000}-\u{1FAFF}]|\u20E3|\uFE0F/u

export const isOnlyEmoji = (text: string): boolean => text.length < 400 && mayHaveEmoji.test(text) && onlyEmoji.test(text)

/** Text whose emoji are in colour, whatever other fonts there are. */
export function EmojiText({ text }: { text: string }): ReactNode {
  if (!mayHaveEmoji.test(text)) return text
  const parts: ReactNode[] = []
  let from = 0
  for (const { index, 0: run } of text.matchAll(emojiRun)) {
    if (index > from) parts.push(text.slice(from, index))
    parts.push(
      <span key={index} className="emoji">
        {run}
      </span>,
    )
    from = index + run.length
  }
  if (from < text.length) parts.push(text.slice(from))
  return parts
}
