import { useCallback, useEffect, useState } from 'react'
import type { Chat, PresenceState, PresenceView, Room, Store } from '../../sdk'
import { useStore } from '../../sdk/react'
import { useHandle } from '../ui/handle'

/** Who is online and who is typing in a room; null while that is not known. */
export function useRoomPresence(client: Chat, room: string | null): PresenceView | null {
  const handle = useHandle(useCallback(() => (room === null ? null : client.people.in(room)), [client, room]))
  const view = useStore<PresenceView | null>(handle?.state ?? nothing)
  return view?.known ? view : null
}

const nothing: Store<null> = { get: () => null, subscribe: () => () => {} }

/** Each room needs its own subscription. */
const maxWatched = 10

/** Whether the other person is online, for the direct rooms with the newest messages. */
export function useDirectPresence(client: Chat | null, rooms: readonly Room[] | null): ReadonlyMap<string, PresenceState> {
  const watched = (rooms ?? []).filter(({ kind, people }) => kind === 'direct' && people.length === 1).slice(0, maxWatched)
  const key = watched
    .map(({ id, people }) => `${id} ${people[0]?.username}`)
    .sort()
    .join('\n')
  const [states, setStates] = useState<ReadonlyMap<string, PresenceState>>(nobody)

  useEffect(() => {
    if (!client || key === '') return
    const handles = key.split('\n').map((pair) => {
      const [room = '', username = ''] = pair.split(' ')
      const handle = client.people.in(room)
      const update = () => {
        const { known, people } = handle.state.get()
        const state = known ? people.get(username)?.state : undefined
        setStates((before) => {
          if (before.get(room) === state) return before
          const after = new Map(before)
          if (state) after.set(room, state)
          else after.delete(room)
          return after
        })
      }
      const unsubscribe = handle.state.subscribe(update)
      return () => {
        unsubscribe()
        handle.close()
      }
    })
    return () => {
      for (const close of handles) close()
      setStates(nobody)
    }
  }, [client, key])

  return states
}

const nobody: ReadonlyMap<string, PresenceState> = new Map()
