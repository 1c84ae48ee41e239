import { lazy, type ReactNode, Suspense, useMemo, useState } from 'react'
import type { ChatRoom, Message } from '../../../sdk'
import { quoteOf } from '../../../sdk/quotes'
import { goToMessage } from '../../navigation'
import type { Act } from '../../ui/act'
import type { Drafts } from '../composer/drafts'
import { openEdit } from '../composer/edit-in-place'
import type { MessageRights } from '../message-rights'
import type { MessageActs } from './message-acts'

const RemoveMessage = lazy(() => import('./remove-message'))

/** The id of the composer of a place. Rooms' ids have no slash. */
export const composerIdOf = (place: string) => (place.includes('/') ? 'thread-composer' : 'composer')

interface MessageActingOptions {
  handle: ChatRoom
  drafts: Drafts
  /** Where replies and edits are written: the room, or one of its threads. */
  place: string
  me: string
  rights: MessageRights
  /** Runs a call, and shows why it failed. */
  run: Act['run']
  markUnread(seq: number): Promise<unknown>
  openThread: ((message: Message) => void) | null
  /** Called when a message of the room is about to be shown. */
  onJump?(): void
}

interface MessageActing {
  acts: MessageActs
  /** Asks before a message is removed. */
  dialog: ReactNode
}

/** What the viewer can do with the messages of a room or thread. The functions given must stay the same. */
export function useMessageActing({
  handle,
  drafts,
  place,
  me,
  rights,
  run,
  markUnread,
  openThread,
  onJump,
}: MessageActingOptions): MessageActing {
  const [removing, setRemoving] = useState<Message | null>(null)
  const { mayAct, mayRemoveOwn, mayRemoveAny } = rights
  const mayWrite = rights.refusal === null
  const acts = useMemo(
    (): MessageActs => ({
      ...{ me, mayWrite, mayAct, mayRemoveOwn, mayRemoveAny, openThread },
      jumpTo: (seq) => {
        onJump?.()
        goToMessage(handle.id, seq)
      },
      focusComposer: () => document.getElementById(composerIdOf(place))?.focus(),
      reply: (to) => drafts.update(place, { reply: quoteOf(to) }),
      edit: (message) => openEdit(drafts, place, message),
      remove: setRemoving,
      toggleReaction: ({ seq, reactions }, emoji) => {
        const isThere = reactions.find((reaction) => reaction.emoji === emoji)?.usernames.includes(me)
        void run(() => (isThere ? handle.unreact(seq, emoji) : handle.react(seq, emoji)))
      },
      togglePin: ({ seq, pinnedAt }) => void run(() => (pinnedAt === null ? handle.pin(seq) : handle.unpin(seq))),
      markUnread: ({ seq }) => void run(() => markUnread(seq)),
    }),
    [handle, drafts, place, run, markUnread, openThread, onJump, me, mayWrite, mayAct, mayRemoveOwn, mayRemoveAny],
  )
  return {
    acts,
    dialog: (
      <Suspense>
        {removing && (
          <RemoveMessage handle={handle} message={removing} isOwn={removing.author.username === me} onClose={() => setRemoving(null)} />
        )}
      </Suspense>
    ),
  }
}
