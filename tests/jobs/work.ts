import type { AfterCommitHandler, CommittedChange } from '../../src/server/jobs/after-commit'
import type { JobHandler, JobOutcome, JobTiming } from '../../src/server/jobs/job-worker'
import { type JobCounts, startJobs } from '../../src/server/jobs/jobs'
import { keepLog } from '../support/log-lines'
import type { Roomline } from '../support/roomline'

export const quick: Partial<JobTiming> = { pollMs: 50, closeMs: 200 }

/** The background work of one node, and what it told its log and its metrics. */
export function startWork(
  databaseUrl: string,
  parts: { afterCommit?: AfterCommitHandler[]; handlers?: JobHandler[]; timing?: Partial<JobTiming> },
) {
  const { afterCommit = [], handlers = [], timing } = parts
  const kept = keepLog()
  const outcomes: string[] = []
  const counts: JobCounts[] = []
  const { close } = startJobs({
    databaseUrl,
    afterCommit,
    handlers,
    metrics: {
      jobEnded: (job, outcome: JobOutcome) => outcomes.push(`${job} ${outcome}`),
      jobsCounted: (counted) => counts.push(counted),
    },
    log: kept.log,
    timing: { ...quick, ...timing },
  })
  return { ...kept, outcomes, counts, [Symbol.asyncDispose]: close }
}

export async function noteChanges({ pool }: Roomline, seqs: readonly number[], what: CommittedChange['what'] = 'stored') {
  await pool.query(`INSERT INTO after_commit (room_id, seq, version, what) SELECT 'general', seq, seq, $2 FROM unnest($1::int[]) AS seq`, [
    seqs,
    what,
  ])
}

export async function countRows({ pool }: Roomline, table: 'after_commit' | 'graphile_worker.jobs'): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`)
  return rows[0]?.count ?? 0
}

export const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

/** A handler that keeps what it gets. */
export function keepChanges(on: CommittedChange['what'][] = ['stored']) {
  const batches: CommittedChange[][] = []
  const handler: AfterCommitHandler = { name: 'keep', on, handle: async (changes) => void batches.push([...changes]) }
  return { handler, batches, seqs: () => batches.flat().map(({ seq }) => seq) }
}
