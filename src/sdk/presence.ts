import type { PersonPresence, PresenceEvent } from '../contract/presence'
import type { Calls } from './calls'
import type { ChatFailure } from './chat-error'
import type { ConnectionStatus } from './connection/status'
import { startFollowing } from './following'
import { createStore, type Store } from './store'

/** Who is here in a room, as far as this client was told. Of a crowd, only some are named: `count` counts all. */
export interface PresenceView {
  /** False while it cannot be told who is here: nobody is offline then, but unknown. */
  known: boolean
  /** How many members are here or away. */
  count: number
  /** By username. */
  people: ReadonlyMap<string, PersonPresence>
  /** Usernames of who is writing, oneself among them. */
  typing: readonly string[]
  /** Why nothing more comes: the server won't show this room (any more), or the client has ended. */
  ended: ChatFailure | null
}

export interface PresenceHandle {
  room: string
  state: Store<PresenceView>
  /** Asks again after it has ended, for example when the user was let back into the room. */
  reopen(): void
  close(): void
}

const nobody: ReadonlyMap<string, PersonPresence> = new Map()
export const unknownPresence: PresenceView = { known: false, count: 0, people: nobody, typing: [], ended: null }

/** What is known after an event. */
export function withPresence(view: PresenceView, { type, known, count, people, typing }: PresenceEvent): PresenceView {
  const named = people.map((person) => [person.username, person] as const)
  // Without a person in it, as when somebody types, it is the same map: who shows people need not do so again.
  const isSame = type === 'changed' && named.length === 0
  return { known, count, people: isSame ? view.people : new Map(type === 'now' ? named : [...view.people, ...named]), typing, ended: null }
}

/** Follows who is here in a room. */
export function openPresence(calls: Pick<Calls, 'presence'>, status: Store<ConnectionStatus>, room: string): PresenceHandle {
  const state = createStore<PresenceView>(unknownPresence)
  const following = startFollowing({
    status,
    follow: ({ signal, onStarted }) =>
      new Promise((resolve, reject) => {
        calls.presence.onChange.subscribe(
          { room },
          {
            onStarted,
            onData: (event) => state.set(withPresence(state.get(), event)),
            // tRPC asks again by itself, and the first answer is the whole. Until then nobody tells who leaves.
            onConnectionStateChange: ({ state: connection, error }) => {
              if (connection === 'connecting' && error && !signal.aborted) state.set(unknownPresence)
            },
            onError: reject,
            onStopped: resolve,
            onComplete: resolve,
            signal,
          },
        )
      }),
    onInterrupted: () => state.set(unknownPresence),
    onEnded: (ended) => state.set({ ...unknownPresence, ended }),
  })
  return { room, state, reopen: following.reopen, close: following.close }
}
