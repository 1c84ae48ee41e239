import { Failure } from '../../contract/failures'
import { createGate, type Gate } from '../platform/background'

/** Decides whose search runs next. */
export interface SearchTurns {
  /**
   * @throws {Failure} TOO_MANY_REQUESTS when too many of this person's searches are waiting already, UNAVAILABLE when this one
   * has waited too long
   */
  run<Value>(userId: string, search: () => Promise<Value>): Promise<Value>
}

/** More than somebody types ahead. */
const maxWaiting = 8
const retryAfterMs = 1_000
/** Nobody waits longer for an answer. */
const longestWaitMs = 10_000

/**
 * Searches wait for those of the same person, one at a time, and then, in turn with other people, for one of the few places
 * on this node. So nobody's searches wait for more than one of each other person.
 */
export function createSearchTurns(places: number): SearchTurns {
  const gate = createGate(places)
  const own = new Map<string, Gate>()
  return {
    run: async (userId, search) => {
      const turns = own.get(userId) ?? createGate(1)
      if (turns.waiting() >= maxWaiting) throw new Failure('TOO_MANY_REQUESTS', { retryAfterMs })
      own.set(userId, turns)
      const latest = performance.now() + longestWaitMs
      // Those that have waited too long take no time, so that the others soon have their turn.
      const searchInTime = async () => {
        if (performance.now() > latest) throw new Failure('UNAVAILABLE')
        return search()
      }
      try {
        return await turns.run(() => gate.run(searchInTime))
      } finally {
        if (!turns.isBusy()) own.delete(userId)
      }
    },
  }
}
