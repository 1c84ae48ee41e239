import type { Redis } from 'ioredis'
import type { Pool } from 'pg'
import type { ServerRole } from '../../contract/rules'
import { startEvery } from '../platform/background'
import { type Listener, listenToPostgres } from '../platform/listen'
import type { Log } from '../platform/log'

const channel = 'roomline:revocations'
/** The Postgres notification of the log's trigger, see prisma/migrations. */
const notification = 'roomline_revocations'

/** Announces that the revocation log has grown, without its content: nodes trust the log, not Redis. */
export function announceRevocation(commands: Redis, log: Log): void {
  commands.publish(channel, '').catch((error: Error) => log.debug({ error: error.message }, 'could not announce a revocation'))
}

/** The current state of somebody whose account was disabled or enabled, or whose role has changed. */
export interface PersonChange {
  userId: string
  maySignIn: boolean
  role: ServerRole
}

export interface RevocationListeners {
  /** May be called more than once for the same session. */
  onRevoked(sessionIds: ReadonlySet<string>): void
  /** May be called more than once for the same person. */
  onPeopleChanged(changes: readonly PersonChange[]): void
  /** This node no longer knows who is signed in: it could not read the log for a while, and Redis is silent too. */
  onCutOff(): void
}

export interface RevocationWatch {
  close(): Promise<void>
}

const pollMs = 1_000
/** A row gets its time when its transaction begins and is visible when it ends. Reading this far back again misses none. */
const overlapMs = 30_000
/** A node that could not read the log for this long, with Redis silent, may have missed a sign-out. */
const cutOffMs = 8_000
const cutOffCheckMs = 500
/** How long a process that was suspended has to read what it missed. */
const wakeUpMs = 2_000

interface LogRow {
  now: Date
  session_ids: string[] | null
  people: { id: string; role: ServerRole; may_sign_in: boolean }[] | null
}

/** Follows the revocation log. Redis and a Postgres notification announce new entries at once; without them it is read once a second. */
export function watchRevocations(
  parts: { pool: Pool; databaseUrl: string; subscriber: Redis; isRedisAlive: () => boolean; log: Log },
  { onRevoked, onPeopleChanged, onCutOff }: RevocationListeners,
): RevocationWatch {
  const { pool, databaseUrl, subscriber, isRedisAlive, log } = parts
  let since: Date | null = null
  let readAt = performance.now()
  let checkedAt = performance.now()
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
      .then(reading.runNow, (error: Error) => log.debug({ error: error.message }, 'could not subscribe to revocations'))
  }
  subscriber.on('ready', subscribe)
  if (subscriber.status === 'ready') subscribe()
  const listener: Listener = listenToPostgres(databaseUrl, notification, reading.runNow, log)
  const cutOffTimer = setInterval(() => {
    const now = performance.now()
    if (now - checkedAt > wakeUpMs) readAt = Math.max(readAt, now - cutOffMs + wakeUpMs)
    checkedAt = now
    if (isRedisAlive() || now - readAt < cutOffMs) return
    // Repeated on every check, because sockets may have been accepted just before.
    if (!isCutOff) log.warn('cannot reach Postgres or Redis: asking all clients to reconnect later')
    isCutOff = true
    onCutOff()
  }, cutOffCheckMs)

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
