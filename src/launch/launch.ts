import { Agent, get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Config, readConfig } from '../server/platform/config'
import { buildIfNeeded } from './build'
import { type DataDir, openDataDir, readAuthSecret } from './data-dir'
import { startEmbeddedPostgres } from './embedded-postgres'
import { startEmbeddedRedis } from './embedded-redis'
import { LaunchError } from './launch-error'
import { migrateOrExplain } from './migrate-database'
import { startPart } from './part'
import { claimPort } from './ports'
import { keepRunning, startStoppable } from './restarts'
import type { Starting } from './running'
import { seconds } from './seconds'
import type { Services, Stage } from './services'

interface Launch {
  env: NodeJS.ProcessEnv
  dev: boolean
  log: (line: string) => void
  /** Everything that is started goes in here, for the caller to close. */
  services: Services
  signal: AbortSignal
}

const realtimeMain = fileURLToPath(new URL('../server/main.ts', import.meta.url))
const webMain = fileURLToPath(new URL('../web-server/main.ts', import.meta.url))

type StartEmbedded = typeof startEmbeddedPostgres | typeof startEmbeddedRedis

/** Longer than Next takes for its first page in development. */
const answerWithinMs = 120_000

/**
 * Starts all of Roomline.
 * @returns the ready line
 * @throws {ConfigError | LaunchError} with what to do
 */
export async function launch({ env, dev, log, services, signal }: Launch): Promise<string> {
  const asked = readConfig(env)
  const step = async <T>(title: string, act: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted()
    const since = performance.now()
    const result = await act()
    log(`${title}  ${seconds(since)}`)
    return result
  }

  const dataDir = await openDataDirIfNeeded(asked, services)
  const add = (stage: Stage, name: string, first: Starting, restart: () => Starting): Starting => {
    const kept = keepRunning({ name, first, restart, log })
    services.add(stage, name, kept)
    return kept
  }
  const addEmbedded = async (stage: Stage, name: string, start: StartEmbedded): Promise<string> => {
    const options = { dataDir: dataDir.path, log }
    const first = await start({ ...options, signal })
    // The parts have its URL in their environment, so whatever takes its place must have the same.
    const restart = () => startStoppable((stopped) => start({ ...options, url: first.url, signal: stopped }))
    add(stage, name, { ...first, ready: Promise.resolve() }, restart)
    return first.url
  }

  const ports = await claimPorts(asked, signal)
  await buildIfNeeded({ log, dev, signal })

  const databaseUrl =
    asked.databaseUrl ?? (await step('started Postgres', () => addEmbedded('postgres', 'Postgres', startEmbeddedPostgres)))
  const redisUrl = asked.redisUrl ?? (await step('started Redis', () => addEmbedded('redis', 'Redis', startEmbeddedRedis)))
  await step('migrated the database', () => migrateOrExplain(databaseUrl))

  const partEnv: NodeJS.ProcessEnv = {
    ...env,
    NODE_ENV: dev ? 'development' : 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    AUTH_SECRET: asked.authSecrets.join(',') || (await readAuthSecret(dataDir.path)),
    WEB_PORT: String(ports.web),
    REALTIME_PORT: String(ports.realtime),
    DATA_DIR: dataDir.path,
  }
  const config = readConfig(partEnv)
  await step('started the web app and the realtime server', async () => {
    const parts = [
      { name: 'The realtime server', file: realtimeMain, env: partEnv, watch: dev },
      { name: 'The web app', file: webMain, env: partEnv },
    ].map((part) => add('parts', part.name, startPart(part), () => startPart(part)))
    await unlessAborted(signal, Promise.all(parts.map(({ ready }) => ready)))
    await Promise.all([
      untilAnswering(config.host, config.realtimePort, '/ready', signal),
      untilAnswering(config.host, config.webPort, '/api/health', signal),
    ])
  })
  return `Roomline ready  ${config.publicUrl}  ${realtimeUrlOf(config)}`
}

/** Where browsers find the realtime server. */
function realtimeUrlOf(config: Config): string {
  if (config.realtimeUrl) return config.realtimeUrl
  const { protocol, hostname } = new URL(config.publicUrl)
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${hostname}:${config.realtimePort}/trpc`
}

async function openDataDirIfNeeded(config: Config, services: Services): Promise<DataDir> {
  const needed = !config.databaseUrl || !config.redisUrl || config.authSecrets.length === 0
  if (!needed) return { path: config.dataDir, close: async () => {} }
  const dataDir = await openDataDir(config.dataDir)
  services.add('lock', 'The lock', dataDir)
  return dataDir
}

async function claimPorts(config: Config, signal: AbortSignal) {
  if (config.webPort !== 0 && config.webPort === config.realtimePort)
    throw new LaunchError(`WEB_PORT and REALTIME_PORT are both ${config.webPort}: give each a port of its own.`)
  const web = await claimPort('WEB_PORT', config.webPort, config.host, { signal })
  for (;;) {
    const realtime = await claimPort('REALTIME_PORT', config.realtimePort, config.host, { signal })
    if (realtime !== web) return { web, realtime }
    if (config.realtimePort !== 0)
      throw new LaunchError(`No free port for WEB_PORT was found beside REALTIME_PORT ${realtime}. Start again.`)
  }
}

async function untilAnswering(host: string, port: number, route: string, signal: AbortSignal): Promise<void> {
  const until = Date.now() + answerWithinMs
  while (Date.now() < until) {
    if ((await statusOf(reachable(host), port, route)) === 200) return
    await delay(50, undefined, { signal })
  }
  throw new LaunchError(`http://${host}:${port}${route} did not answer within ${answerWithinMs / 1_000} s.`)
}

/** A server that listens on every address is asked on loopback. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}

function statusOf(host: string, port: number, route: string): Promise<number> {
  return new Promise((resolve) => {
    // An agent of our own: the global one may be told by the environment to use a proxy.
    const request = get({ host, port, path: route, agent: new Agent(), timeout: answerWithinMs }, (response) => {
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
