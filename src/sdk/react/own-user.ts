import type { User } from '../../contract/session'
import type { Chat } from '../chat'
import { createStore, type Store } from '../store'
import { useChat, useIsServer } from './chat-provider'
import { asItIs, useSelected } from './selected'

const ownUsers = new WeakMap<Chat, Store<User | null>>()

/** The chat's own person, who is asked for once. */
function ownUserOf(chat: Chat): Store<User | null> {
  const known = ownUsers.get(chat)
  if (known) return known
  const own = createStore<User | null>(null)
  ownUsers.set(chat, own)
  chat.people.me().then(
    ({ user }) => own.set(user),
    // The next component that wants to know asks again.
    () => ownUsers.delete(chat),
  )
  return own
}

/** The person of the chat, as others see them; null until it is known. */
export function useOwnUser(): User | null {
  const chat = useChat()
  return useSelected(useIsServer() ? null : ownUserOf(chat), asItIs<User | null>, readNobody)
}

const readNobody = () => null
