import { createHmac } from 'node:crypto'
import type { Pool } from 'pg'
import type { Message } from '../../contract/message'
import { readMessagesAt } from '../chat/message-rows'
import type { AfterCommitHandler } from '../jobs/after-commit'
import { addJobs, type JobHandler, type NewJob } from '../jobs/job-worker'
import { inTransaction } from '../platform/database'
import type { Log } from '../platform/log'
import type { Sealing } from '../security/sealing'
import { resealHookSecrets } from './outgoing-hooks'
import type { OutsidePoster } from './post-outside'
import { ForbiddenUrl } from './public-address'

const jobName = 'deliver hook'
/**
 * One job of a hook at a time, so that its messages stay in their order, and one of all hooks of a person, so that slow ones
 * leave the other places to the hooks of others. When the creator is deleted, the hook has a queue of its own.
 */
const jobOf = ({ id, created_by: by }: { id: string; created_by: string | null }, runAt?: Date): NewJob => ({
  job: jobName,
  key: id,
  queue: by === null ? `hook ${id}` : `hooks of ${by}`,
  payload: { hook: id },
  ...(runAt && { runAt }),
})

/** After this many tries a hook is stopped: the pauses between them are five hours together. */
const maxTries = 12
const firstPauseMs = 5_000
const longestPauseMs = 60 * 60_000
/** Shorter than a job may take: the rest is a job of its own. */
const runMs = 30_000
const messagesPerRead = 50

/** What people write makes a job for each hook of the room, unless the hook waits for its next try. */
export const outgoingHooks: AfterCommitHandler = {
  name: 'outgoing hooks',
  on: ['stored'],
  handle: async (changes, { query, addJobs }) => {
    const { rows } = await query<{ id: string; created_by: string | null }>(
      `SELECT h.id, h.created_by FROM unnest($1::text[]) AS r(room)
       CROSS JOIN LATERAL (SELECT id, created_by FROM outgoing_hooks h WHERE h.room_id = r.room AND h.stopped_at IS NULL AND h.retry_at IS NULL) h`,
      [[...new Set(changes.map(({ room }) => room))]],
    )
    addJobs(rows.map((hook) => jobOf(hook)))
  },
}

interface HookParts {
  pool: Pool
  poster: OutsidePoster
  sealing: Sealing
  log: Log
}

interface HookRow {
  id: string
  room_id: string
  room_name: string
  created_by: string | null
  url: string
  sealed_secret: Buffer
  after_seq: number
  tries: number
  retry_at: Date | null
}

/** Posts what is new in a room to the address of a hook, in order. */
export function createHookDelivery({ pool, poster, sealing, log }: HookParts): JobHandler {
  async function run(payload: unknown, signal: AbortSignal): Promise<void> {
    const { hook: id } = payload as { hook: string }
    const until = performance.now() + runMs
    for (;;) {
      const hook = await readHook(pool, id)
      if (!hook) return
      if (hook.retry_at && hook.retry_at > new Date()) return addJobs(pool, [jobOf(hook, hook.retry_at)])
      const { message, last } = await readNext(pool, hook)
      if (last === null) return
      if (message) {
        const problem = await deliver(hook, message, signal)
        if (signal.aborted) throw signal.reason
        if (problem !== null) return fail(hook, problem)
      }
      await passed(pool, id, last)
      if (performance.now() > until) return addJobs(pool, [jobOf(hook)])
    }
  }

  /** @returns why it failed; null when it was taken */
  async function deliver(hook: HookRow, message: Message, signal: AbortSignal): Promise<Problem | null> {
    const secret = sealing.open(hook.sealed_secret, hook.id)?.secret
    if (!secret) return { words: 'its secret cannot be read: AUTH_SECRET was replaced' }
    const body = JSON.stringify({ type: 'message', hook: hook.id, room: { id: hook.room_id, name: hook.room_name }, message })
    try {
      const status = await poster.post(hook.url, body, signedHeaders(`${hook.id}:${message.seq}`, body, secret), signal)
      if (status >= 200 && status < 300) return null
      if (status >= 300 && status < 400) return { words: `answered ${status}: redirects are not followed` }
      return { words: `answered ${status}`, isGone: status === 410 }
    } catch (error) {
      return { words: describeError(error) }
    }
  }

  async function fail(hook: HookRow, { words, isGone = false }: Problem): Promise<void> {
    const tries = hook.tries + 1
    const isOver = isGone || tries >= maxTries
    const pauseMs = Math.min(firstPauseMs * 2 ** (tries - 1), longestPauseMs) * (0.9 + Math.random() / 5)
    const retryAt = new Date(Date.now() + pauseMs)
    log.info({ hook: hook.id, tries, isOver }, 'posting to a hook failed')
    await inTransaction(pool, async (transaction) => {
      await transaction.query(
        `UPDATE outgoing_hooks SET tries = $2, last_error = $3, retry_at = $4, stopped_at = CASE WHEN $5 THEN now() END WHERE id = $1`,
        [hook.id, tries, words, isOver ? null : retryAt, isOver],
      )
      if (!isOver) await addJobs(transaction, [jobOf(hook, retryAt)])
    })
  }

  return { name: jobName, waitsForOutside: true, run }
}

