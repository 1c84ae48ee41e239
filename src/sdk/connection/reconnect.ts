/** A connection that held this long resets the delays. */
const stableAfterMs = 5_000
/** When a network comes back unannounced, the client must be connected again within three seconds. */
const longestUnreachedMs = 2_500
const longestTurnedAwayMs = 30_000

/**
 * How long to wait before the next attempt: anything up to a time that doubles from half a second (full jitter), so that
 * the clients of a server that comes back do not all come at once.
 * @param attempt 0 for the first
 * @returns milliseconds
 */
export function backoffWithJitter(attempt: number, random: () => number = Math.random, longestMs = longestTurnedAwayMs): number {
  return random() * Math.min(500 * 2 ** attempt, longestMs)
}

/**
 * The delays of one client's attempts to connect. They start over only after a connection that held: a socket that opens
 * and closes at once, as behind a proxy without its server, is no success.
 */
export function createReconnectDelays(now: () => number = () => performance.now(), random?: () => number) {
  let attempt = 0
  /** When the connection that was not lost yet was opened. */
  let openedAt: number | null = null
  /** The same, however many attempts were made beside it. */
  let heldSince: number | null = null
  return {
    onOpen: () => {
      openedAt = heldSince = now()
    },
    /** The connection is lost. One that held begins again with the shortest delay, whatever was tried beside it. */
    onLost: () => {
      if (heldSince !== null && now() - heldSince > stableAfterMs) attempt = 0
      heldSince = openedAt = null
    },
    /**
     * @param turnedAway whether a server answered and refused this client for now, which calls for longer delays
     * @returns milliseconds to wait before the next attempt
     */
    next: (turnedAway: boolean): number => {
      if (openedAt !== null && now() - openedAt > stableAfterMs) attempt = 0
      openedAt = null
      return backoffWithJitter(attempt++, random, turnedAway ? longestTurnedAwayMs : longestUnreachedMs)
    },
  }
}
