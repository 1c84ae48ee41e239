import { useMemo } from 'react'
import type { PresenceView } from '../presence'
import { useChat, useIsServer } from './chat-provider'
import { namedLimit } from './components/typing-words'
import { useOwnUser } from './own-user'
import { usePeopleNames } from './people-names'
import { readUnknownPresence, useKeptPresence } from './presence'
import { useProvidedRoom, useRoom } from './room-provider'
import { useSelected } from './selected'

/** Who is typing in a room, besides the person themselves. */
export interface TypingView {
  /** Up to three of them. */
  people: readonly { username: string; displayName: string }[]
  /** How many they are. */
  count: number
  /** Tells the others that the person is typing. Call it as often as they do. `useComposer` does it by itself. */
  notify(): void
}

const selectTyping = ({ typing }: PresenceView) => typing

/**
 * Who is typing in the nearest RoomProvider's room. Renders when that changes, and not when others come and go.
 * @example
 * const { people, count } = useTyping()
 * return count > 0 && <p>{people.map(({ displayName }) => displayName).join(', ')} …</p>
 */
export function useTyping(): TypingView {
  const { id } = useProvidedRoom()
  const room = useRoom()
  const chat = useChat()
  const isServer = useIsServer()
  const typing = useSelected(useKeptPresence(id)?.handle.state ?? null, selectTyping, readUnknownPresence)
  const me = useOwnUser()?.username
  // Until it is known who the person is, they may be the one who types.
  const others = useMemo(() => (me === undefined ? [] : typing.filter((username) => username !== me)), [typing, me])
  const names = usePeopleNames(isServer ? null : chat, others.slice(0, namedLimit))
  return useMemo(() => {
    const named = others.slice(0, namedLimit).map((username) => ({ username, displayName: names.get(username) }))
    // They appear with their names, which come a moment later.
    const people = named.flatMap(({ username, displayName }) => (displayName === undefined ? [] : { username, displayName }))
    return { people, count: people.length > 0 ? others.length : 0, notify: room.typing }
  }, [others, names, room])
}
