import type { Redis } from 'ioredis'
import type { Pool } from 'pg'
import type { Log } from '../platform/log'

const channel = 'roomline:revocations'

/** Says that the revocation log has grown. What was revoked is not said: nodes believe the log, not Redis. */
export function announceRevocation(commands: Redis, log: Log): void {
  commands.publish(channel, '').catch((error: Error) => log.debug({ error: error.message }, 'a revocation was not announced'))
}

export interface RevocationWatch {
  close(): Promise<void>
}

const pollMs = 1_000
/** A row is stamped when its transaction begins and seen when it ends: read that far back again, so that none is missed. */
const overlapMs = 30_000

/**
 * Calls `onRevoked` with the revoked sessions, soon after Redis announced it and within a second without Redis. The same
 * session may be given more than once.
 */
export function watchRevocations(
  parts: { pool: Pool; subscriber: Redis; log: Log },
  onRevoked: (sessionIds: ReadonlySet<string>) => void,
): RevocationWatch {
  const { pool, subscriber, log } = parts
  let since: Date | null = null
  let reading: Promise<void> | null = null
  let again = false
  let closed = false

  const read = async () => {
    try {
      do {
        again = false
        const { rows } = await pool.query<{ now: Date; session_ids: string[] | null }>(
          `SELECT now() AS now, (SELECT array_agg(DISTINCT session_id::text) FROM session_revocations
            WHERE at > coalesce($1::timestamptz, now()) - $2 * interval '1 ms') AS session_ids`,
          [since, overlapMs],
        )
        const row = rows[0]
        if (!row) break
        if (row.session_ids) onRevoked(new Set(row.session_ids))
        since = row.now
      } while (again && !closed)
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'the revocation log could not be read')
    } finally {
      reading = null
    }
  }
  const readNow = () => {
    if (closed) return
    again = true
    reading ??= read()
  }

  const onMessage = (from: string) => {
    if (from === channel) readNow()
  }
  subscriber.on('message', onMessage)
  const subscribe = () => {
    subscriber.subscribe(channel).then(readNow, (error: Error) => log.debug({ error: error.message }, 'not subscribed to revocations'))
  }
  subscriber.on('ready', subscribe)
  if (subscriber.status === 'ready') subscribe()
  const timer = setInterval(readNow, pollMs)
  readNow()

  return {
    close: async () => {
      closed = true
      clearInterval(timer)
      subscriber.off('message', onMessage)
      subscriber.off('ready', subscribe)
      await reading
    },
  }
}
