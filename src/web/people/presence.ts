import { useEffect, useState } from 'react'
import type { ChatClient, PresenceHandle, PresenceState, PresenceView, Room, Store } from '../../sdk'
import { useStore } from '../../sdk/react'

/** Who is in a room and who writes there, while it is shown; null when there is nothing to tell, or nobody can. */
export function useRoomPresence(client: ChatClient, room: string | null): PresenceView | null {
  const [handle, setHandle] = useState<PresenceHandle | null>(null)
  useEffect(() => {
    if (room === null) return
    const opened = client.openPresence(room)
    setHandle(opened)
    return () => opened.close()
  }, [client, room])
  const view = useStore<PresenceView | null>(room !== null && handle?.room === room ? handle.state : nothing)
  return view?.known ? view : null
}

const nothing: Store<null> = { get: () => null, subscribe: () => () => {} }

/** Each of them is a subscription of its own. */
const mostWatched = 10

/** Of the direct rooms with the newest talk, by room, whether the other person is here. */
export function useDirectPresence(client: ChatClient | null, rooms: readonly Room[] | null): ReadonlyMap<string, PresenceState> {
  const watched = (rooms ?? []).filter(({ kind, people }) => kind === 'direct' && people.length === 1).slice(0, mostWatched)
  const key = watched
    .map(({ id, people }) => `${id} ${people[0]?.username}`)
    .sort()
    .join('\n')
  const [states, setStates] = useState<ReadonlyMap<string, PresenceState>>(nobody)

  useEffect(() => {
    if (!client || key === '') return
    const handles = key.split('\n').map((pair) => {
      const [room = '', username = ''] = pair.split(' ')
      const handle = client.openPresence(room)
      const look = () => {
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
      const off = handle.state.subscribe(look)
      return () => {
        off()
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
