import pg from 'pg'
import { rebuildSearch } from '../../src/server/search/rebuild-search'
import { messageSteps } from './messages-sql'
import { scratchSteps } from './people-and-rooms-sql'
import { setIndexesAside } from './set-aside'
import type { Sizes } from './sizes'
import type { Step } from './step'

/** Of all that comes after the messages, per table that is indexed or searched. */
const weightOfIndex = 2
const weightOfSearch = 150

export interface Progress {
  name: string
  /** From 0 to 1. */
  done: number
  elapsedMs: number
}

/**
 * Fills a migrated, empty database.
 * @param onProgress is called before each step
 * @param analyse false leaves the planner's statistics as they were
 */
export async function fillDatabase(
  databaseUrl: string,
  sizes: Sizes,
  { onProgress = () => {}, analyse = true }: { onProgress?: (progress: Progress) => void; analyse?: boolean } = {},
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.on('error', () => {})
  await client.connect()
  try {
    // The planner cannot know how many values a hash of a number has: it would choose nested loops over whole tables.
    await client.query(
      `SET synchronous_commit = off; SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; SET jit = off; SET enable_nestloop = off`,
    )
    const since = performance.now()
    // The triggers are for changes that nodes must hear of. What they keep is filled in by the steps below.
    await client.query(`SET session_replication_role = replica`)
    const aside = await setIndexesAside(client)
    const steps: Step[] = [
      ...scratchSteps(sizes),
      ...messageSteps(sizes),
      { name: 'away with the scratch tables', weight: 1, sql: 'DROP SCHEMA made CASCADE' },
      ...aside.map(({ name, sql }) => ({ name, sql, weight: weightOfIndex })),
      ...(analyse ? [{ name: 'statistics', weight: 6, sql: 'VACUUM ANALYZE' }] : []),
    ]
    const total = steps.reduce((sum, { weight }) => sum + weight, weightOfSearch)
    let done = 0
    for (const { name, weight, sql } of steps) {
      onProgress({ name, done: done / total, elapsedMs: performance.now() - since })
      await client.query(sql)
      done += weight
    }
    await rebuildSearch(databaseUrl, {
      signal: new AbortController().signal,
      onProgress: (part) =>
        onProgress({
          name: `search: ${part.what}`,
          done: (done + weightOfSearch * (part.what === 'messages' ? part.done / part.total : 1)) / total,
          elapsedMs: performance.now() - since,
        }),
    })
    onProgress({ name: 'ready', done: 1, elapsedMs: performance.now() - since })
  } finally {
    await client.end()
  }
}
