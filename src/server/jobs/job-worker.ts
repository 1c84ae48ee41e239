import { EventEmitter } from 'node:events'
import { Logger, parseCronItems, type Runner, run, type WorkerEvents } from 'graphile-worker'
import type { Pool } from 'pg'
import { type BackgroundLoop, startEvery } from '../platform/background'
import type { Querying } from '../platform/database'
import type { Log } from '../platform/log'
import { jobSchema } from '../platform/migrations'

/** Work that one node does, some time after it was asked for. */
export interface NewJob {
  /** The name of its handler. */
  job: string
  /** A job whose key is waiting already replaces it, so that adding it twice is harmless. */
  key: string
  /** What its handler gets, as JSON. */
  payload: object
  /** Jobs of one queue run one after the other. */
  queue?: string
  /** Not before this time. */
  runAt?: Date
}

/**
 * Does the jobs of one name. A run that throws, takes longer than a minute, or dies with its process is tried again, with
 * growing pauses: doing it twice must be harmless.
 */
export interface JobHandler {
  name: string
  /** @param signal aborts when the time is up or the node closes: the job is then given back */
  run(payload: unknown, signal: AbortSignal): Promise<void>
  /**
   * It waits for servers of strangers, who may take all the time that a job has. Such jobs run in places of their own, so that
   * they hold up no others.
   */
  waitsForOutside?: true
  /** Adds a job by itself at these times, on one node: five fields as in a crontab, UTC. */
  schedule?: string
}

export interface JobTiming {
  /** How long one run of a job may take. */
  limitMs: number
  /** A job that was begun so long ago belongs to a node that is gone. Longer than `limitMs`. */
  abandonedMs: number
  /** How long running jobs may go on while the node closes. */
  closeMs: number
  pollMs: number
}

export type JobOutcome = 'done' | 'retried' | 'given up'

const defaultTiming: JobTiming = { limitMs: 60_000, abandonedMs: 120_000, closeMs: 5_000, pollMs: 2_000 }
/** The last pause before a try is about two hours, all pauses together about three. */
const maxTries = 10
const jobsAtOnce = 4
const longestPauseMs = 30_000

interface WorkerParts {
  /** Keeps one of its connections, for the queue's notifications. */
  pool: Pool
  handlers: readonly JobHandler[]
  onOutcome: (job: string, outcome: JobOutcome) => void
  log: Log
  timing?: Partial<JobTiming>
}

