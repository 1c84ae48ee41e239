import type { PersonPresence, PresenceEvent } from '../contract/presence'
import type { Procedures } from './calls'
import type { ChatFailure } from './chat-error'
import type { Clock } from './clock'
import type { ConnectionStatus } from './connection/status'
import { startFollowing } from './following'
import { createStore, type Store } from './store'

/** Who is online in a room, as far as this client knows. In a large room only some are named; `count` counts all. */
export interface PresenceView {
  /** False while it is unknown who is online. Then nobody is shown as offline. */
  known: boolean
  /** How many members are here or away. */
  count: number
  /** By username. */
  people: ReadonlyMap<string, PersonPresence>
  /** The usernames of everybody who is typing, your own included. */
  typing: readonly string[]
  /** How far people have read, by username: in direct and small rooms, of those who do not hide it. */
  reads: ReadonlyMap<string, number>
  /** Why it is no longer updated: the server has ended the subscription, or the client has ended. Null while it is. */
  ended: ChatFailure | null
}

export interface PresenceHandle {
  room: string
  state: Store<PresenceView>
  /** Subscribes again after it has ended, for example when the person was let back into the room. */
  reopen(): void
  close(): void
}

const nobody: ReadonlyMap<string, PersonPresence> = new Map()
const noReads: ReadonlyMap<string, number> = new Map()
export const unknownPresence: PresenceView = { known: false, count: 0, people: nobody, typing: [], reads: noReads, ended: null }

/** The view after an event. */
export function withPresence(view: PresenceView, { type, known, count, people, typing, reads = [] }: PresenceEvent): PresenceView {
  const named = people.map((person) => [person.username, person] as const)
  const read = reads.map(({ username, readSeq }) => [username, readSeq] as const)
  return { known, count, people: withNews(view.people, type, named), typing, reads: withNews(view.reads, type, read), ended: null }
}

/** The same map where an event brings nothing new, so that lists of people need not render again. */
function withNews<Value>(
  before: ReadonlyMap<string, Value>,
  type: PresenceEvent['type'],
  news: readonly (readonly [string, Value])[],
): ReadonlyMap<string, Value> {
  if (type === 'now') return new Map(news)
  return news.length === 0 ? before : new Map([...before, ...news])
}

/** Follows who is online in a room. */
export function openPresence(
  { calls, status, clock }: { calls: Pick<Procedures, 'presence'>; status: Store<ConnectionStatus>; clock: Clock },
  room: string,
): PresenceHandle {
  const state = createStore<PresenceView>(unknownPresence)
  const following = startFollowing({
    clock,
    status,
    follow: ({ signal, onStarted }) =>
      new Promise((resolve, reject) => {
        calls.presence.onChange.subscribe(
          { room },
          {
            onStarted,
            onData: (event) => state.set(withPresence(state.get(), event)),
            // tRPC subscribes again by itself, and the first event is complete. Until then people may leave unnoticed.
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
