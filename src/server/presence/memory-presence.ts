import { bestState, type NodePeople, setState } from './people-of-nodes'
import type { PresenceBoard, PresenceChange } from './presence-board'

/** The board of nodes in one process: each `join` is a node's end of it. */
export function createMemoryPresence(): { join(): PresenceBoard; setKnown(known: boolean): void } {
  const nodes = new Set<NodePeople>()
  const listeners = new Set<(changed: PresenceChange) => void>()
  let isKnown = true

  const tell = (changed: PresenceChange) => {
    for (const listener of [...listeners]) listener(changed)
  }

  return {
    join: () => {
      const own: NodePeople = new Map()
      const heard = new Set<(changed: PresenceChange) => void>()
      nodes.add(own)
      return {
        set: (userId, state) => {
          const before = bestState(nodes, userId)
          setState(own, userId, state)
          if (bestState(nodes, userId) !== before) tell(new Set([userId]))
        },
        stateOf: (userId) => bestState(nodes, userId),
        isKnown: () => isKnown,
        onChange: (listener) => {
          listeners.add(listener)
          heard.add(listener)
          return () => listeners.delete(listener)
        },
        close: async () => {
          for (const listener of heard) listeners.delete(listener)
          nodes.delete(own)
          const gone = new Set([...own.keys()].filter((userId) => bestState(nodes, userId) !== own.get(userId)))
          if (gone.size > 0) tell(gone)
        },
      }
    },
    /** As when the nodes cannot hear each other, and when they can again. */
    setKnown: (known) => {
      isKnown = known
      tell('all')
    },
  }
}
