import type { Pool } from 'pg'
import { startEvery } from '../platform/background'
import type { Log } from '../platform/log'

const writeEveryMs = 2_000
/** A stored time that is no older than this is not worth a write. */
const staleMs = 60_000
const maxPerStatement = 1_000

/** Records when each session was last used, without a statement per connection. */
export interface SessionUse {
  /** A connection of this session begins. @param stored the time in its row */
  began(sessionId: string, stored: Date): void
  ended(sessionId: string): void
  /** Writes what is noted, then stops. */
  close(): Promise<void>
}

export function startSessionUse(pool: Pool, log: Log): SessionUse {
  const noted = new Map<string, Date>()

  async function write() {
    while (noted.size > 0) {
      const batch = [...noted].slice(0, maxPerStatement)
      for (const [sessionId] of batch) noted.delete(sessionId)
      // A locked row is being used or ended right now. Waiting for it could end in a deadlock.
      await pool.query(
        `UPDATE sessions SET last_seen_at = seen.at FROM (
           SELECT s.id, n.at FROM unnest($1::uuid[], $2::timestamptz[]) AS n(id, at) JOIN sessions s ON s.id = n.id
           WHERE s.last_seen_at < n.at AND s.revoked_at IS NULL FOR NO KEY UPDATE OF s SKIP LOCKED
         ) seen WHERE sessions.id = seen.id`,
        [batch.map(([sessionId]) => sessionId), batch.map(([, at]) => at)],
      )
    }
  }
  const loop = startEvery(write, { everyMs: writeEveryMs, runsOnClose: true, name: 'write when sessions were last used', log })

  return {
    began: (sessionId, stored) => {
      if (Date.now() - stored.getTime() >= staleMs) noted.set(sessionId, new Date())
    },
    ended: (sessionId) => noted.set(sessionId, new Date()),
    close: loop.close,
  }
}
