import type { Pool } from 'pg'
import { Failure, failures } from '../../contract/failures'
import type { User } from '../../contract/session'
import { messageText } from '../../contract/text'
import { type SendContext, sendMessage } from '../chat/send-message'
import { startEvery } from '../platform/background'
import { inTransaction, type Querying } from '../platform/database'
import { listenToPostgres } from '../platform/listen'
import type { Log } from '../platform/log'

interface WaitingPost {
  id: string
  room: string
  text: string
  clientId: string
  author: User
}

type Outcome = { id: string } & ({ kind: 'stored' } | { kind: 'failed'; failure: string } | { kind: 'later'; waitMs: number })

/** The Postgres notification of `roomline.post`, see prisma/migrations. */
const notification = 'roomline_posts'
/** One node at a time stores posts, so that those of a bot in a room stay in their order. */
const relayLock = 7_306_006
const pollMs = 1_000
const maxPerRound = 100
const retryMs = 5_000

/** Stores what applications have posted with `roomline.post` in transactions that are committed. */
export function startPostRelay({
  pool,
  databaseUrl,
  sending,
  log,
}: {
  pool: Pool
  databaseUrl: string
  sending: SendContext['parts']
  log: Log
}): { close(): Promise<void> } {
  async function relay() {
    const taken = await inTransaction(pool, async (transaction) => {
      const { rows } = await transaction.query<{ held: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS held', [relayLock])
      if (!rows[0]?.held) return 0
      const posts = await readWaiting(transaction)
      await writeOutcomes(transaction, (await Promise.all(byLane(posts).map(storeLane))).flat())
      return posts.length
    })
    // There is probably more.
    if (taken === maxPerRound) loop.runNow()
  }

  /** Stops at the first post that has to wait: those behind it must not overtake it. */
  async function storeLane(posts: readonly WaitingPost[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    for (const post of posts) {
      const outcome = await storePost(post)
      outcomes.push(outcome)
      if (outcome.kind === 'later') break
    }
    return outcomes
  }

  async function storePost({ id, room, text, clientId, author }: WaitingPost): Promise<Outcome> {
    const cleaned = messageText.safeParse(text)
    try {
      if (!cleaned.success) throw new Failure('BAD_REQUEST')
      await sendMessage({ parts: sending, caller: { user: author, uid: null } }, { room, text: cleaned.data, clientId })
      return { id, kind: 'stored' }
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const { failure, detail } = error
      if (failures[failure].retry || failure === 'SLOW_MODE') return { id, kind: 'later', waitMs: detail.retryAfterMs ?? retryMs }
      log.warn({ room, author: author.username, failure }, 'what an application has posted cannot be stored')
      return { id, kind: 'failed', failure }
    }
  }

  const loop = startEvery(relay, { everyMs: pollMs, jitterMs: pollMs / 5, startsNow: true, name: 'store posts of applications', log })
  const listener = listenToPostgres(databaseUrl, notification, loop.runNow, log)
  return {
    close: async () => {
      await listener.close()
      await loop.close()
    },
  }
}

async function readWaiting(transaction: Querying): Promise<WaitingPost[]> {
  const { rows } = await transaction.query<Omit<WaitingPost, 'author'> & User & { id: string; authorId: string }>(
    `SELECT p.id::text, p.room_id AS room, p.text, p.client_id AS "clientId", u.id AS "authorId", u.username, u.display_name AS "displayName",
       u.avatar
     FROM posts p CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = p.author_id LIMIT 1) u
     WHERE p.failure IS NULL AND NOT EXISTS (
       SELECT FROM posts e WHERE e.room_id = p.room_id AND e.author_id = p.author_id AND e.id <= p.id AND e.retry_at > now() AND e.failure IS NULL)
     ORDER BY p.id LIMIT $1`,
    [maxPerRound],
  )
  return rows.map(({ id, room, text, clientId, authorId, username, displayName, avatar }) => ({
    ...{ id, room, text, clientId },
    author: { id: authorId, username, displayName, avatar },
  }))
}

/** Those of one bot in one room, in their order. */
function byLane(posts: readonly WaitingPost[]): WaitingPost[][] {
  const lanes = new Map<string, WaitingPost[]>()
  for (const post of posts) {
    const lane = `${post.author.id} ${post.room}`
    lanes.set(lane, [...(lanes.get(lane) ?? []), post])
  }
  return [...lanes.values()]
}

/**
 * Should this not be committed, they are stored once more, with the same clientId: as the same messages. So are those whose rows
 * somebody else has locked: waiting for them would hold up all other posts.
 */
async function writeOutcomes(transaction: Querying, outcomes: readonly Outcome[]): Promise<void> {
  const { rows } = await transaction.query<{ id: string }>(
    'SELECT id::text FROM posts WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE SKIP LOCKED',
    [outcomes.map(({ id }) => id)],
  )
  const held = new Set(rows.map(({ id }) => id))
  const writable = outcomes.filter(({ id }) => held.has(id))
  const stored = writable.flatMap((outcome) => (outcome.kind === 'stored' ? [outcome.id] : []))
  if (stored.length > 0) await transaction.query('DELETE FROM posts WHERE id = ANY($1::bigint[])', [stored])
  for (const outcome of writable) {
    if (outcome.kind === 'failed') await transaction.query('UPDATE posts SET failure = $2 WHERE id = $1', [outcome.id, outcome.failure])
    if (outcome.kind === 'later')
      await transaction.query(`UPDATE posts SET retry_at = now() + $2 * interval '1 ms' WHERE id = $1`, [outcome.id, outcome.waitMs])
  }
}
