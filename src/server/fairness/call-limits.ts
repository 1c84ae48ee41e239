import type { LimitClass } from '../../contract/rights'
import type { Config } from '../platform/config'
import type { Limit, Rate, SharedLimits } from './shared-limits'

/** Sized so that no client that serves a person meets them, however many windows it has. `docs/limits.md` explains each. */
function ratesOf({ sendsPerMinute, loginsPerMinute }: Pick<Config, 'sendsPerMinute' | 'loginsPerMinute'>): Record<LimitClass, Rate> {
  return {
    passwords: { perMinute: loginsPerMinute, burst: 5 },
    sends: { perMinute: sendsPerMinute, burst: 20 },
    // Enough for a person or program that sets up a room for many people.
    acts: { perMinute: sendsPerMinute * 5, burst: 200 },
    // Suggestions send a query for each letter.
    lookUps: { perMinute: sendsPerMinute * 5, burst: 200 },
    // Scrolling quickly through years of a room, or a program that reads 1,000 pages at once.
    reads: { perMinute: sendsPerMinute * 15, burst: 2_000 },
    // A mark for each message of several busy rooms.
    marks: { perMinute: sendsPerMinute * 50, burst: 500 },
    // A person's connections may all come back at once, each with all its subscriptions.
    subscriptions: { perMinute: sendsPerMinute * 20, burst: 2_000 },
  }
}

export type CallLimits = Record<LimitClass, Limit>

/** The limits on each person's calls, shared by all nodes. */
export function createCallLimits(config: Pick<Config, 'sendsPerMinute' | 'loginsPerMinute'>, shared: SharedLimits): CallLimits {
  const limits = Object.entries(ratesOf(config)).map(([name, rate]) => [name, shared.create(name, rate)])
  return Object.fromEntries(limits) as CallLimits
}
