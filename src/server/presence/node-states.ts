import type { PresenceState } from '../../contract/presence'
import type { OnlineState } from './cluster-presence'

/** The presence of everybody who is connected to one node. */
export type NodeStates = Map<string, OnlineState>

/** Somebody's presence over all nodes: here on any node wins over away. */
export function bestState(nodes: Iterable<NodeStates>, userId: string): PresenceState {
  let best: PresenceState = 'offline'
  for (const states of nodes) {
    const state = states.get(userId)
    if (state === 'here') return 'here'
    if (state) best = state
  }
  return best
}

export function setState(states: NodeStates, userId: string, state: PresenceState): void {
  if (state === 'offline') states.delete(userId)
  else states.set(userId, state)
}

/** The people whose state differs between the two. */
export function findChanged(before: NodeStates, after: NodeStates): string[] {
  const changed = [...after.keys()].filter((userId) => after.get(userId) !== before.get(userId))
  for (const userId of before.keys()) if (!after.has(userId)) changed.push(userId)
  return changed
}
