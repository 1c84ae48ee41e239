import { type KeyboardEvent, type ReactNode, useCallback, useEffect, useMemo } from 'react'
import type { Chat, ChatRoom, Message, Room, RoomState } from '../../sdk'
import { useStore } from '../../sdk/react'
import type { Visitor } from '../account/visitor'
import { useArrival } from '../navigation'
import { FailureLine, useAct } from '../ui/act'
import { useCompletionSources } from './composer/completion-sources'
import { ComposerPanel } from './composer/composer-panel'
import type { Drafts } from './composer/drafts'
import { WritingPlaceProvider } from './composer/edit-in-place'
import { useMessageRights } from './message-rights'
import { useFirstUnread } from './messages/first-unread'
import { useGoal } from './messages/goal'
import { useMessageActing } from './messages/message-acting'
import { MessageActsProvider } from './messages/message-acts'
import { MessageList } from './messages/message-list'
import { createReadMarks } from './messages/read-marks'
import { RoomSkeleton } from './room-skeleton'

interface ConversationProps {
  client: Chat
  handle: ChatRoom
  state: Exclude<RoomState, { state: 'ended' }>
  /** The room in the person's list; undefined while it is not in it. */
  listed: Room | undefined
  name: string
  visitor: Visitor
  drafts: Drafts
  /** Usernames of the people who are typing. */
  typing?: readonly string[]
  onChooseDate(): void
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
  onChooseDate,
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
  const arrival = useArrival()
  const goal = useGoal(handle, timeline, isLive, arrival, run)
  const readMarks = useMemo(() => createReadMarks(handle), [handle])
  useEffect(() => readMarks.close, [readMarks])
  const firstUnread = useFirstUnread(isLive ? timeline : null, listed?.readSeq, me)
  const { set: setFirstUnread } = firstUnread

  const draft = useStore(useMemo(() => drafts.in(handle.id), [drafts, handle.id]))
  const hasReply = draft.reply !== null
  const hasEdit = draft.edit !== null

  const markUnread = useCallback(
    async (seq: number) => {
      await readMarks.markUnread(seq)
      setFirstUnread(seq)
    },
    [readMarks, setFirstUnread],
  )
  const { acts, dialog } = useMessageActing({ handle, drafts, me, rights, run, markUnread, openThread, place: handle.id })

  function toNewest() {
    readMarks.resume()
    goal.toNewest()
  }

  /** Escape, wherever it has nothing to close, leads to the newest message and to the composer. */
  function onKeyDown(event: KeyboardEvent) {
    const { defaultPrevented, key, nativeEvent, currentTarget, target } = event
    if (key !== 'Escape' || defaultPrevented || nativeEvent.isComposing || !currentTarget.contains(target as Element)) return
    if (hasReply || hasEdit) return
    toNewest()
    acts.focusComposer()
  }

  const sources = useCompletionSources({ client, room: handle.id, me })
  const writing = useMemo(() => ({ place: handle.id, client, drafts, handle, sources }), [client, handle, drafts, sources])

  return (
    <MessageActsProvider value={acts}>
      <WritingPlaceProvider value={writing}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the key counts wherever the focus is in it */}
        <div className="flex min-h-0 flex-1 flex-col" onKeyDown={onKeyDown}>
          {isLive && !goal.isFirstPending ? (
            <MessageList
              {...{ handle, timeline, visitor, readMarks, firstUnread, onChooseDate }}
              goal={goal.goal}
              entry={arrival?.entry ?? ''}
              onGo={acts.jumpTo}
              onFirst={goal.toFirst}
              onLast={goal.toLast}
              onNewest={toNewest}
              name={listed?.kind === 'direct' ? `your conversation with ${name}` : name}
              topic={listed?.topic ?? ''}
              listedReadSeq={listed?.readSeq}
            />
          ) : (
            <RoomSkeleton />
          )}
          <div className="mx-auto w-full max-w-(--measure) shrink-0 px-3 md:px-6">
            <FailureLine failure={failure} onDismiss={dismiss} />
          </div>
          {instead || (
            <ComposerPanel
              {...{ client, handle, timeline, listed, name, me, typing, drafts }}
              refusal={rights.refusal}
              onSent={toNewest}
              onLeave={onLeave}
              onJump={acts.jumpTo}
            />
          )}
        </div>
        {dialog}
      </WritingPlaceProvider>
    </MessageActsProvider>
  )
}
