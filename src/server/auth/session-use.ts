import type { Pool } from 'pg'
import type { Log } from '../platform/log'

const everyMs = 2_000
/** What is stored may be so much older than the truth: a sign of life sooner than that is not worth a write. */
const staleMs = 60_000
const maxTogether = 1_000

/** Keeps when each session was last used, without costing a connection a statement of its own. */
export interface SessionUse {
  /** It begins to be used. @param stored what its row says */
  began(sessionId: string, stored: Date): void
  ended(sessionId: string): void
  /** Writes what is noted, and ends. */
  close(): Promise<void>
}

export function startSessionUse(pool: Pool, log: Log): SessionUse {
  let noted = new Map<string, Date>()
  let writing: Promise<void> | null = null

  const write = async () => {
    while (noted.size > 0) {
      const all = [...noted]
      noted = new Map(all.slice(maxTogether))
      const now = all.slice(0, maxTogether)
      try {
        // A row that somebody holds is just being used, or ended: nobody waits for it, so nobody can wait in a circle.
        await pool.query(
          `UPDATE sessions SET last_seen_at = seen.at FROM (
             SELECT s.id, n.at FROM unnest($1::uuid[], $2::timestamptz[]) AS n(id, at) JOIN sessions s ON s.id = n.id
             WHERE s.last_seen_at < n.at AND s.revoked_at IS NULL FOR NO KEY UPDATE OF s SKIP LOCKED
           ) seen WHERE sessions.id = seen.id`,
          [now.map(([id]) => id), now.map(([, at]) => at)],
        )
      } catch (error) {
        log.warn({ error: (error as Error).message }, 'when sessions were last used could not be written')
      }
    }
  }
  const timer = setInterval(() => {
    writing ??= write().finally(() => {
      writing = null
    })
  }, everyMs)

  return {
    began: (sessionId, stored) => {
      if (Date.now() - stored.getTime() >= staleMs) noted.set(sessionId, new Date())
    },
    ended: (sessionId) => noted.set(sessionId, new Date()),
    close: async () => {
      clearInterval(timer)
      await writing
      await write()
    },
  }
}
