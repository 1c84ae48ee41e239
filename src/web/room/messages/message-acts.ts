import { Copy, Link2, MailOpen, MessagesSquare, Pencil, Pin, PinOff, Reply, Trash2 } from 'lucide-react'
import type { ComponentType } from 'react'
import { createContext, useContext } from 'react'
import type { Message } from '../../../sdk'
import { messagePath } from '../../paths'
import { copyText } from '../../ui/clipboard'
import type { MessageRights } from '../message-rights'

/** What the viewer can do with messages. The object stays the same until one of its values changes. */
export interface MessageActs extends Omit<MessageRights, 'refusal'> {
  me: string
  mayWrite: boolean
  reply(message: Message): void
  edit(message: Message): void
  /** Asks for confirmation first. */
  remove(message: Message): void
  /** Adds the viewer's reaction, or removes it if it is there. */
  toggleReaction(message: Message, emoji: string): void
  markUnread(message: Message): void
  /** Pins the message, or unpins it if it is pinned. */
  togglePin(message: Message): void
  /** Goes to a message of the room. */
  jumpTo(seq: number): void
  /** Moves the focus to the composer below the messages. */
  focusComposer(): void
  /** Opens the thread of a message beside the room; null inside of a thread. */
  openThread: ((message: Message) => void) | null
}

const ActsContext = createContext<MessageActs | null>(null)
export const MessageActsProvider = ActsContext.Provider

export function useMessageActs(): MessageActs {
  const acts = useContext(ActsContext)
  if (!acts) throw new Error('A message is shown outside of a room')
  return acts
}

export interface ActChoice {
  name: string
  Icon: ComponentType<{ className?: string; 'aria-hidden'?: 'true' }>
  run(): void
  isDanger?: boolean
}

/** What the viewer can do with a message, besides reacting. */
export function messageChoices(message: Message, acts: MessageActs): ActChoice[] {
  const isOwn = message.author.username === acts.me
  const isInThread = message.thread !== null || message.replyCount > 0
  const { openThread } = acts
  const choices: (ActChoice | false)[] = [
    acts.mayWrite && { name: 'Reply', Icon: Reply, run: () => acts.reply(message) },
    isOwn && acts.mayAct && { name: 'Edit', Icon: Pencil, run: () => acts.edit(message) },
    openThread !== null &&
      (isInThread || acts.mayWrite) && {
        ...{ name: isInThread ? 'Open thread' : 'Reply in thread', Icon: MessagesSquare },
        run: () => openThread(message),
      },
    { name: 'Copy text', Icon: Copy, run: () => void copyText(message.text) },
    { name: 'Copy link', Icon: Link2, run: () => void copyText(location.origin + messagePath(message.room, message.seq)) },
    acts.mayWrite && {
      ...(message.pinnedAt === null ? { name: 'Pin', Icon: Pin } : { name: 'Unpin', Icon: PinOff }),
      run: () => acts.togglePin(message),
    },
    { name: 'Mark as unread', Icon: MailOpen, run: () => acts.markUnread(message) },
    (acts.mayRemoveAny || (isOwn && acts.mayRemoveOwn)) && {
      ...{ name: 'Remove', Icon: Trash2, isDanger: true },
      run: () => acts.remove(message),
    },
  ]
  return choices.filter((choice) => choice !== false)
}
