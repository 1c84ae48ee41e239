import type { LastSeen } from './last-seen'
import type { HereOrAway, PresenceBoard } from './presence-board'

/** Who reloads a page, or changes the network, is not gone: they have so long to come back. */
const comeBackMs = 3_000
const lookMs = 500

/** The people with connections to this node. */
export interface OwnPeople {
  /** One of this person's connections has come (from null), gone (to null), or is here or away now. */
  connectionChanged(userId: string, from: HereOrAway | null, to: HereOrAway | null): void
  close(): void
}

/** Tells the board of people what it hears of connections. */
export function startOwnPeople({
  board,
  lastSeen,
  waitMs = comeBackMs,
}: {
  board: Pick<PresenceBoard, 'set'>
  lastSeen: Pick<LastSeen, 'note'>
  waitMs?: number
}): OwnPeople {
  /** How many of a person's connections are here, and how many away. */
  const counts = { here: new Map<string, number>(), away: new Map<string, number>() }
  /** Who has no connection any more, and until when they may come back; in this order. */
  const leaving = new Map<string, number>()

  const stateOf = (userId: string) => (counts.here.has(userId) ? 'here' : counts.away.has(userId) ? 'away' : 'offline')

  function add(state: HereOrAway | null, userId: string, by: 1 | -1) {
    if (!state) return
    const count = (counts[state].get(userId) ?? 0) + by
    if (count > 0) counts[state].set(userId, count)
    else counts[state].delete(userId)
  }

  const timer = setInterval(() => {
    for (const [userId, until] of leaving) {
      if (until > performance.now()) return
      leaving.delete(userId)
      board.set(userId, 'offline')
    }
  }, lookMs)

  return {
    connectionChanged: (userId, from, to) => {
      const before = stateOf(userId)
      add(from, userId, -1)
      add(to, userId, 1)
      const state = stateOf(userId)
      if (state === before) return
      leaving.delete(userId)
      // What a node that dies leaves behind is the time of the connect, or of what the others last heard of it.
      if (before === 'offline' || state === 'offline') lastSeen.note(userId, Date.now())
      if (state === 'offline') leaving.set(userId, performance.now() + waitMs)
      else board.set(userId, state)
    },
    close: () => clearInterval(timer),
  }
}
