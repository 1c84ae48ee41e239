import { CircleAlert, X } from 'lucide-react'
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from 'react'
import { type ChatClient, type Message, type Room, type RoomHandle, type RoomState, readFailure } from '../../sdk'
import type { Visitor } from '../account/visitor'
import { IconButton } from '../ui/button'
import type { ComposerMode } from './composer/composer-mode'
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
  const rights = useMessageRights(listed, timeline.messages)
  const [mode, setMode] = useState<ComposerMode>({ kind: 'new' })
  const [removing, setRemoving] = useState<Message | null>(null)
  const [refusal, setRefusal] = useState<string | null>(null)
  const jump = useJump(handle, setRefusal)
  const readMarks = useMemo(() => createReadMarks(handle), [handle])
  useEffect(() => readMarks.close, [readMarks])
  const firstUnread = useFirstUnread(isLive ? timeline.messages : null, listed?.readSeq, me)
  const { set: setFirstUnread } = firstUnread

  const { mayAct, mayRemoveOwn, mayRemoveAny } = rights
  const mayWrite = rights.refusal === null
  const jumpTo = jump.to
  const acts = useMemo((): MessageActs => {
    const attempt = (act: Promise<unknown>) => {
      setRefusal(null)
      act.catch((error: unknown) => setRefusal(readFailure(error).words))
    }
    return {
      ...{ me, mayWrite, mayAct, mayRemoveOwn, mayRemoveAny, jumpTo },
      reply: (to) => setMode({ kind: 'reply', to }),
      edit: (message) => setMode({ kind: 'edit', message }),
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
        <ComposerPanel
          {...{ client, handle, timeline, listed, name, me, typing, drafts, mode }}
          refusal={rights.refusal}
          onMode={setMode}
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

/** Why the last thing that was tried with a message did not happen. */
export function ActRefusal({ words, onDismiss }: { words: string; onDismiss(): void }) {
  return (
    <div
      role="alert"
      className="mx-3 flex shrink-0 items-center gap-2 rounded-m bg-danger-soft py-0.5 pr-1 pl-3 text-danger text-sm md:mx-6"
    >
      <CircleAlert aria-hidden="true" className="size-4 shrink-0" />
      <span className="flex-1">{words}</span>
      <IconButton label="Dismiss" onClick={onDismiss}>
        <X />
      </IconButton>
    </div>
  )
}
