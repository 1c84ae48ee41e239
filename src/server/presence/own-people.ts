import type { LastSeen } from './last-seen'
import type { HereOrAway, PresenceBoard } from './presence-board'

/** Who reloads a page, or changes the network, is not gone: they have so long to come back. */
const comeBackMs = 3_000
/** Who has been here for so long is written down: a node that dies leaves at least that behind. Who comes and goes sooner costs nothing twice. */
const settledMs = 60_000
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
  noteAfterMs = settledMs,
}: {
  board: Pick<PresenceBoard, 'set'>
  lastSeen: Pick<LastSeen, 'note'>
  waitMs?: number
  noteAfterMs?: number
}): OwnPeople {
  /** How many of a person's connections are here, and how many away. */
  const counts = { here: new Map<string, number>(), away: new Map<string, number>() }
  /** Who has no connection any more, and until when they may come back; in this order. */
  const leaving = new Map<string, number>()
  /** Who has come, and since when they count as settled; in this order. */
  const arriving = new Map<string, number>()

  const stateOf = (userId: string) => (counts.here.has(userId) ? 'here' : counts.away.has(userId) ? 'away' : 'offline')

  function add(state: HereOrAway | null, userId: string, by: 1 | -1) {
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
    for (const userId of due(leaving)) board.set(userId, 'offline')
    for (const userId of due(arriving)) lastSeen.note(userId, Date.now())
  }, lookMs)

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
        board.set(userId, state)
      }
    },
    close: () => clearInterval(timer),
  }
}
