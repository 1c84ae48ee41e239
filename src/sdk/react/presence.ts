import type { PersonPresence } from '../../contract/presence'
import type { ChatFailure } from '../chat-error'
import { type PresenceView, unknownPresence } from '../presence'
import { useKept } from './kept'
import { useProvidedRoom } from './room-provider'
import { useSelected } from './selected'

/** Who is online in a room. In a large room only some are named; `count` counts all. */
export interface PeopleOnline {
  /** False while it is unknown who is online. Then nobody is to be shown as offline. */
  known: boolean
  /** How many members are here or away. */
  count: number
  /** By username. */
  people: ReadonlyMap<string, PersonPresence>
  /** Why it is no longer kept current; null while it is. */
  failure: ChatFailure | null
}

const selectPresence = ({ known, count, people, ended }: PresenceView): PeopleOnline => ({ known, count, people, failure: ended })
const selectReads = ({ reads }: PresenceView) => reads

export const readUnknownPresence = () => unknownPresence

/** What is followed of the people in a room: one subscription for all hooks. */
export function useKeptPresence(room: string | null) {
  return useKept(room === null ? null : `presence ${room}`, (chat) => chat.people.in(room ?? ''))
}

/**
 * Who is online in the nearest RoomProvider's room, kept current. Who types is in `useTyping`, how far people have read in
 * `useReads`: neither renders this again.
 * @example
 * const { known, count } = usePresence()
 * return known && <p>{count} online</p>
 */
export function usePresence(): PeopleOnline {
  const { id } = useProvidedRoom()
  return useSelected(useKeptPresence(id)?.handle.state ?? null, selectPresence, readUnknownPresence)
}

/**
 * How far people have read the nearest RoomProvider's room, by username: the seq of the last message that they have read. Only
 * in direct and small rooms, and only of those who do not hide it.
 * @example
 * const reads = useReads()
 * const seenBy = [...reads].filter(([, seq]) => seq >= message.seq)
 */
export function useReads(): ReadonlyMap<string, number> {
  const { id } = useProvidedRoom()
  return useSelected(useKeptPresence(id)?.handle.state ?? null, selectReads, readUnknownPresence)
}
