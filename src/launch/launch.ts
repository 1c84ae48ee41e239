import { Agent, get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Config, readConfig } from '../server/platform/config'
import { realtimeUrl } from '../server/platform/realtime-url'
import { buildIfNeeded } from './build'
import { type DataDir, openDataDir, readAuthSecret } from './data-dir'
import { startEmbeddedPostgres } from './embedded-postgres'
import { startEmbeddedRedis } from './embedded-redis'
import { LaunchError } from './launch-error'
import { migrateOrExplain } from './migrate-database'
import { claimPort } from './ports'
import { keepRunning, startStoppable } from './restarts'
import type { Starting } from './running'
import { seconds } from './seconds'
import { startServerProcess } from './server-process'
import type { Services, Stage } from './services'

interface Launch {
  env: NodeJS.ProcessEnv
  dev: boolean
  log: (line: string) => void
  /** Collects everything that was started; the caller closes it. */
  services: Services
  signal: AbortSignal
}

const realtimeMain = fileURLToPath(new URL('../server/main.ts', import.meta.url))
const webMain = fileURLToPath(new URL('../web-server/main.ts', import.meta.url))

type StartEmbedded = typeof startEmbeddedPostgres | typeof startEmbeddedRedis

/** Long enough for Next to build its first page in development. */
const startTimeoutMs = 120_000

/**
 * Starts all of Roomline: the embedded services where needed, the build, the migrations and both servers.
 * @returns the ready line
 * @throws {ConfigError | LaunchError} with a message that says what to do
 */
export async function launch({ env, dev, log, services, signal }: Launch): Promise<string> {
  const requested = readConfig(env)
  const step = async <T>(title: string, act: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted()
    const since = performance.now()
    const result = await act()
    log(`${title}  ${seconds(since)}`)
    return result
  }

  const dataDir = await openDataDirIfNeeded(requested, services)
  const add = (stage: Stage, name: string, first: Starting, restart: () => Starting): Starting => {
    const kept = keepRunning({ name, first, restart, log })
    services.add(stage, name, kept)
    return kept
  }
  const addEmbedded = async (stage: Stage, name: string, start: StartEmbedded): Promise<string> => {
    const options = { dataDir: dataDir.path, log }
    const first = await start({ ...options, signal })
    // Both servers have the URL in their environment, so a replacement must keep it.
    const restart = () => startStoppable((stopped) => start({ ...options, url: first.url, signal: stopped }))
    add(stage, name, { ...first, ready: Promise.resolve() }, restart)
    return first.url
  }

  const ports = await claimPorts(requested, signal)
  await buildIfNeeded({ log, dev, signal })

  const databaseUrl =
    requested.databaseUrl ?? (await step('started Postgres', () => addEmbedded('postgres', 'Postgres', startEmbeddedPostgres)))
  const redisUrl = requested.redisUrl ?? (await step('started Redis', () => addEmbedded('redis', 'Redis', startEmbeddedRedis)))
  await step('migrated the database', () => migrateOrExplain(databaseUrl))

  const serverEnv: NodeJS.ProcessEnv = {
    ...env,
    NODE_ENV: dev ? 'development' : 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    AUTH_SECRET: requested.authSecrets.join(',') || (await readAuthSecret(dataDir.path)),
    WEB_PORT: String(ports.web),
    REALTIME_PORT: String(ports.realtime),
    DATA_DIR: dataDir.path,
  }
  const config = readConfig(serverEnv)
  await step('started the web app and the realtime server', async () => {
    const servers = [
      { name: 'The realtime server', file: realtimeMain, env: serverEnv, watch: dev },
      { name: 'The web app', file: webMain, env: serverEnv },
    ].map((server) => add('servers', server.name, startServerProcess(server), () => startServerProcess(server)))
    await unlessAborted(signal, Promise.all(servers.map(({ ready }) => ready)))
    await Promise.all([
      untilAnswering(config.host, config.realtimePort, '/ready', signal),
      untilAnswering(config.host, config.webPort, '/api/health', signal),
    ])
  })
  return `Roomline ready  ${config.publicUrl}  ${realtimeUrl(config)}`
}

async function openDataDirIfNeeded(config: Config, services: Services): Promise<DataDir> {
  const needed = !config.databaseUrl || !config.redisUrl || config.authSecrets.length === 0
  if (!needed) return { path: config.dataDir, close: async () => {} }
  const dataDir = await openDataDir(config.dataDir)
  services.add('lock', 'The data folder lock', dataDir)
  return dataDir
}

async function claimPorts(config: Config, signal: AbortSignal) {
  if (config.webPort !== 0 && config.webPort === config.realtimePort)
    throw new LaunchError(`WEB_PORT and REALTIME_PORT are both ${config.webPort}. Set them to different ports.`)
  const web = await claimPort('WEB_PORT', config.webPort, config.host, { signal })
  for (;;) {
    const realtime = await claimPort('REALTIME_PORT', config.realtimePort, config.host, { signal })
    if (realtime !== web) return { web, realtime }
    if (config.realtimePort !== 0)
      throw new LaunchError(`Found no free port for WEB_PORT other than REALTIME_PORT ${realtime}. Start Roomline again.`)
  }
}

async function untilAnswering(host: string, port: number, route: string, signal: AbortSignal): Promise<void> {
  const until = Date.now() + startTimeoutMs
  while (Date.now() < until) {
    if ((await statusOf(connectableHost(host), port, route)) === 200) return
    await delay(50, undefined, { signal })
  }
  throw new LaunchError(`http://${host}:${port}${route} did not answer within ${startTimeoutMs / 1_000} s.`)
}

/** The address to connect to: loopback when the server listens on every address. */
function connectableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}

function statusOf(host: string, port: number, route: string): Promise<number> {
  return new Promise((resolve) => {
    // A new agent: environment variables may make the global one use a proxy.
    const request = get({ host, port, path: route, agent: new Agent(), timeout: startTimeoutMs }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(0))
  })
}

function unlessAborted<T>(signal: AbortSignal, what: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    what.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
