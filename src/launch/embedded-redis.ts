import { type ChildProcess, execFile, fork, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { LaunchError } from './launch-error'
import { startOrphanGuard } from './orphan-guard'
import { findFreePort } from './ports'
import { commandLineOf, describeExit, type Running, stopByPid, stopChild, untilExit } from './running'

export interface EmbeddedRedis extends Running {
  url: string
}

interface Options {
  dataDir: string
  log?: (line: string) => void
  signal?: AbortSignal | undefined
  /** The URL of a crashed one, to be replaced at the same port and with the same password. */
  url?: string | undefined
}

interface Endpoint {
  /** 0 means any free port. */
  port: number
  password: string
}

const shutdown = [
  ['SIGTERM', 5_000],
  ['SIGKILL', 5_000],
] as const

/**
 * Starts a Redis on loopback, without persistence: the machine's `redis-server` if it is 6.2 or newer, otherwise Valkey as
 * WebAssembly in a process of its own.
 */
export async function startEmbeddedRedis(options: Options): Promise<EmbeddedRedis> {
  const endpoint = options.url ? endpointOf(options.url) : { port: 0, password: randomBytes(24).toString('hex') }
  await stopLeftover(options.dataDir, options.log)
  const logFile = path.join(options.dataDir, 'redis.log')
  await rename(logFile, `${logFile}.1`).catch(() => {})
  const started = (await hasRedisServer()) ? await startRedisServer(options, endpoint) : await startWasm(options, endpoint)
  return { ...started, url: `redis://:${endpoint.password}@127.0.0.1:${started.port}` }
}

function endpointOf(url: string): Endpoint {
  const { port, password } = new URL(url)
  return { port: Number(port), password }
}

function hasRedisServer(): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('redis-server', ['--version'], { timeout: 5_000 }, (error, stdout) => {
      const [, major, minor] = /\bv=(\d+)\.(\d+)/.exec(stdout) ?? []
      resolve(!error && Number(major) * 100 + Number(minor) >= 602)
    })
  })
}

async function startRedisServer({ dataDir, signal }: Options, endpoint: Endpoint): Promise<Running & { port: number }> {
  const { password } = endpoint
  const logFile = path.join(dataDir, 'redis.log')
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    const port = endpoint.port || (await findFreePort())
    const output = await open(logFile, 'w', 0o600)
    const child = spawn('redis-server', ['-'], { cwd: dataDir, stdio: ['pipe', output.fd, output.fd], detached: true })
    const exited = untilExit(child)
    await output.close()
    child.stdin?.on('error', () => {})
    child.stdin?.end(
      [`port ${port}`, 'bind 127.0.0.1', `requirepass ${password}`, 'save ""', 'appendonly no', 'daemonize no', ''].join('\n'),
    )
    const guard = child.pid ? startOrphanGuard(child.pid, 'TERM') : null
    const pidFile = path.join(dataDir, 'redis.pid')
    await writeFile(pidFile, `${child.pid} ${port}\n`, { mode: 0o600 })
    // `exited` waits until the pid file is gone: a replacement writes its own.
    const gone = exited.then(async (exit) => {
      guard?.close()
      await rm(pidFile, { force: true })
      return exit
    })
    let ended = false
    void exited.then(() => {
      ended = true
    })
    while (!ended && !signal?.aborted) {
      if (await answers(port, password)) {
        const close = async () => {
          await stopChild(child, exited, shutdown)
          await gone
        }
        return { port, exited: gone, kill: () => void child.kill('SIGKILL'), close }
      }
      await delay(10)
    }
    await stopChild(child, exited, shutdown)
    await gone
    const logged = await readFile(logFile, 'utf8').catch(() => '')
    if (!signal?.aborted && !(logged.includes('Address already in use') && attempt < 5)) {
      throw new LaunchError(
        `redis-server ${describeExit(await exited)}. The end of ${logFile}:\n${logged.trim().split('\n').slice(-10).join('\n')}\nAlternatively, set REDIS_URL to a Redis 6.2 or newer.`,
      )
    }
  }
}

function answers(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    let reply = ''
    const socket = net.connect(port, '127.0.0.1', () => socket.write(`AUTH ${password}\r\nPING\r\n`))
    socket.setTimeout(1_000, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      reply += chunk
      if (reply.split('\r\n').length > 2) socket.destroy()
    })
    socket.on('close', () => resolve(reply === '+OK\r\n+PONG\r\n'))
  })
}

/** Only stops a process whose command line names redis-server and the port: the pid may belong to another program by now. */
async function stopLeftover(dataDir: string, log: (line: string) => void = () => {}) {
  const pidFile = path.join(dataDir, 'redis.pid')
  const [pid, port] = (await readFile(pidFile, 'utf8').catch(() => '')).split(' ').map(Number)
  if (!pid || !port) return
  const isOurs = async () => {
    const command = await commandLineOf(pid)
    return /(redis|valkey)-server /.test(command) && command.includes(` 127.0.0.1:${port} `)
  }
  if (await isOurs()) {
    log(`stopping the Redis that an earlier start left behind (process ${pid})`)
    await stopByPid(pid, isOurs, shutdown)
  }
  await rm(pidFile, { force: true })
}

async function startWasm({ dataDir, signal }: Options, endpoint: Endpoint): Promise<Running & { port: number }> {
  signal?.throwIfAborted()
  const output = await open(path.join(dataDir, 'redis.log'), 'w', 0o600)
  const child = fork(fileURLToPath(new URL('redis-process.ts', import.meta.url)), {
    execArgv: ['--import', createRequire(import.meta.url).resolve('tsx')],
    stdio: ['ignore', output.fd, output.fd, 'ipc'],
    detached: true,
  })
  const exited = untilExit(child)
  await output.close()
  child.send(endpoint, () => {})
  const close = () => stopChild(child, exited, shutdown)
  const port = await Promise.race([untilPort(child), exited.then(() => null), untilAborted(signal)])
  if (typeof port === 'number') return { port, exited, kill: () => void child.kill('SIGKILL'), close }
  await close()
  signal?.throwIfAborted()
  const logged = await readFile(path.join(dataDir, 'redis.log'), 'utf8').catch(() => '')
  throw new LaunchError(
    `The embedded Redis ${describeExit(await exited)}.\n${logged.trim().split('\n').slice(-10).join('\n')}\nInstall redis-server, or set REDIS_URL to a Redis 6.2 or newer.`,
  )
}

function untilPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('message', (message: { port: number }) => resolve(message.port))
  })
}

function untilAborted(signal: AbortSignal | undefined): Promise<null> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve(null)
    signal?.addEventListener('abort', () => resolve(null), { once: true })
  })
}
