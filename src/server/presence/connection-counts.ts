import type { ClusterPresence, OnlineState } from './cluster-presence'
import type { LastSeen } from './last-seen'

/** Somebody who reloads the page or changes networks is not gone: this is how long they have to reconnect. */
const reconnectMs = 3_000
/**
 * After this long online, a person's last-seen time is written once, so that a node that dies leaves at least that behind.
 * Shorter visits are only written when they end.
 */
const settledMs = 60_000
const checkIntervalMs = 500

/** Counts each person's connections to this node, and derives their presence here from it. */
export interface ConnectionCounts {
  /** One of this person's connections opened (`from` is null), closed (`to` is null), or switched between here and away. */
  connectionChanged(userId: string, from: OnlineState | null, to: OnlineState | null): void
  close(): void
}

/** Passes each person's presence on this node to the cluster, and records when they were last online. */
export function startConnectionCounts({
  cluster,
  lastSeen,
  waitMs = reconnectMs,
  noteAfterMs = settledMs,
}: {
  cluster: Pick<ClusterPresence, 'set'>
  lastSeen: Pick<LastSeen, 'note'>
  waitMs?: number
  noteAfterMs?: number
}): ConnectionCounts {
  /** How many of a person's connections are here, and how many away. */
  const counts = { here: new Map<string, number>(), away: new Map<string, number>() }
  /** People without a connection, and the time at which they count as gone, earliest first. */
  const leaving = new Map<string, number>()
  /** People who came online, and the time at which they count as settled, earliest first. */
  const arriving = new Map<string, number>()

  const stateOf = (userId: string) => (counts.here.has(userId) ? 'here' : counts.away.has(userId) ? 'away' : 'offline')

  function add(state: OnlineState | null, userId: string, by: 1 | -1) {
    if (!state) return
    const count = (counts[state].get(userId) ?? 0) + by
    if (count > 0) counts[state].set(userId, count)
    else counts[state].delete(userId)
  }

  function* due(waiting: Map<string, number>) {
    for (const [userId, at] of waiting) {
      if (at > performance.now()) return
      waiting.delete(userId)
      yield userId
    }
  }

  const timer = setInterval(() => {
    for (const userId of due(leaving)) cluster.set(userId, 'offline')
    for (const userId of due(arriving)) lastSeen.note(userId, Date.now())
  }, checkIntervalMs)

  return {
    connectionChanged: (userId, from, to) => {
      const before = stateOf(userId)
      add(from, userId, -1)
      add(to, userId, 1)
      const state = stateOf(userId)
      if (state === before) return
      leaving.delete(userId)
      if (state === 'offline') {
        arriving.delete(userId)
        lastSeen.note(userId, Date.now())
        leaving.set(userId, performance.now() + waitMs)
      } else {
        if (before === 'offline') arriving.set(userId, performance.now() + noteAfterMs)
        cluster.set(userId, state)
      }
    },
    close: () => clearInterval(timer),
  }
}
