import type { ClusterPresence, PresenceChange } from './cluster-presence'
import { bestState, type NodeStates, setState } from './node-states'

/** Nodes in one process, for tests: each `join` adds a node. */
export function createMemoryPresence(): { join(): ClusterPresence; setKnown(known: boolean): void } {
  const nodes = new Set<NodeStates>()
  const listeners = new Set<(changed: PresenceChange) => void>()
  let isKnown = true

  const notify = (changed: PresenceChange) => {
    for (const listener of [...listeners]) listener(changed)
  }

  return {
    join: () => {
      const own: NodeStates = new Map()
      const ownListeners = new Set<(changed: PresenceChange) => void>()
      nodes.add(own)
      return {
        set: (userId, state) => {
          const before = bestState(nodes, userId)
          setState(own, userId, state)
          if (bestState(nodes, userId) !== before) notify(new Set([userId]))
        },
        stateOf: (userId) => bestState(nodes, userId),
        isKnown: () => isKnown,
        onChange: (listener) => {
          listeners.add(listener)
          ownListeners.add(listener)
          return () => listeners.delete(listener)
        },
        close: async () => {
          for (const listener of ownListeners) listeners.delete(listener)
          nodes.delete(own)
          const gone = new Set([...own.keys()].filter((userId) => bestState(nodes, userId) !== own.get(userId)))
          if (gone.size > 0) notify(gone)
        },
      }
    },
    /** Simulates nodes that lose each other, and find each other again. */
    setKnown: (known) => {
      isKnown = known
      notify('all')
    },
  }
}
