import type { KeyboardEvent, ReactNode } from 'react'
import type { RoomState } from '../../room-window'
import { useComposer } from '../composer-state'
import { useProvidedRoom } from '../room-provider'
import { useSelected } from '../selected'
import { joinClasses } from './class-names'

export interface ComposerProps {
  /** Any message of a thread, to write there. Default: the room */
  thread?: number
  /** What the field is called for those who do not see it. Default: "Message" */
  label?: string
  /** Default: "Write a message" */
  placeholder?: string
  /** What the button says. Default: "Send" */
  sendLabel?: string
  className?: string
}

const hasEnded = ({ state }: RoomState) => state === 'ended'

/**
 * A field to write in. Enter sends, Shift and Enter begin a new line, Escape takes an answer back. Keys that belong to an input
 * method send nothing. It tells the others that the person is typing, and keeps what is not sent when they look elsewhere.
 * @example <Composer placeholder="Say something nice" />
 */
export function Composer({
  thread,
  label = 'Message',
  placeholder = 'Write a message',
  sendLabel = 'Send',
  className,
}: ComposerProps): ReactNode {
  const { kept, readOnServer } = useProvidedRoom()
  const isDisabled = useSelected(kept?.handle.state ?? null, hasEnded, readOnServer)
  const { text, replyTo, isEmpty, setText, setReplyTo, send } = useComposer(thread === undefined ? {} : { thread })

  function submit() {
    if (!send() || thread !== undefined) return
    // Those who read elsewhere in the room see what they have sent.
    kept?.handle.openNewest().catch(() => {})
  }

  function onKeyDown(event: KeyboardEvent) {
    const { key, shiftKey, keyCode, nativeEvent } = event
    // 229: the key went to an input method, in browsers that end the composition before they report it.
    if (nativeEvent.isComposing || keyCode === 229) return
    if (key === 'Escape' && replyTo) setReplyTo(null)
    if (key !== 'Enter' || shiftKey) return
    event.preventDefault()
    submit()
  }

  return (
    <form
      className={joinClasses('roomline-composer', className)}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      {replyTo && (
        <p className="roomline-replying">
          <span>
            Replying to <bdi>{replyTo.author.displayName}</bdi>
          </span>
          <button type="button" aria-label="Don’t reply" onClick={() => setReplyTo(null)}>
            ×
          </button>
        </p>
      )}
      <textarea
        rows={1}
        dir="auto"
        enterKeyHint="send"
        aria-label={label}
        placeholder={placeholder}
        disabled={isDisabled}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <button type="submit" disabled={isDisabled || isEmpty}>
        {sendLabel}
      </button>
    </form>
  )
}
