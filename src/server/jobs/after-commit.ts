import type { Pool } from 'pg'
import { type BackgroundLoop, startEvery } from '../platform/background'
import { inTransaction, type Querying } from '../platform/database'
import type { Log } from '../platform/log'
import { addJobs, type JobHandler, type NewJob } from './job-worker'

/** A message that was stored or changed, as the statement that did it noted in the same transaction. */
export interface CommittedChange {
  room: string
  /** The message's position in its room. */
  seq: number
  /** The room's version at this change. The message may have changed again since. */
  version: number
  what: 'stored' | 'edited' | 'removed' | 'reacted' | 'pinned'
}

/** What a handler can do in the transaction that takes the changes. All of it is stored, or nothing. */
export interface AfterCommitTransaction {
  query: Querying['query']
  /** Adds jobs for what needs time, or something outside this database. */
  addJobs(jobs: readonly NewJob[]): void
}

/**
 * Something that must happen after every message that was stored or changed. Each change reaches each handler at least
 * once, in no certain order, on any node. So a handler reads the message as it is now, and doing it twice is harmless.
 * @example
 * const pushHandler: AfterCommitHandler = {
 *   name: 'push',
 *   on: ['stored'],
 *   handle: async (changes, { addJobs }) =>
 *     addJobs(changes.map(({ room, seq }) => ({ job: 'push', key: `${room}:${seq}`, payload: { room, seq } }))),
 * }
 */
export interface AfterCommitHandler {
  name: string
  on: readonly CommittedChange['what'][]
  /** Handles some hundred changes together, with few statements: others wait meanwhile. */
  handle(changes: readonly CommittedChange[], transaction: AfterCommitTransaction): Promise<void>
}

interface Row extends CommittedChange {
  id: string
}

const maxPerBatch = 500
const idleMs = 500
const busyMs = 50
/** The job that runs a handler again for a change that it failed at. */
const retryJob = 'after-commit'

/**
 * Takes noted changes in batches and hands them to the handlers. Any number of nodes may do so: each takes what no other
 * has locked. Nothing notifies it of new rows, because NOTIFY makes commits wait for each other.
 */
export function startAfterCommit(pool: Pool, handlers: readonly AfterCommitHandler[], log: Log): BackgroundLoop {
  let isBusy = false

  async function dispatch() {
    const taken = await inTransaction(pool, (client) => dispatchBatch(client, handlers, log))
    isBusy = taken > 0
    // There is probably more.
    if (taken === maxPerBatch) loop.runNow()
  }
  const loop = startEvery(dispatch, {
    everyMs: () => (isBusy ? busyMs : idleMs),
    jitterMs: busyMs,
    startsNow: true,
    name: 'after-commit work',
    log,
  })
  return loop
}

/** @returns how many changes it took */
async function dispatchBatch(client: Querying, handlers: readonly AfterCommitHandler[], log: Log): Promise<number> {
  // Not "everything after the last id": ids are given before the commit, so a lower one may become visible later.
  const { rows } = await client.query<Row>(
    `WITH taken AS (
       DELETE FROM after_commit WHERE id = ANY(ARRAY(SELECT id FROM after_commit ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)) RETURNING *
     )
     SELECT id, room_id AS room, seq, version, what FROM taken ORDER BY id`,
    [maxPerBatch],
  )
  for (const handler of handlers) {
    const changes = rows.filter(({ what }) => handler.on.includes(what))
    if (changes.length > 0) await handleOrRetry(client, handler, changes, log)
  }
  return rows.length
}

/** A handler that fails must not hold up the others, nor its other changes: each gets a job that tries it again alone. */
async function handleOrRetry(client: Querying, handler: AfterCommitHandler, rows: readonly Row[], log: Log): Promise<void> {
  await client.query('SAVEPOINT handler')
  try {
    // Adding its jobs can fail too, when one is not valid.
    await addJobs(client, await handle(client, handler, rows))
    await client.query('RELEASE SAVEPOINT handler')
  } catch (error) {
    // This fails, and with it the whole transaction, when it was the connection that failed.
    await client.query('ROLLBACK TO SAVEPOINT handler')
    log.warn({ handler: handler.name, changes: rows.length, err: error }, 'after-commit work failed: each change is tried again alone')
    const retries = rows.map(({ id, ...change }) => ({
      job: retryJob,
      key: `${handler.name}:${id}`,
      payload: { handler: handler.name, change } satisfies Retry,
    }))
    await addJobs(client, retries)
  }
}

/** @returns the jobs that the handler wants added */
async function handle(client: Querying, handler: AfterCommitHandler, changes: readonly CommittedChange[]): Promise<NewJob[]> {
  const jobs: NewJob[] = []
  await handler.handle(changes, { query: client.query.bind(client) as Querying['query'], addJobs: (added) => jobs.push(...added) })
  return jobs
}

interface Retry {
  handler: string
  change: CommittedChange
}

/** Runs a handler again, with the queue's pauses, for a change that it failed at. */
export function createRetryJob(pool: Pool, handlers: readonly AfterCommitHandler[]): JobHandler {
  return {
    name: retryJob,
    run: async (payload) => {
      const { handler: name, change } = payload as Retry
      const handler = handlers.find((candidate) => candidate.name === name)
      // During a deploy, the next try may run on a node that has this handler.
      if (!handler) throw new Error(`this node has no handler ${name}`)
      await inTransaction(pool, async (client) => addJobs(client, await handle(client, handler, [change])))
    },
  }
}
