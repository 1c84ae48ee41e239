import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from 'react'
import type { ChatClient, Message, Room, RoomHandle, RoomState } from '../../sdk'
import type { Visitor } from '../account/visitor'
import { goToMessage, useArrival } from '../navigation'
import { FailureLine, useAct } from '../ui/act'
import { quoteOf } from './composer/composer-mode'
import { ComposerPanel } from './composer/composer-panel'
import type { Drafts } from './composer/drafts'
import { useMessageRights } from './message-rights'
import { useFirstUnread } from './messages/first-unread'
import { useJump } from './messages/jump'
import { type MessageActs, MessageActsProvider } from './messages/message-acts'
import { MessageList } from './messages/message-list'
import { createReadMarks } from './messages/read-marks'
import { RoomSkeleton } from './room-skeleton'

const RemoveMessage = lazy(() => import('./messages/remove-message'))

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
  /** Shown in place of the composer. */
  instead?: ReactNode
}

const nobody: readonly string[] = []

/** A room's messages, and the composer below them. Mounted anew each time the room is shown. */
export function Conversation({ client, handle, state, listed, name, visitor, drafts, typing = nobody, instead }: ConversationProps) {
  const { timeline } = state
  const me = visitor.username
  const isLive = state.state === 'live'
  const rights = useMessageRights(listed, timeline.messages)
  const [removing, setRemoving] = useState<Message | null>(null)
  // Concurrent, so that one can react to several messages in a row without waiting.
  const { failure, run, dismiss } = useAct({ concurrent: true })
  const jump = useJump(handle, run)
  const readMarks = useMemo(() => createReadMarks(handle), [handle])
  useEffect(() => readMarks.close, [readMarks])
  const firstUnread = useFirstUnread(isLive ? timeline.messages : null, listed?.readSeq, me)
  const { set: setFirstUnread } = firstUnread

  const { mayAct, mayRemoveOwn, mayRemoveAny } = rights
  const mayWrite = rights.refusal === null
  const { to: jumpTo } = jump
  const arrival = useArrival()
  useEffect(() => {
    if (isLive && arrival?.room === handle.room && arrival.seq !== null) jumpTo(arrival.seq)
  }, [isLive, arrival, handle, jumpTo])

  const acts = useMemo(
    (): MessageActs => ({
      ...{ me, mayWrite, mayAct, mayRemoveOwn, mayRemoveAny },
      jumpTo: (seq) => goToMessage(handle.room, seq),
      reply: (to) => drafts.update(handle.room, { reply: quoteOf(to) }),
      edit: ({ seq, text }) => drafts.update(handle.room, { edit: { seq, from: text, text } }),
      remove: setRemoving,
      toggleReaction: ({ seq, reactions }, emoji) => {
        const isThere = reactions.find((reaction) => reaction.emoji === emoji)?.usernames.includes(me)
        void run(() => (isThere ? handle.unreact(seq, emoji) : handle.react(seq, emoji)))
      },
      markUnread: ({ seq }) =>
        void run(async () => {
          await readMarks.markUnread(seq)
          setFirstUnread(seq)
        }),
    }),
    [handle, drafts, run, readMarks, setFirstUnread, me, mayWrite, mayAct, mayRemoveOwn, mayRemoveAny],
  )

  return (
    <MessageActsProvider value={acts}>
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
        />
      )}
      <Suspense>
        {removing && (
          <RemoveMessage handle={handle} message={removing} isOwn={removing.author.username === me} onClose={() => setRemoving(null)} />
        )}
      </Suspense>
    </MessageActsProvider>
  )
}
