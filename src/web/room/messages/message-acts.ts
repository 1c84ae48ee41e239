import { Copy, Link2, MailOpen, Pencil, Reply, Trash2 } from 'lucide-react'
import type { ComponentType } from 'react'
import { createContext, useContext } from 'react'
import type { Message } from '../../../sdk'
import { messagePath } from '../../paths'
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
  jumpTo(seq: number): void
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
  const choices: (ActChoice | false)[] = [
    acts.mayWrite && { name: 'Reply', Icon: Reply, run: () => acts.reply(message) },
    isOwn && acts.mayAct && { name: 'Edit', Icon: Pencil, run: () => acts.edit(message) },
    // Browsers offer a clipboard only over HTTPS and on localhost.
    'clipboard' in navigator && { name: 'Copy text', Icon: Copy, run: () => void navigator.clipboard.writeText(message.text) },
    'clipboard' in navigator && {
      ...{ name: 'Copy link', Icon: Link2 },
      run: () => void navigator.clipboard.writeText(location.origin + messagePath(message.room, message.seq)),
    },
    { name: 'Mark as unread', Icon: MailOpen, run: () => acts.markUnread(message) },
    (acts.mayRemoveAny || (isOwn && acts.mayRemoveOwn)) && {
      ...{ name: 'Remove', Icon: Trash2, isDanger: true },
      run: () => acts.remove(message),
    },
  ]
  return choices.filter((choice) => choice !== false)
}
