import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from 'react'
import { type ChatClient, type Message, type Room, type RoomHandle, type RoomState, readFailure } from '../../sdk'
import type { Visitor } from '../account/visitor'
import { ActRefusal } from './act-refusal'
import type { Drafts } from './drafts'
import { useFirstUnread } from './first-unread'
import { useJump } from './jump'
import { type MessageActs, MessageActsProvider } from './message-acts'
import { MessageList } from './message-list'
import { createReadMarks } from './read-marks'
import { RoomSkeleton } from './room-skeleton'
import { useStanding } from './standing'
import type { Writing } from './writing'
import { WritingDesk } from './writing-desk'

const RemoveMessage = lazy(() => import('./remove-message'))

interface ConversationProps {
  client: ChatClient
  handle: RoomHandle
  state: Exclude<RoomState, { state: 'ended' }>
  /** As it is in the person's list; undefined when it is not there, or not yet. */
  listed: Room | undefined
  name: string
  visitor: Visitor
  drafts: Drafts
  /** Usernames of who is writing. */
  typing?: readonly string[]
  /** Stands where one would write, with a way on from why one cannot. */
  instead?: ReactNode
}

const nobody: readonly string[] = []

/** What is said in a room, and what its reader says and does there. One for each time that the room is shown. */
export function Conversation({ client, handle, state, listed, name, visitor, drafts, typing = nobody, instead }: ConversationProps) {
  const { timeline } = state
  const me = visitor.username
  const isLive = state.state === 'live'
  const standing = useStanding(listed, timeline.messages)
  const [writing, setWriting] = useState<Writing>({ mode: 'new' })
  const [removing, setRemoving] = useState<Message | null>(null)
  const [refusal, setRefusal] = useState<string | null>(null)
  const jump = useJump(handle, setRefusal)
  const readMarks = useMemo(() => createReadMarks(handle), [handle])
  useEffect(() => readMarks.close, [readMarks])
  const firstUnread = useFirstUnread(isLive ? timeline.messages : null, listed?.readSeq, me)
  const { set: setFirstUnread } = firstUnread

  const { mayAct, mayRemoveOwn, mayRemoveAny } = standing
  const mayWrite = standing.refusal === null
  const jumpTo = jump.to
  const acts = useMemo((): MessageActs => {
    const attempt = (act: Promise<unknown>) => {
      setRefusal(null)
      act.catch((error: unknown) => setRefusal(readFailure(error).words))
    }
    return {
      ...{ me, mayWrite, mayAct, mayRemoveOwn, mayRemoveAny, jumpTo },
      reply: (to) => setWriting({ mode: 'reply', to }),
      edit: (message) => setWriting({ mode: 'edit', message }),
      remove: setRemoving,
      toggleReaction: ({ seq, reactions }, emoji) => {
        const isThere = reactions.find((reaction) => reaction.emoji === emoji)?.usernames.includes(me)
        attempt(isThere ? handle.unreact(seq, emoji) : handle.react(seq, emoji))
      },
      markUnread: ({ seq }) => attempt(readMarks.markUnread(seq).then(() => setFirstUnread(seq))),
    }
  }, [handle, readMarks, setFirstUnread, me, mayWrite, mayAct, mayRemoveOwn, mayRemoveAny, jumpTo])

  return (
    <MessageActsProvider value={acts}>
      {isLive ? (
        <MessageList
          {...{ handle, timeline, visitor, readMarks, firstUnread, jump }}
          name={listed?.kind === 'direct' ? `your talk with ${name}` : name}
          topic={listed?.topic ?? ''}
          listedReadSeq={listed?.readSeq}
        />
      ) : (
        <RoomSkeleton />
      )}
      {refusal && <ActRefusal words={refusal} onDismiss={() => setRefusal(null)} />}
      {instead || (
        <WritingDesk
          {...{ client, handle, timeline, listed, name, me, typing, drafts, writing }}
          refusal={standing.refusal}
          onWriting={setWriting}
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
