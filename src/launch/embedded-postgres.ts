import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { nameOfUser, readOrMake } from './data-dir'
import { LaunchError } from './launch-error'
import { startOrphanGuard } from './orphan-guard'
import { findFreePort } from './ports'
import { findPostgresAccount, type PostgresAccount, postgresUid } from './postgres-account'
import { findPostgresPrograms, type PostgresPrograms, removeDrafts } from './postgres-programs'
import { commandLineOf, describeExit, endChild, endStranger, type Running, untilExit } from './running'

export interface EmbeddedPostgres extends Running {
  url: string
  port: number
}

const user = 'roomline'
const database = 'roomline'
/** SIGINT is Postgres's fast shutdown, SIGQUIT its immediate one, after which it recovers at the next start. */
const shutdown = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
] as const

/**
 * Starts a Postgres of our own on loopback, with its data in `dataDir`, as durable as any. One that a killed launcher
 * left behind is ended first. At most one caller may use a `dataDir` at a time: hold its lock.
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
  /** That of one that crashed, to take its place. */
  url?: string | undefined
}): Promise<EmbeddedPostgres> {
  const home = path.join(dataDir, 'postgres')
  await removeDrafts((await readdir(dataDir)).filter(isDraft).map((name) => path.join(dataDir, name)))
  const programs = await findPostgresPrograms(dataDir)
  const fresh = (await versionOf(home)) === null
  if (!fresh) await requireOurs(home)
  const draft = fresh ? await makeDraft(dataDir) : null
  const account = await findPostgresAccount(programs, dataDir, draft ?? home)
  const password = await readOrMake(path.join(dataDir, 'postgres-password'), () => randomBytes(24).toString('hex'))
  if (draft) await initialise({ programs, account, draft, home, password, signal })
  else await endLeftover(home, log)

  const started = await startServer({ programs, account, dataDir, home, port: url ? Number(new URL(url).port) : undefined, log, signal })
  try {
    await makeDatabase(urlOf(started.port, password, 'postgres'))
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

async function versionOf(home: string): Promise<string | null> {
  return readFile(path.join(home, 'PG_VERSION'), 'utf8').then(
    (text) => text.trim(),
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw new LaunchError(`${home} cannot be read (${error.code}). Start Roomline as the user it belongs to, or choose another DATA_DIR.`)
    },
  )
}

async function requireOurs(home: string) {
  const { uid } = await stat(home)
  if (uid === postgresUid()) return
  const made = uid === 65_534 ? 'made when Roomline ran as root' : `made by ${nameOfUser(uid)}`
  throw new LaunchError(
    `The data in ${home} were ${made}, and this process runs as ${nameOfUser(process.getuid?.() ?? 0)}: Postgres takes only its own user's. Start Roomline as before, or choose another DATA_DIR.`,
  )
}

/** A folder beside the data's own place, which it takes only when it is complete: a killed initdb leaves no half of a database. */
async function makeDraft(dataDir: string): Promise<string> {
  const draft = await mkdtemp(path.join(dataDir, 'postgres.new-'))
  if (process.getuid?.() === 0) await chown(draft, postgresUid(), postgresUid())
  return draft
}

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
  if (process.getuid?.() === 0) await chown(passwordFile, postgresUid(), postgresUid())
  const { file, args, ids } = account.command(programs.initdb, [
    ...['-D', draft, '-U', user, '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
    ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
  ])
  const child = spawn(file, args, { ...ids, cwd: '/', env: environment(), stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const end = () => child.kill('SIGTERM')
  signal?.addEventListener('abort', end)
  const exit = await untilExit(child)
  signal?.removeEventListener('abort', end)
  await rm(passwordFile, { force: true })
  signal?.throwIfAborted()
  if (exit.code !== 0) throw new LaunchError(`The embedded Postgres could not make its database: initdb ${describeExit(exit)}.\n${output}`)
  await rename(draft, home).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    throw new LaunchError(`${home} holds something that is no Postgres database. Move it away, or choose another DATA_DIR.`)
  })
  const folder = await open(path.dirname(home))
  await folder.sync()
  await folder.close()
}

/** Nothing of our own environment (which holds secrets, and perhaps PG variables) is the server's business. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, NODE_ENV } = process.env
  return { PATH, NODE_ENV, LC_ALL: 'C', TZ: 'UTC' }
}

async function endLeftover(home: string, log: (line: string) => void) {
  const pidFile = path.join(home, 'postmaster.pid')
  const text = await readFile(pidFile, 'utf8').catch(() => null)
  if (text === null) return
  const pid = Number.parseInt(text, 10)
  const isOurs = async () => Number.isInteger(pid) && pid > 1 && (await commandLineOf(pid)).includes(`/postgres -D ${home} -p `)
  if (await isOurs()) {
    log(`ending the Postgres that an earlier start left behind (process ${pid})`)
    if (!(await endStranger(pid, isOurs, shutdown)))
      throw new LaunchError(`An earlier Postgres (process ${pid}) still uses ${home} and does not end. End it, and start again.`)
  }
  // The number may belong to another program by now, and Postgres refuses to start while that one lives. The number of
  // its own parent it takes for stale; removing the file instead would switch off its check for surviving backends.
  const left = await readFile(pidFile, 'utf8').catch(() => null)
  if (left !== null) await writeFile(pidFile, left.replace(/^.*/, String(process.pid)))
}

async function startServer({
  programs,
  account,
  dataDir,
  home,
  port: wanted,
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
    const port = wanted ?? (await findFreePort())
    const { file, args, ids } = account.command(programs.postgres, [
      ...['-D', home, '-p', String(port)],
      ...['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'fsync=on', 'synchronous_commit=on']
        .concat('full_page_writes=on', 'logging_collector=off', 'timezone=UTC', 'log_timezone=UTC')
        .flatMap((setting) => ['-c', setting]),
    ])
    const output = await open(logFile, 'w', 0o600)
    // In a session of its own, so that Ctrl-C in a terminal does not end it before those who write to it.
    const child = spawn(file, args, { ...ids, cwd: '/', env: environment(), stdio: ['ignore', output.fd, output.fd], detached: true })
    const exited = untilExit(child)
    await output.close()
    const guard = child.pid ? startOrphanGuard(child.pid, 'INT') : null
    void exited.then(() => guard?.close())

    const ready = await untilReady({ home, pid: child.pid, exited, log, signal })
    if (ready === 'ready') {
      return { port, exited, kill: () => void child.kill('SIGQUIT'), close: () => endChild(child, exited, shutdown) }
    }
    if (ready === 'aborted') {
      await endChild(child, exited, shutdown)
      continue
    }
    const said = (await readFile(logFile, 'utf8').catch(() => '')).trim()
    const passing = /could not bind|could not create any TCP|pre-existing shared memory block|lock file .* already exists/.test(said)
    if (!passing || Date.now() > until) {
      throw new LaunchError(`The embedded Postgres ${ready}. The end of ${logFile}:\n${said.split('\n').slice(-15).join('\n')}`)
    }
    await delay(200)
  }
}

/** @returns how it ended when it did */
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
      log('Postgres is still recovering what the last run left …')
      patience = Number.POSITIVE_INFINITY
    }
    await delay(10)
  }
  return ended ?? 'aborted'
}

async function makeDatabase(url: string) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`)
  } catch (error) {
    if ((error as { code?: string }).code !== '28P01') throw error
    throw new LaunchError(
      'The embedded Postgres does not take the password in postgres-password: that file and the data are not of one DATA_DIR.',
    )
  } finally {
    await client.end()
  }
}
