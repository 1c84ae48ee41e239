import { memo, type ReactNode, useSyncExternalStore } from 'react'
import type { Message } from '../../../contract/message'
import type { Unsent } from '../../outbox-storage'
import { describeRoomLine } from './room-line-words'

interface ListedMessageProps {
  message: Message
  /** The person's username; undefined until it is known. */
  me: string | undefined
  /** Whether it follows another message of its author. */
  isGrouped: boolean
  render?: ((message: Message) => ReactNode) | undefined
  onReply(message: Message): void
}

/** Renders again only when the message has changed. */
export const ListedMessage = memo(function ListedMessage({ message, me, isGrouped, render, onReply }: ListedMessageProps) {
  const { seq, kind, author, text, time, replyTo, reactions, editedAt, deletedAt } = message
  const data = { 'data-seq': seq, 'data-kind': kind, 'data-own': author.username === me, 'data-grouped': isGrouped }
  if (render) return <li {...data}>{render(message)}</li>
  if (kind !== 'text') {
    return (
      <li className="roomline-line" {...data}>
        {describeRoomLine(message, me ?? '').map((part, index) =>
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line have no other identity
          typeof part === 'string' ? part : <bdi key={index}>{'person' in part ? part.person : part.quoted}</bdi>,
        )}
      </li>
    )
  }
  return (
    <li className="roomline-message" {...data}>
      <p className="roomline-author">
        <bdi>{author.displayName}</bdi> <LocalTime time={time} />
      </p>
      {replyTo && (
        <blockquote className="roomline-quote" dir="auto">
          <bdi>{replyTo.author.displayName}</bdi> {replyTo.text || 'This message was removed.'}
        </blockquote>
      )}
      <p className="roomline-text" dir="auto" data-removed={deletedAt !== null}>
        {deletedAt === null ? text : 'This message was removed.'}
        {editedAt !== null && deletedAt === null && <small> (edited)</small>}
      </p>
      {reactions.length > 0 && (
        <ul className="roomline-reactions" aria-label="Reactions">
          {reactions.map(({ emoji, count }) => (
            <li key={emoji}>
              {emoji} {count}
            </li>
          ))}
        </ul>
      )}
      {deletedAt === null && (
        <button type="button" className="roomline-reply" aria-label={`Reply to ${author.displayName}`} onClick={() => onReply(message)}>
          Reply
        </button>
      )}
    </li>
  )
})

interface ListedUnsentProps {
  unsent: Unsent
  onRetry(clientId: string): void
  onDiscard(clientId: string): void
}

/** A message of the person's own that the server has not acknowledged. */
export function ListedUnsent({ unsent, onRetry, onDiscard }: ListedUnsentProps): ReactNode {
  const { clientId, text, state } = unsent
  return (
    <li className="roomline-message" data-own data-unsent={state}>
      <p className="roomline-text" dir="auto">
        {text}
      </p>
      {state === 'failed' && (
        <p className="roomline-failure" role="alert">
          {unsent.reason.words}{' '}
          <button type="button" onClick={() => onRetry(clientId)}>
            Send again
          </button>{' '}
          <button type="button" onClick={() => onDiscard(clientId)}>
            Delete
          </button>
        </p>
      )}
    </li>
  )
}

/** The time where the reader is. A server does not know it: its HTML leaves it empty. */
function LocalTime({ time }: { time: string }) {
  const isLocal = useSyncExternalStore(neverChanges, isHere, isElsewhere)
  return <time dateTime={time}>{isLocal && new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}</time>
}

const neverChanges = () => () => {}
const isHere = () => true
const isElsewhere = () => false
