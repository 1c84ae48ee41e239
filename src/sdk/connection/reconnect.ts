/** A connection that lasted this long resets the delays. */
const stableAfterMs = 5_000
/** A client must be connected again within three seconds after its network is back, even without an event. */
const maxUnreachableMs = 2_500
const maxTurnedAwayMs = 30_000

/**
 * How long to wait before the next attempt: a random time up to a maximum that doubles from half a second (full jitter).
 * Otherwise all clients of a server that restarts would connect at once.
 * @param attempt 0 for the first
 * @returns milliseconds
 */
export function backoffWithJitter(attempt: number, random: () => number = Math.random, maxMs = maxTurnedAwayMs): number {
  return random() * Math.min(500 * 2 ** attempt, maxMs)
}

/**
 * The delays between a client's attempts to connect. Only a connection that lasted resets them: behind a proxy whose server
 * is down, sockets open and close at once.
 */
export function createReconnectDelays(now: () => number, random?: () => number) {
  let attempt = 0
  /** When the last connection was opened; null once an attempt has followed it. */
  let openedAt: number | null = null
  /** The same, until the connection is lost, whatever attempts are made beside it. */
  let connectedSince: number | null = null
  return {
    onOpen: () => {
      openedAt = connectedSince = now()
    },
    /** The connection was lost. If it had lasted, the next delay is the shortest, whatever was tried beside it. */
    onLost: () => {
      if (connectedSince !== null && now() - connectedSince > stableAfterMs) attempt = 0
      connectedSince = openedAt = null
    },
    /**
     * @param turnedAway whether a server answered but rejected the client for now: then the delays grow longer
     * @returns milliseconds to wait before the next attempt
     */
    next: (turnedAway: boolean): number => {
      if (openedAt !== null && now() - openedAt > stableAfterMs) attempt = 0
      openedAt = null
      return backoffWithJitter(attempt++, random, turnedAway ? maxTurnedAwayMs : maxUnreachableMs)
    },
  }
}
