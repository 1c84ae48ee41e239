import { type ReactNode, useCallback, useEffect, useMemo } from 'react'
import type { ChatClient, Message, Room, RoomHandle, RoomState } from '../../sdk'
import type { Visitor } from '../account/visitor'
import { useArrival } from '../navigation'
import { FailureLine, useAct } from '../ui/act'
import { useCompletionSources } from './composer/completion-sources'
import { ComposerPanel } from './composer/composer-panel'
import type { Drafts } from './composer/drafts'
import { WritingPlaceProvider } from './composer/edit-in-place'
import { useMessageRights } from './message-rights'
import { useFirstUnread } from './messages/first-unread'
import { useJump } from './messages/jump'
import { useMessageActing } from './messages/message-acting'
import { MessageActsProvider } from './messages/message-acts'
import { MessageList } from './messages/message-list'
import { createReadMarks } from './messages/read-marks'
import { RoomSkeleton } from './room-skeleton'

interface ConversationProps {
  client: ChatClient
  handle: RoomHandle
  state: Exclude<RoomState, { state: 'ended' }>
  /** The room in the person's list; undefined while it is not in it. */
  listed: Room | undefined
  name: string
  visitor: Visitor
  drafts: Drafts
  /** Usernames of the people who are typing. */
  typing?: readonly string[]
  openThread(message: Message): void
  /** Shown in place of the composer. */
  instead?: ReactNode
  onLeave(): void
}

const nobody: readonly string[] = []

/** A room's messages, and the composer below them. Mounted anew each time the room is shown. */
export function Conversation({
  client,
  handle,
  state,
  listed,
  name,
  visitor,
  drafts,
  typing = nobody,
  openThread,
  instead,
  onLeave,
}: ConversationProps) {
  const { timeline } = state
  const me = visitor.username
  const isLive = state.state === 'live'
  const rights = useMessageRights(listed, timeline.messages)
  // Concurrent, so that one can react to several messages in a row without waiting.
  const { failure, run, dismiss } = useAct({ concurrent: true })
  const jump = useJump(handle, run)
  const readMarks = useMemo(() => createReadMarks(handle), [handle])
  useEffect(() => readMarks.close, [readMarks])
  const firstUnread = useFirstUnread(isLive ? timeline.messages : null, listed?.readSeq, me)
  const { set: setFirstUnread } = firstUnread

  const { to: jumpTo } = jump
  const arrival = useArrival()
  useEffect(() => {
    if (isLive && arrival?.room === handle.room && arrival.seq !== null) jumpTo(arrival.seq)
  }, [isLive, arrival, handle, jumpTo])

  const markUnread = useCallback(
    async (seq: number) => {
      await readMarks.markUnread(seq)
      setFirstUnread(seq)
    },
    [readMarks, setFirstUnread],
  )
  const { acts, dialog } = useMessageActing({ handle, drafts, me, rights, run, markUnread, openThread, place: handle.room })

  const sources = useCompletionSources({ client, room: handle.room, me })
  const writing = useMemo(() => ({ place: handle.room, client, drafts, handle, sources }), [client, handle, drafts, sources])

  return (
    <MessageActsProvider value={acts}>
      <WritingPlaceProvider value={writing}>
        {isLive ? (
          <MessageList
            {...{ handle, timeline, visitor, readMarks, firstUnread, jump }}
            name={listed?.kind === 'direct' ? `your conversation with ${name}` : name}
            topic={listed?.topic ?? ''}
            listedReadSeq={listed?.readSeq}
          />
        ) : (
          <RoomSkeleton />
        )}
        <FailureLine failure={failure} onDismiss={dismiss} className="mx-3 shrink-0 md:mx-6" />
        {instead || (
          <ComposerPanel
            {...{ client, handle, timeline, listed, name, me, typing, drafts }}
            refusal={rights.refusal}
            onSent={readMarks.resume}
            onLeave={onLeave}
            onJump={acts.jumpTo}
          />
        )}
        {dialog}
      </WritingPlaceProvider>
    </MessageActsProvider>
  )
}
