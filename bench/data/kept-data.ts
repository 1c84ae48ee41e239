import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { openDataDir, readIfExists } from '../../src/launch/data-dir'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/launch/embedded-postgres'
import { migrate } from '../../src/server/platform/migrations'
import { fillDatabase, type Progress } from './fill'
import { sizesFor } from './sizes'

const folder = fileURLToPath(new URL('../.data', import.meta.url))
const migrations = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))
const own = fileURLToPath(new URL('.', import.meta.url))

/** A Postgres with generated data that is kept between runs. */
export interface KeptData {
  dataDir: string
  adminUrl: string
  /**
   * A database with this many messages, made if there is none or if it was made for another schema.
   * @returns its URL. Do not change anything in it: copy it
   */
  require(messages: number, report: (line: string) => void, options?: { afresh?: boolean }): Promise<string>
  /** A copy of that database to measure in. @returns its URL */
  copy(messages: number, name: string): Promise<string>
  drop(name: string): Promise<void>
  close(): Promise<void>
}

const nameOf = (messages: number) => `messages_${messages}`

export async function openKeptData(signal: AbortSignal): Promise<KeptData> {
  const dir = await openDataDir(folder)
  let postgres: EmbeddedPostgres
  try {
    postgres = await startEmbeddedPostgres({ dataDir: dir.path, signal })
  } catch (error) {
    await dir.close()
    throw error
  }
  const urlFor = (name: string) => {
    const url = new URL(postgres.url)
    url.pathname = `/${name}`
    return url.href
  }
  const admin = new pg.Client({ connectionString: urlFor('postgres') })
  admin.on('error', () => {})
  await admin.connect()
  // Ends the statement that is running: there may be minutes left of it.
  signal.addEventListener('abort', () => postgres.kill())
  const drop = async (name: string) => {
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  }
  return {
    dataDir: dir.path,
    adminUrl: urlFor('postgres'),
    require: async (messages, report, { afresh = false } = {}) => {
      const name = nameOf(messages)
      const marker = path.join(dir.path, `${name}.json`)
      const wanted = JSON.stringify({ messages, ...(await hashes()) })
      const found = await readIfExists(marker)
      if (found === wanted && !afresh) return urlFor(name)
      report(
        `${name}: ${found === null ? 'is not there yet' : found === wanted ? 'is made anew' : `is outdated (${differenceOf(found, wanted)})`}`,
      )
      await rm(marker, { force: true })
      await drop(name)
      await admin.query(`CREATE DATABASE ${name}`)
      await migrate(urlFor(name))
      // A checkpoint every few seconds would be most of the work.
      await admin.query(`ALTER SYSTEM SET max_wal_size = '16GB'`)
      await admin.query('SELECT pg_reload_conf()')
      let reported = { name: '', elapsedMs: 0 }
      await fillDatabase(urlFor(name), sizesFor(messages), {
        onProgress: (progress) => {
          if (progress.name === reported.name && progress.elapsedMs - reported.elapsedMs < 2_000) return
          reported = progress
          report(`${name}: ${describe(progress)}`)
        },
      })
      await admin.query('ALTER SYSTEM RESET max_wal_size')
      await admin.query('SELECT pg_reload_conf()')
      await admin.query('CHECKPOINT')
      await writeFile(marker, wanted)
      return urlFor(name)
    },
    copy: async (messages, name) => {
      await drop(name)
      await admin.query(`CREATE DATABASE ${name} TEMPLATE ${nameOf(messages)} STRATEGY file_copy`)
      return urlFor(name)
    },
    drop,
    close: async () => {
      await admin.end()
      await postgres.close()
      await dir.close()
    },
  }
}

/** What the data depends on besides its size. */
async function hashes(): Promise<{ schema: string; generator: string }> {
  const hash = async (folder: string, pattern: RegExp) => {
    const sum = createHash('sha256')
    for (const name of (await readdir(folder, { recursive: true })).filter((file) => pattern.test(file)).sort())
      sum.update(name).update(await readFile(path.join(folder, name)))
    return sum.digest('hex').slice(0, 16)
  }
  return { schema: await hash(migrations, /\.sql$/), generator: await hash(own, /(-sql|known-texts|sizes)\.ts$/) }
}

function differenceOf(found: string, wanted: string): string {
  const [before, now] = [found, wanted].map((text) => JSON.parse(text) as Record<string, unknown>)
  const names = Object.keys(now ?? {}).filter((name) => before?.[name] !== now?.[name])
  return `made for another ${names.join(' and ')}`
}

function describe({ name, done, elapsedMs }: Progress): string {
  const percent = `${Math.floor(done * 100)} %`.padStart(5)
  const left = done > 0.02 && done < 1 ? `, about ${seconds((elapsedMs * (1 - done)) / done)} left` : ''
  return `${percent} · ${seconds(elapsedMs)}${left} · ${name}`
}

function seconds(ms: number): string {
  const all = Math.round(ms / 1_000)
  return `${Math.floor(all / 60)}:${String(all % 60).padStart(2, '0')}`
}
