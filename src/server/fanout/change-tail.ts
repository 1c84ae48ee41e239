import type { Pool } from 'pg'
import { startEvery } from '../platform/background'
import type { Log } from '../platform/log'

/** What was committed since the last look, on any node or by an operator's own SQL. */
export interface TailChanges {
  /** The newest version of each room whose row has changed. */
  rooms: Map<string, number>
  /** Whose membership has changed in which room. Without a person, everybody's in it may have changed. */
  memberships: { room: string; userId: string | null }[]
}

export interface ChangeTail {
  /**
   * Calls `onChanges` once a second if there are any, with `'anything'` when they cannot be known: at the first look, after
   * Postgres has crashed, and after half a minute without a look. Each change is passed on once: a listener that cannot
   * handle it now has to keep it.
   * @returns an unsubscribe function
   */
  onChanges(onChanges: (changes: TailChanges | 'anything') => void): () => void
  close(): Promise<void>
}

/** The longest delay of what Redis lost. */
const lookIntervalMs = 1_000
/** Rows are pruned after this many times 10 s: a minute, when read_change_tail has long given up on positions as old. */
const prunesKept = 6
const rowsPerPrune = 10_000

/** Where a look ended. Postgres makes and reads it; see read_change_tail in prisma/migrations. */
interface Position {
  snapshot: string
  epoch: string | null
}

type Entry = [room: string, version: number | null, person: string | null]

/** Follows the table in which triggers note what has changed. However many rooms a node follows, a look costs what has changed. */
export function startChangeTail({
  pool,
  log,
  pruneEveryMs = 10_000,
}: {
  pool: Pool
  log: Log
  pruneEveryMs?: number | undefined
}): ChangeTail {
  const listeners = new Set<(changes: TailChanges | 'anything') => void>()
  let position: Position | null = null
  /** Snapshots of the last minute, the oldest first. */
  const snapshots: string[] = []
  /** Nothing that was visible in this snapshot is left. */
  let pruned: string | null = null

  async function readFrom(known: Position | null) {
    const { rows } = await pool.query<{ place: Position; changes: Entry[] | null }>('SELECT place, changes FROM read_change_tail($1)', [
      known,
    ])
    const [found] = rows
    if (!found) throw new Error('read_change_tail answered nothing')
    return found
  }

  async function look() {
    let found = await readFrom(position)
    // The first look ever, or the first one after a crash.
    if (found.place.epoch === null) {
      await pool.query('INSERT INTO change_tail_epoch DEFAULT VALUES ON CONFLICT DO NOTHING')
      found = await readFrom(null)
    }
    position = found.place
    if (found.changes?.length === 0) return
    const changes = found.changes ? toTailChanges(found.changes) : 'anything'
    for (const onChanges of listeners) onChanges(changes)
  }
  const looking = startEvery(look, { everyMs: lookIntervalMs, startsNow: true, name: 'read the tail of changes', log })

  async function prune() {
    if (position) snapshots.push(position.snapshot)
    if (snapshots.length <= prunesKept) return
    const before = snapshots.shift()
    for (let deleted = rowsPerPrune; deleted === rowsPerPrune; ) {
      const { rows } = await pool.query<{ deleted: number }>('SELECT prune_change_tail($1, $2) AS deleted', [before, pruned])
      deleted = rows[0]?.deleted ?? 0
    }
    pruned = before ?? null
  }
  const pruning = startEvery(prune, { everyMs: pruneEveryMs, name: 'prune the tail of changes', log })

  return {
    onChanges: (onChanges) => {
      listeners.add(onChanges)
      return () => listeners.delete(onChanges)
    },
    close: async () => {
      await Promise.all([looking.close(), pruning.close()])
    },
  }
}

function toTailChanges(entries: Entry[]): TailChanges {
  const changes: TailChanges = { rooms: new Map(), memberships: [] }
  for (const [room, version, userId] of entries) {
    if (version === null) changes.memberships.push({ room, userId })
    else changes.rooms.set(room, version)
  }
  return changes
}
