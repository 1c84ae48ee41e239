import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { readIfExists, readOrCreate } from './data-dir'
import { LaunchError } from './launch-error'
import { startOrphanGuard } from './orphan-guard'
import { findFreePort } from './ports'
import {
  findDataOwner,
  findPostgresAccount,
  giveToInitdb,
  giveToPostgres,
  makeDraft,
  type PostgresAccount,
  takeOverData,
} from './postgres-account'
import { findPostgresPrograms, type PostgresPrograms, removeDrafts } from './postgres-programs'
import { commandLineOf, describeExit, type Running, stopByPid, stopChild, untilExit } from './running'

export interface EmbeddedPostgres extends Running {
  url: string
  port: number
}

const user = 'roomline'
const database = 'roomline'
/** SIGINT is Postgres's fast shutdown. SIGQUIT is its immediate one: the next start has to recover. */
const shutdown = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
] as const

/**
 * Starts a Postgres on loopback, with its data in `dataDir` and with durable commits. First stops a Postgres that a killed
 * launcher left running there. Only one caller may use a `dataDir` at a time: hold its lock (`openDataDir`).
 */
export async function startEmbeddedPostgres({
  dataDir,
  log = () => {},
  signal,
  url,
}: {
  dataDir: string
  log?: (line: string) => void
  signal?: AbortSignal | undefined
  /** The URL of a crashed one, to be replaced at the same port. */
  url?: string | undefined
}): Promise<EmbeddedPostgres> {
  const home = path.join(dataDir, 'postgres')
  await removeDrafts((await readdir(dataDir)).filter(isDraft).map((name) => path.join(dataDir, name)))
  const programs = await findPostgresPrograms(dataDir)
  const fresh = (await readIfExists(path.join(home, 'PG_VERSION'))) === null
  const owner = fresh ? null : await findDataOwner(home)
  if (!fresh) await stopLeftover(home, log)
  if (owner === 'nobody') await takeOverData(dataDir, home)
  // initdb's folder takes the final name only when it is done, so that a killed initdb never leaves half a database there.
  const draft = fresh ? await makeDraft(await mkdtemp(path.join(dataDir, 'postgres.new-'))) : null
  const account = await findPostgresAccount(programs, dataDir, draft ? { draft } : { home })
  const password = await readOrCreate(path.join(dataDir, 'postgres-password'), () => randomBytes(24).toString('hex'))
  if (draft) await initialise({ programs, account, draft, home, password, signal })

  const started = await startServer({ programs, account, dataDir, home, port: url ? Number(new URL(url).port) : undefined, log, signal })
  try {
    await createDatabase(urlOf(started.port, password, 'postgres'))
    signal?.throwIfAborted()
  } catch (error) {
    await started.close()
    throw error
  }
  return { ...started, url: urlOf(started.port, password, database) }
}

function urlOf(port: number, password: string, name: string): string {
  return `postgresql://${user}:${password}@127.0.0.1:${port}/${name}`
}

const isDraft = (name: string) => /^postgres(-programs)?\.new-/.test(name)

