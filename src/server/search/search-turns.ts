import { setTimeout as delay } from 'node:timers/promises'
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
/** Between searches, sends have the machine for themselves for this part of the time that the searches took. */
const shareOfRest = 0.25
/** Shorter rests are saved up: timers are not that exact. */
const shortestRestMs = 3
/** Nobody waits longer for an answer. */
const longestWaitMs = 10_000

/**
 * Searches wait for those of the same person, one at a time, and then, in turn with other people, for one of the few places
 * on this node. So nobody's searches wait for more than one of each other person.
 *
 * The places are for slow searches: another one starts when those before it have ended or were found to be slow. Quick ones
 * run one after the other, with short rests, so that however many people search, sends find a processor that is free.
 * @param quickMs from then on, a search counts as slow
 */
export function createSearchTurns(places: number, { quickMs = 25, rest = delay as (ms: number) => Promise<unknown> } = {}): SearchTurns {
  const gate = createGate(places)
  const starts = createGate(1)
  const own = new Map<string, Gate>()

  let restMs = 0

  const startInTurn = <Value>(search: () => Promise<Value>): Promise<Value> =>
    new Promise((resolve, reject) => {
      const runUntilSlow = async () => {
        const since = performance.now()
        const ended = search()
        ended.then(resolve, reject)
        const timer = new AbortController()
        await Promise.race([ended, delay(quickMs, undefined, { signal: timer.signal })]).catch(() => {})
        timer.abort()
        restMs += Math.min(performance.now() - since, quickMs) * shareOfRest
        if (restMs < shortestRestMs) return
        const ms = restMs
        restMs = 0
        await rest(ms)
      }
      starts.run(runUntilSlow).catch(reject)
    })

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
        return await turns.run(() => gate.run(() => startInTurn(searchInTime)))
      } finally {
        if (!turns.isBusy()) own.delete(userId)
      }
    },
  }
}
