import { useCallback, useEffect, useRef } from 'react'
import type { Chat, Room } from '../../sdk'
import { useAnswer } from '../ui/answer'

const listeners = new Set<(room: string) => void>()

/** Calls back when a room's members are to be read again. @returns an unsubscribe function */
export function onMembersChange(listener: (room: string) => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Makes whatever is shown of the room's members be read again. */
export function reloadMembers(room: string): void {
  for (const listener of [...listeners]) listener(room)
}

/** How many members the room has; null until that is known. */
export function useMemberCount(client: Chat, room: string): number | null {
  const { value, reload } = useAnswer(useCallback(async () => (await client.trpc.rooms.members.query({ room })).count, [client, room]))
  useEffect(() => onMembersChange((changed) => changed === room && reload()), [room, reload])
  return value
}

/** Calls `reload` some time after the key has changed, and only once for all the changes in between. */
export function useReloadAfter(key: string, delayMs: number, reload: () => void) {
  const seen = useRef(key)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const latest = useRef(reload)
  latest.current = reload
  useEffect(() => {
    if (seen.current === key) return
    seen.current = key
    timer.current ??= setTimeout(() => {
      timer.current = null
      latest.current()
    }, delayMs)
  }, [key, delayMs])
  useEffect(
    () => () => {
      if (timer.current) clearTimeout(timer.current)
    },
    [],
  )
}

/** Changes when a line about the room's people or settings is added, and when the viewer's own membership changes. */
export function membershipKeyOf({ id, role, mutedUntil, lastMessage }: Room): string {
  return [id, role, mutedUntil, lastMessage && lastMessage.kind !== 'text' ? lastMessage.seq : ''].join(' ')
}
