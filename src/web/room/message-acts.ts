import { createContext, useContext } from 'react'
import type { Message } from '../../sdk'
import type { Standing } from './standing'

/** What the reader of a room can do with its messages. It stays the same object while nothing of it changes. */
export interface MessageActs extends Omit<Standing, 'refusal'> {
  me: string
  mayWrite: boolean
  reply(message: Message): void
  edit(message: Message): void
  /** Asks first. */
  remove(message: Message): void
  /** Reacts, or takes the reaction back when it is there. */
  toggleReaction(message: Message, emoji: string): void
  markUnread(message: Message): void
  /** Shows the message of that place. */
  jumpTo(seq: number): void
}

const ActsContext = createContext<MessageActs | null>(null)
export const MessageActsProvider = ActsContext.Provider

export function useMessageActs(): MessageActs {
  const acts = useContext(ActsContext)
  if (!acts) throw new Error('A message is shown outside of a room')
  return acts
}
