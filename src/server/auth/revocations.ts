import type { Redis } from 'ioredis'
import type { Pool } from 'pg'
import type { ServerRole } from '../../contract/rules'
import { startEvery } from '../platform/background'
import { type Listener, listen } from '../platform/listen'
import type { Log } from '../platform/log'

const channel = 'roomline:revocations'
/** What the log's trigger notifies in Postgres: see prisma/migrations. */
const notification = 'roomline_revocations'

/** Says that the revocation log has grown. What was revoked is not said: nodes believe the log, not Redis. */
export function announceRevocation(commands: Redis, log: Log): void {
  commands.publish(channel, '').catch((error: Error) => log.debug({ error: error.message }, 'a revocation was not announced'))
}

/** What has become of somebody whose account was disabled or enabled, or whose role has changed. */
export interface PersonChange {
  userId: string
  maySignIn: boolean
  role: ServerRole
}

export interface RevocationListeners {
  /** The same session may be given more than once. */
  onRevoked(sessionIds: ReadonlySet<string>): void
  /** As they are now; the same person may be given more than once. */
  onPeopleChanged(changes: readonly PersonChange[]): void
  /** Nobody can tell any more who is signed in: the log could not be read for long, and Redis is silent too. */
  onCutOff(): void
}

export interface RevocationWatch {
  close(): Promise<void>
}

const pollMs = 1_000
/** A row is stamped when its transaction begins and seen when it ends: read that far back again, so that none is missed. */
const overlapMs = 30_000
/** A node that has not read the log for so long, and hears nothing of Redis, may have missed that somebody signed out. */
const cutOffMs = 8_000
const cutOffLookMs = 500
/** A node that did not run for a while, frozen or with its machine asleep, gets so long to read what it missed. */
const wakeUpMs = 2_000

interface LogRow {
  now: Date
  session_ids: string[] | null
  people: { id: string; role: ServerRole; may_sign_in: boolean }[] | null
}

/**
 * Follows the revocation log: Redis and Postgres itself tell at once that it has grown, and it is read once a second
 * without either.
 */
export function watchRevocations(
  parts: { pool: Pool; databaseUrl: string; subscriber: Redis; isRedisAlive: () => boolean; log: Log },
  { onRevoked, onPeopleChanged, onCutOff }: RevocationListeners,
): RevocationWatch {
  const { pool, databaseUrl, subscriber, isRedisAlive, log } = parts
  let since: Date | null = null
  let readAt = performance.now()
  let lookedAt = performance.now()
  let isCutOff = false

  async function read() {
    const startedAt = performance.now()
    const { rows } = await pool.query<LogRow>(
      `SELECT now() AS now,
         (SELECT array_agg(DISTINCT session_id::text) FROM session_revocations WHERE session_id IS NOT NULL AND at > s.since) AS session_ids,
         (SELECT json_agg(json_build_object('id', u.id, 'role', u.role, 'may_sign_in', u.disabled_at IS NULL AND u.deleted_at IS NULL))
          FROM users u WHERE u.id IN (SELECT user_id FROM session_revocations WHERE session_id IS NULL AND at > s.since)) AS people
       FROM (SELECT coalesce($1::timestamptz, now()) - $2 * interval '1 ms' AS since) s`,
      [since, overlapMs],
    )
    const row = rows[0]
    if (!row) return
    if (row.session_ids) onRevoked(new Set(row.session_ids))
    if (row.people) onPeopleChanged(row.people.map(({ id, role, may_sign_in }) => ({ userId: id, role, maySignIn: may_sign_in })))
    since = row.now
    readAt = startedAt
    isCutOff = false
  }
  const reading = startEvery(read, { everyMs: pollMs, startsNow: true, name: 'read the revocation log', log })

  const onMessage = (from: string) => {
    if (from === channel) reading.runNow()
  }
  subscriber.on('message', onMessage)
  const subscribe = () => {
    subscriber
      .subscribe(channel)
      .then(reading.runNow, (error: Error) => log.debug({ error: error.message }, 'not subscribed to revocations'))
  }
  subscriber.on('ready', subscribe)
  if (subscriber.status === 'ready') subscribe()
  const listener: Listener = listen(databaseUrl, notification, reading.runNow, log)
  const cutOffTimer = setInterval(() => {
    const now = performance.now()
    if (now - lookedAt > wakeUpMs) readAt = Math.max(readAt, now - cutOffMs + wakeUpMs)
    lookedAt = now
    if (isRedisAlive() || now - readAt < cutOffMs) return
    // Again and again, as sockets may have been let in just before.
    if (!isCutOff) log.warn('neither Postgres nor Redis can be reached: everybody is asked to come back later')
    isCutOff = true
    onCutOff()
  }, cutOffLookMs)

  return {
    close: async () => {
      clearInterval(cutOffTimer)
      subscriber.off('message', onMessage)
      subscriber.off('ready', subscribe)
      await listener.close()
      await reading.close()
    },
  }
}
