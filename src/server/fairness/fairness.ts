import { Allowance } from './allowance'
import { FairClient } from './fair-client'
import { Turns } from './turns'

/** The budgets of everybody who uses this node. They are of this node alone: what they protect is its processor and memory. */
export interface Fairness {
  /** The one budget of a person, over all sockets and HTTP. Ask for it each time: an idle one is forgotten. */
  person(userId: string): FairClient
  /** The one budget of an address, for everything that is not signed in (yet). */
  address(network: string): FairClient
}

/** A person may use a quarter of a processor core without a pause, and two seconds of one at once. */
const person = { perSecond: 250_000, burst: 2_000_000, junkPerSecond: 50, junkBurst: 5_000 }
/** What fails before sign-in. Connections that sign in are given back, so many people may share an address. */
const address = { perSecond: 100_000, burst: 1_000_000, junkPerSecond: 10, junkBurst: 500 }

/** How many idle ones are looked at for each new one. */
const forgottenTogether = 2

/** @param isLimited false for load tests: work is still done in turns, but nobody's budget is ever used up */
export function createFairness({ isLimited, now = () => performance.now() }: { isLimited: boolean; now?: () => number }): Fairness {
  const turns = new Turns()

  function createClients({ perSecond, burst, junkPerSecond, junkBurst }: typeof person) {
    /** In order of latest use, so that the oldest can be looked at first. */
    const clients = new Map<string, FairClient>()
    return (key: string): FairClient => {
      let client = clients.get(key)
      if (client) return client
      let looked = 0
      for (const [oldest, other] of clients) {
        if (looked++ >= forgottenTogether) break
        clients.delete(oldest)
        if (!other.isIdle()) clients.set(oldest, other)
      }
      client = new FairClient(
        turns,
        new Allowance(isLimited ? perSecond : Number.POSITIVE_INFINITY, burst, now),
        new Allowance(junkPerSecond, junkBurst, now),
      )
      clients.set(key, client)
      return client
    }
  }

  return { person: createClients(person), address: createClients(address) }
}