export const createHookResealing = (pool: Pool, sealing: Sealing): JobHandler => ({
  name: 'reseal hook secrets',
  schedule: '27 * * * *',
  run: () => resealHookSecrets(pool, sealing),
})

interface Problem {
  /** For the room's moderators. */
  words: string
  /** The address says that there is nothing any more. */
  isGone?: boolean
}

async function readHook(pool: Pool, id: string): Promise<HookRow | null> {
  const { rows } = await pool.query<HookRow>(
    `SELECT h.id, h.room_id, r.name AS room_name, h.created_by, h.url, h.sealed_secret, h.after_seq, h.tries, h.retry_at
     FROM outgoing_hooks h JOIN rooms r ON r.id = h.room_id WHERE h.id = $1 AND h.stopped_at IS NULL`,
    [id],
  )
  return rows[0] ?? null
}

/**
 * The next message that a person wrote, and how far was looked. What programs write is left out, or two of them would talk for
 * ever. One at a time: what is removed while an earlier one is posted must not be posted.
 */
async function readNext(pool: Pool, { room_id: room, after_seq: after }: HookRow): Promise<{ message?: Message; last: number | null }> {
  const { rows } = await pool.query<{ seq: number; isFor: boolean }>(
    `SELECT m.seq, m.kind = 'text' AND m.deleted_at IS NULL AND u.role <> 'bot' AS "isFor"
     FROM (SELECT * FROM messages WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3) m
     CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = m.author_id LIMIT 1) u ORDER BY m.seq`,
    [room, after, messagesPerRead],
  )
  const next = rows.find(({ isFor }) => isFor)
  if (!next) return { last: rows.at(-1)?.seq ?? null }
  const [message] = await readMessagesAt(pool, room, [next.seq])
  return { last: next.seq, ...(message?.deletedAt === null && { message }) }
}

async function passed(pool: Pool, id: string, seq: number): Promise<void> {
  await pool.query(
    'UPDATE outgoing_hooks SET after_seq = greatest(after_seq, $2), tries = 0, retry_at = NULL, last_error = NULL WHERE id = $1',
    [id, seq],
  )
}

/** The headers of Standard Webhooks. A message has the same id in each try. */
export function signedHeaders(id: string, body: string, secret: Buffer, now = Date.now()): Record<string, string> {
  const timestamp = String(Math.floor(now / 1_000))
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

/** Without what an error says of the network. */
function describeError(error: unknown): string {
  if (error instanceof ForbiddenUrl) return `its address ${error.message}`
  const { code, name } = error as { code?: unknown; name?: unknown }
  if (name === 'TimeoutError' || name === 'AbortError') return 'did not answer in time'
  return typeof code === 'string' && /CERT|TLS|SSL|ALTNAME/.test(code) ? 'has no valid certificate' : 'could not be reached'
}
