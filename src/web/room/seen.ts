import { createContext, useContext, useEffect, useMemo } from 'react'
import type { Chat, PresenceView, Room, User } from '../../sdk'
import { useAnswer } from '../ui/answer'

/** The people whose newest seen message is this one, by its seq. */
export type Seen = ReadonlyMap<number, readonly User[]>

const SeenContext = createContext<Seen>(new Map())
export const SeenProvider = SeenContext.Provider

const nobody: readonly User[] = []

/** Who has read up to this message, and no further. */
export const useSeenAt = (seq: number): readonly User[] => useContext(SeenContext).get(seq) ?? nobody

/** How far the others have read the room that is shown. Only direct and small rooms say so, of people who want that. */
export function useSeen(client: Chat, room: Room | undefined, me: string, presence: PresenceView | null): Seen {
  const id = room?.id
  const { value: readers, reload } = useAnswer(
    useMemo(() => (id === undefined ? null : async () => (await client.trpc.chat.readers.query({ room: id })).readers), [client, id]),
  )
  const reads = presence?.reads
  const isStranger = readers !== null && [...(reads?.keys() ?? [])].some((name) => !readers.some(({ user }) => user.username === name))
  const isKnown = presence !== null
  useEffect(() => {
    // After a lost connection some reads were missed; and somebody may have joined, or may show it now.
    if (id !== undefined && (isKnown || isStranger)) reload()
  }, [id, reload, isKnown, isStranger])
  return useMemo(() => placeReaders(readers ?? [], reads ?? new Map(), me), [readers, reads, me])
}

/** @param reads what is known of later, by username */
export function placeReaders(
  readers: readonly { user: User; readSeq: number }[],
  reads: ReadonlyMap<string, number>,
  me: string,
): Map<number, User[]> {
  const seen = new Map<number, User[]>()
  for (const { user, readSeq } of readers) {
    if (user.username === me) continue
    const seq = Math.max(readSeq, reads.get(user.username) ?? 0)
    seen.set(seq, [...(seen.get(seq) ?? []), user])
  }
  return seen
}
