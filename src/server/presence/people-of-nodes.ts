import type { PresenceState } from '../../contract/presence'
import type { HereOrAway } from './presence-board'

/** The people of one node. */
export type NodePeople = Map<string, HereOrAway>

/** How somebody is, of whom each node says something. */
export function bestState(nodes: Iterable<NodePeople>, userId: string): PresenceState {
  let best: PresenceState = 'offline'
  for (const people of nodes) {
    const state = people.get(userId)
    if (state === 'here') return 'here'
    if (state) best = state
  }
  return best
}

export function setState(people: NodePeople, userId: string, state: PresenceState): void {
  if (state === 'offline') people.delete(userId)
  else people.set(userId, state)
}

/** Whose state is another in `after` than in `before`. */
export function differing(before: NodePeople, after: NodePeople): string[] {
  const changed = [...after.keys()].filter((userId) => after.get(userId) !== before.get(userId))
  for (const userId of before.keys()) if (!after.has(userId)) changed.push(userId)
  return changed
}
