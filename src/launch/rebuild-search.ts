import { type RebuildProgress, rebuildSearch } from '../server/search/rebuild-search'
import { LaunchError } from './launch-error'
import { reasonOf } from './migrate-database'

const reportEveryMs = 1_000
const words = { messages: 'messages', indexes: 'indexes', leftovers: 'rows checked for messages that are gone' }

/** One line for each second: how much is done, how fast, and how long it will take. */
function createReport() {
  let startedAt = performance.now()
  let reportedAt = startedAt
  let what: RebuildProgress['what'] | null = null
  return ({ what: now, done, total }: RebuildProgress) => {
    if (now !== what) startedAt = performance.now()
    else if (done < total && performance.now() - reportedAt < reportEveryMs) return
    what = now
    reportedAt = performance.now()
    const perSecond = done / Math.max(0.001, (reportedAt - startedAt) / 1_000)
    const rate = now === 'indexes' || done === 0 ? '' : `, ${count(perSecond)} a second, ${duration((total - done) / perSecond)} left`
    process.stdout.write(`${count(done)} of ${count(total)} ${words[now]}${rate}\n`)
  }
}

const count = (value: number) => Math.round(value).toLocaleString('en')
const duration = (seconds: number) => (seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`)

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
try {
  const databaseUrl = process.env.DATABASE_URL
  if (!databaseUrl) throw new LaunchError('Set DATABASE_URL to the Postgres whose messages are to be made searchable.')
  await rebuildSearch(databaseUrl, { signal: stopping.signal, onProgress: createReport() })
  process.stdout.write('All messages can be found.\n')
} catch (error) {
  process.stderr.write(
    stopping.signal.aborted
      ? 'Stopped before the end. Run it again: not all messages can be found yet.\n'
      : `${error instanceof LaunchError ? error.message : `Could not make the messages searchable: ${reasonOf(error)}`}\n`,
  )
  process.exitCode = 1
}