/** Works off the jobs of these handlers until it is closed. Whatever ends the queue's own runner, Postgres away first of all, it starts anew. */
export function startJobWorker({ pool, handlers, onOutcome, log, timing }: WorkerParts): Pick<BackgroundLoop, 'close'> {
  const { limitMs, closeMs, pollMs } = { ...defaultTiming, ...timing }
  const events: WorkerEvents = new EventEmitter()
  events.on('job:success', ({ job }) => onOutcome(job.task_identifier, 'done'))
  events.on('job:error', ({ job, error }) => {
    const isLast = job.attempts >= job.max_attempts
    onOutcome(job.task_identifier, isLast ? 'given up' : 'retried')
    log[isLast ? 'error' : 'warn']({ job: job.task_identifier, id: job.id, tries: job.attempts, err: error }, 'a job failed')
  })
  let runner: Runner | null = null
  let isClosing = false
  let failures = 0

  async function runUntilItEnds() {
    const startedAt = performance.now()
    failures++
    runner = await run({
      pgPool: pool,
      schema: jobSchema,
      taskList: Object.fromEntries(
        handlers.map((handler) => [handler.name, (payload, { abortSignal }) => runLimited(handler, payload, limitMs, abortSignal)]),
      ),
      parsedCronItems: parseCronItems(
        handlers.flatMap(({ name, schedule }) =>
          schedule ? [{ task: name, match: schedule, identifier: name, options: { backfillPeriod: 60 * 60_000, jobKey: name } }] : [],
        ),
      ),
      // Without a batch delay it does not await the statement that ends a job: a lost connection would end the process.
      preset: { worker: { concurrentJobs: jobsAtOnce, pollInterval: pollMs, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      gracefulShutdownAbortTimeout: closeMs,
      // A pooler in transaction mode may not keep them.
      noPreparedStatements: true,
      noHandleSignals: true,
      events,
      logger: new Logger(() => (level, message) => log.debug({ level }, message)),
    })
    // It was closed while it connected.
    if (isClosing) await stop()
    await runner.promise
    runner = null
    if (performance.now() - startedAt > longestPauseMs) failures = 0
    if (!isClosing) throw new Error('the job queue ended')
  }

  /** It says no more than that it has ended already. */
  const stop = () => runner?.stop().catch(() => {})

  const running = startEvery(runUntilItEnds, {
    everyMs: () => Math.min(1_000 * 2 ** failures, longestPauseMs),
    startsNow: true,
    name: 'work off jobs',
    log,
  })
  return {
    close: async () => {
      isClosing = true
      await Promise.all([stop(), running.close()])
    },
  }
}

/** Keeps the queue's table in order, whoever's jobs are in it. */
export function startJobUpkeep({ pool, log, timing }: Pick<WorkerParts, 'pool' | 'log' | 'timing'>): Pick<BackgroundLoop, 'close'> {
  const { abandonedMs } = { ...defaultTiming, ...timing }
  const removing = startEvery(() => removeGivenUp(pool), { everyMs: 60 * 60_000, startsNow: true, name: 'remove old jobs', log })
  // The queue itself waits for four hours before it takes back the jobs of a process that was killed.
  const freeing = startEvery(() => freeAbandoned(pool, abandonedMs), {
    everyMs: abandonedMs / 4,
    jitterMs: abandonedMs / 40,
    name: 'free abandoned jobs',
    log,
  })
  return { close: async () => void (await Promise.all([freeing.close(), removing.close()])) }
}

/** Rejects when the time is up or the node closes, even if the job does not listen to its signal. */
async function runLimited({ run, name }: JobHandler, payload: unknown, limitMs: number, closing: AbortSignal | undefined) {
  // AbortSignal.any and AbortSignal.timeout would keep something of every job that ends in time.
  const controller = new AbortController()
  const { signal } = controller
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`${name} was aborted`, { cause: signal.reason })), { once: true })
  })
  const onClosing = () => controller.abort(closing?.reason)
  const timer = setTimeout(() => controller.abort(new Error(`it took longer than ${limitMs} ms`)), limitMs)
  closing?.addEventListener('abort', onClosing)
  if (closing?.aborted) onClosing()
  try {
    await Promise.race([run(payload, signal), aborted])
  } finally {
    clearTimeout(timer)
    closing?.removeEventListener('abort', onClosing)
  }
}

async function freeAbandoned(pool: Pool, abandonedMs: number): Promise<void> {
  await pool.query(
    `SELECT ${jobSchema}.force_unlock_workers(array_agg(DISTINCT locked_by)) FROM ${jobSchema}.jobs
     WHERE locked_at < now() - $1 * interval '1 ms'`,
    [abandonedMs],
  )
}

/** A job that was given up stays for a month, so that somebody can look at it. */
async function removeGivenUp(pool: Pool): Promise<void> {
  await pool.query(
    `SELECT FROM ${jobSchema}.complete_jobs(ARRAY(
       SELECT id FROM ${jobSchema}.jobs WHERE attempts >= max_attempts AND locked_at IS NULL AND updated_at < now() - interval '30 days'))`,
  )
}

/** Adds jobs in one statement, as part of its transaction. */
export async function addJobs(client: Querying, jobs: readonly NewJob[]): Promise<void> {
  if (jobs.length === 0) return
  // The queue refuses a statement with the same key twice.
  const byKey = new Map(jobs.map((job) => [`${job.job}:${job.key}`, job]))
  const specs = [...byKey].map(([key, { job, payload, queue, runAt }]) => ({
    ...{ identifier: job, payload, job_key: key, max_attempts: maxTries },
    ...(queue !== undefined && { queue_name: queue }),
    ...(runAt && { run_at: runAt }),
  }))
  await client.query(`SELECT FROM ${jobSchema}.add_jobs(ARRAY(SELECT json_populate_recordset(null::${jobSchema}.job_spec, $1::json)))`, [
    JSON.stringify(specs),
  ])
}