async function initialise({
  programs,
  account,
  draft,
  home,
  password,
  signal,
}: {
  programs: PostgresPrograms
  account: PostgresAccount
  draft: string
  home: string
  password: string
  signal: AbortSignal | undefined
}) {
  const passwordFile = `${draft}.password`
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  await giveToInitdb(passwordFile)
  const { file, args, ids } = account.initCommand(programs.initdb, [
    ...['-D', draft, '-U', user, '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
    ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
  ])
  const child = spawn(file, args, { ...ids, cwd: '/', env: minimalEnvironment(), stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const end = () => child.kill('SIGTERM')
  signal?.addEventListener('abort', end)
  const exit = await untilExit(child)
  signal?.removeEventListener('abort', end)
  await rm(passwordFile, { force: true })
  signal?.throwIfAborted()
  if (exit.code !== 0)
    throw new LaunchError(`The embedded Postgres could not create its database: initdb ${describeExit(exit)}.\n${output}`)
  await giveToPostgres(draft)
  await rename(draft, home).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    throw new LaunchError(`${home} is not a Postgres database. Move it out of the way, or choose another DATA_DIR.`)
  })
  await rm(path.dirname(draft), { recursive: true, force: true })
  const folder = await open(path.dirname(home))
  await folder.sync()
  await folder.close()
}

/** Keeps our own environment from the server: it holds secrets, and may hold PG* variables that would configure it. */
function minimalEnvironment(): NodeJS.ProcessEnv {
  const { PATH, NODE_ENV } = process.env
  return { PATH, NODE_ENV, LC_ALL: 'C', TZ: 'UTC' }
}

async function stopLeftover(home: string, log: (line: string) => void) {
  const pidFile = path.join(home, 'postmaster.pid')
  const text = await readFile(pidFile, 'utf8').catch(() => null)
  if (text === null) return
  const pid = Number.parseInt(text, 10)
  const isOurs = async () => Number.isInteger(pid) && pid > 1 && (await commandLineOf(pid)).includes(`/postgres -D ${home} -p `)
  if (await isOurs()) {
    log(`stopping the Postgres that an earlier start left behind (process ${pid})`)
    if (!(await stopByPid(pid, isOurs, shutdown)))
      throw new LaunchError(
        `A Postgres from an earlier start (process ${pid}) is still using ${home} and does not stop. Kill it, then start Roomline again.`,
      )
  }
  // The pid in the file may belong to another program by now, and Postgres would refuse to start while that one runs. It
  // treats its own parent's pid as stale, so write ours. Deleting the file would disable its check for surviving backends.
  const left = await readFile(pidFile, 'utf8').catch(() => null)
  if (left !== null) await writeFile(pidFile, left.replace(/^.*/, String(process.pid)))
}

async function startServer({
  programs,
  account,
  dataDir,
  home,
  port: fixedPort,
  log,
  signal,
}: {
  programs: PostgresPrograms
  account: PostgresAccount
  dataDir: string
  home: string
  port: number | undefined
  log: (line: string) => void
  signal: AbortSignal | undefined
}): Promise<Running & { port: number }> {
  const logFile = path.join(dataDir, 'postgres.log')
  await rename(logFile, `${logFile}.1`).catch(() => {})
  const until = Date.now() + 10_000
  for (;;) {
    signal?.throwIfAborted()
    const port = fixedPort ?? (await findFreePort())
    const { file, args, ids } = account.command(programs.postgres, [
      ...['-D', home, '-p', String(port)],
      ...['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'fsync=on', 'synchronous_commit=on']
        .concat('full_page_writes=on', 'logging_collector=off', 'timezone=UTC', 'log_timezone=UTC')
        .flatMap((setting) => ['-c', setting]),
    ])
    const output = await open(logFile, 'w', 0o600)
    // Detached, so that Ctrl-C in a terminal does not stop it before the servers that still write to it.
    const child = spawn(file, args, {
      ...ids,
      cwd: '/',
      env: minimalEnvironment(),
      stdio: ['ignore', output.fd, output.fd],
      detached: true,
    })
    const exited = untilExit(child)
    await output.close()
    const guard = child.pid ? startOrphanGuard(child.pid, 'INT') : null
    void exited.then(() => guard?.close())

    const ready = await untilReady({ home, pid: child.pid, exited, log, signal })
    if (ready === 'ready') {
      return { port, exited, kill: () => void child.kill('SIGQUIT'), close: () => stopChild(child, exited, shutdown) }
    }
    if (ready === 'aborted') {
      await stopChild(child, exited, shutdown)
      continue
    }
    const logged = (await readFile(logFile, 'utf8').catch(() => '')).trim()
    const canRetry = /could not bind|could not create any TCP|pre-existing shared memory block|lock file .* already exists/.test(logged)
    if (!canRetry || Date.now() > until) {
      throw new LaunchError(`The embedded Postgres ${ready}. The end of ${logFile}:\n${logged.split('\n').slice(-15).join('\n')}`)
    }
    await delay(200)
  }
}

/** @returns 'ready', 'aborted', or how the process exited */
async function untilReady({
  home,
  pid,
  exited,
  log,
  signal,
}: {
  home: string
  pid: number | undefined
  exited: Running['exited']
  log: (line: string) => void
  signal: AbortSignal | undefined
}): Promise<string> {
  let ended: string | undefined
  void exited.then((exit) => {
    ended = describeExit(exit)
  })
  let patience = Date.now() + 5_000
  while (!ended && !signal?.aborted) {
    const lines = (await readFile(path.join(home, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
    if (Number(lines[0]) === pid && lines[7]?.trim() === 'ready') return 'ready'
    if (Date.now() > patience) {
      log('Postgres is still recovering from the last run …')
      patience = Number.POSITIVE_INFINITY
    }
    await delay(10)
  }
  return ended ?? 'aborted'
}

async function createDatabase(url: string) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`)
  } catch (error) {
    if ((error as { code?: string }).code !== '28P01') throw error
    throw new LaunchError(
      'The embedded Postgres rejects the password in the file postgres-password: the file and the data come from different data folders.',
    )
  } finally {
    await client.end()
  }
}
