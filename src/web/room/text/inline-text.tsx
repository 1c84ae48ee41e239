import clsx from 'clsx'
import { isMentioned, mentionedName, roomMention } from '../../../contract/markdown/names'
import type { Inline } from '../../../contract/markdown/tree'
import { PersonButton } from '../../people/person-button'
import { EmojiText } from './emoji-text'
import { RoomLink } from './room-link'
import { Spoiler } from './spoiler'
import { TextLink } from './text-link'

/** Whom a text is shown to. */
export interface Reader {
  /** The usernames that the message mentions, and "@room". */
  mentions: readonly string[]
  me: string
  /** Which message it is: what somebody opens in it stays open while it is out of sight. */
  message: string
}

export function InlineText({ inlines, reader }: { inlines: readonly Inline[]; reader: Reader }) {
  return inlines.map((inline, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other identity
    <InlinePart key={index} inline={inline} reader={reader} />
  ))
}

function InlinePart({ inline, reader }: { inline: Inline; reader: Reader }) {
  switch (inline.type) {
    case 'text':
      return <EmojiText text={inline.text} />
    case 'code':
      return <code className="inline-code">{inline.text}</code>
    case 'strong':
      return (
        <strong className="font-semibold">
          <InlineText inlines={inline.children} reader={reader} />
        </strong>
      )
    case 'emphasis':
      return (
        <em>
          <InlineText inlines={inline.children} reader={reader} />
        </em>
      )
    case 'strike':
      return (
        <s>
          <InlineText inlines={inline.children} reader={reader} />
        </s>
      )
    case 'spoiler':
      return (
        <Spoiler inlines={inline.children} message={reader.message}>
          <InlineText inlines={inline.children} reader={reader} />
        </Spoiler>
      )
    case 'link':
      return (
        <TextLink link={inline}>
          <InlineText inlines={inline.children} reader={reader} />
        </TextLink>
      )
    case 'room':
      return <RoomLink slug={inline.slug} text={inline.text} />
    case 'mention':
      return <Mention mention={inline} reader={reader} />
  }
}

function Mention({ mention, reader }: { mention: Extract<Inline, { type: 'mention' }>; reader: Reader }) {
  const meant = mentionedName(mention, reader.mentions)
  if (!meant) return mention.text
  const mark = (
    <mark
      className={clsx(
        'rounded-s px-1 py-px',
        isMentioned(reader.me, [meant.name]) ? 'bg-spark font-semibold text-on-spark' : 'bg-accent-soft font-medium text-accent',
      )}
    >
      {mention.text.slice(0, meant.length)}
    </mark>
  )
  return (
    <>
      {meant.name === roomMention ? mark : <PersonButton person={{ username: meant.name, displayName: meant.name }}>{mark}</PersonButton>}
      {mention.text.slice(meant.length)}
    </>
  )
}
