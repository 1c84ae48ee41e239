import { startEvery } from '../platform/background'
import { openPool, type PoolOptions } from '../platform/database'
import type { Log } from '../platform/log'
import { jobSchema } from '../platform/migrations'
import { type AfterCommitHandler, createRetryJob, startAfterCommit } from './after-commit'
import { type JobHandler, type JobOutcome, type JobTiming, startJobUpkeep, startJobWorker } from './job-worker'

/** How much is waiting, in the whole installation. */
export interface JobCounts {
  /** Changes that have not reached the handlers yet. */
  changes: number
  /** How long the oldest of them has been waiting. */
  oldestChangeSeconds: number
  jobs: number
  /** Jobs that failed too often, and stay in the table for a month. */
  givenUpJobs: number
}

export interface Jobs {
  /** Gives back what it cannot finish within some seconds. Leaves nothing open. */
  close(): Promise<void>
}

interface JobsParts {
  databaseUrl: string
  /** What happens after a commit. */
  afterCommit: readonly AfterCommitHandler[]
  handlers: readonly JobHandler[]
  metrics: { jobEnded(job: string, outcome: JobOutcome): void; jobsCounted(counts: JobCounts): void }
  watch?: PoolOptions['watch']
  log: Log
  timing?: Partial<JobTiming>
}

const countEveryMs = 10_000

/** Two for the queue's notifications, one for changes, one for the jobs' own rows. */
const maxConnections = 4

/** This node's share of the background work of all nodes: what must happen after a commit, and jobs. */
export function startJobs({ databaseUrl, afterCommit, handlers, metrics, watch, log, timing }: JobsParts): Jobs {
  const pool = openPool(databaseUrl, { maxConnections, watch, durable: true, onError: () => {} })
  // A connection that is lost while it is in use says so twice, and the second time to nobody but this.
  pool.on('connect', (client) => client.on('error', () => {}))
  const changes = startAfterCommit(pool, afterCommit, log)
  const all = [createRetryJob(pool, afterCommit), ...handlers]
  const workers = [all.filter((handler) => !handler.waitsForOutside), all.filter((handler) => handler.waitsForOutside)]
    .filter((some) => some.length > 0)
    .map((some) => startJobWorker({ pool, handlers: some, onOutcome: metrics.jobEnded, log, timing }))
  const upkeep = startJobUpkeep({ pool, log, timing })

  async function count() {
    // More than so many need not be counted exactly.
    const { rows } = await pool.query<JobCounts>(
      `SELECT (SELECT count(*)::int FROM (SELECT FROM after_commit LIMIT 10000) c) AS changes,
         (SELECT coalesce(extract(epoch FROM now() - min(at)), 0)::float FROM (SELECT at FROM after_commit ORDER BY id LIMIT 1) o)
           AS "oldestChangeSeconds",
         (SELECT count(*)::int FROM (SELECT FROM ${jobSchema}.jobs WHERE attempts < max_attempts LIMIT 10000) w) AS jobs,
         (SELECT count(*)::int FROM (SELECT FROM ${jobSchema}.jobs WHERE attempts >= max_attempts LIMIT 10000) g) AS "givenUpJobs"`,
    )
    if (rows[0]) metrics.jobsCounted(rows[0])
  }
  const counting = startEvery(count, { everyMs: countEveryMs, startsNow: true, name: 'count jobs', log })

  return {
    close: async () => {
      await Promise.all([changes.close(), upkeep.close(), counting.close(), ...workers.map((worker) => worker.close())])
      await pool.end()
    },
  }
}
