import type { PersonPresence, PresenceEvent } from '../contract/presence'
import type { ChatClient } from './chat-client'
import type { ChatFailure } from './chat-error'
import { keepFollowing } from './keep-following'
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
  /** Why nothing more is told: the server will not show this room, or no longer. */
  ended: ChatFailure | null
}

export interface PresenceHandle {
  room: string
  state: Store<PresenceView>
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
export function openPresence(client: Pick<ChatClient, 'presence'>, room: string, onClose: () => void): PresenceHandle {
  const state = createStore<PresenceView>(unknownPresence)
  const closing = new AbortController()

  void keepFollowing({
    follow,
    onInterrupted: () => state.set(unknownPresence),
    onEnded: (ended) => state.set({ ...unknownPresence, ended }),
    signal: closing.signal,
  })

  /** Resolves when the stream was stopped, rejects when it ended. */
  function follow(onStarted: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      client.presence.onChange.subscribe(
        { room },
        {
          onStarted,
          onData: (event) => state.set(withPresence(state.get(), event)),
          // tRPC asks again by itself, and the first answer is the whole. Until then nobody tells who leaves.
          onConnectionStateChange: ({ state: connection, error }) => {
            if (connection === 'connecting' && error && !closing.signal.aborted) state.set(unknownPresence)
          },
          onError: reject,
          onStopped: resolve,
          onComplete: resolve,
          signal: closing.signal,
        },
      )
    })
  }

  return {
    room,
    state,
    close: () => {
      if (closing.signal.aborted) return
      closing.abort()
      onClose()
    },
  }
}
