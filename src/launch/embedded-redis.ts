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
import { commandLineOf, describeExit, endChild, endStranger, type Running, untilExit } from './running'

export interface EmbeddedRedis extends Running {
  url: string
}

interface Options {
  dataDir: string
  log?: (line: string) => void
  signal?: AbortSignal | undefined
  /** That of one that crashed, to take its place. */
  url?: string | undefined
}

/** Port 0 is any free one. */
interface Place {
  port: number
  password: string
}

const shutdown = [
  ['SIGTERM', 5_000],
  ['SIGKILL', 5_000],
] as const

/**
 * Starts a Redis of our own on loopback, without persistence: the `redis-server` of this machine when it has one of
 * version 6.2 or newer, else Valkey as WebAssembly in a process of its own.
 */
export async function startEmbeddedRedis(options: Options): Promise<EmbeddedRedis> {
  const place = options.url ? placeOf(options.url) : { port: 0, password: randomBytes(24).toString('hex') }
  await endLeftover(options.dataDir, options.log)
  const logFile = path.join(options.dataDir, 'redis.log')
  await rename(logFile, `${logFile}.1`).catch(() => {})
  const started = (await hasRedisServer()) ? await startRedisServer(options, place) : await startWasm(options, place)
  return { ...started, url: `redis://:${place.password}@127.0.0.1:${started.port}` }
}

function placeOf(url: string): Place {
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

async function startRedisServer({ dataDir, signal }: Options, place: Place): Promise<Running & { port: number }> {
  const { password } = place
  const logFile = path.join(dataDir, 'redis.log')
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    const port = place.port || (await findFreePort())
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
    // Only then may another take its place: the file would be that one's.
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
          await endChild(child, exited, shutdown)
          await gone
        }
        return { port, exited: gone, kill: () => void child.kill('SIGKILL'), close }
      }
      await delay(10)
    }
    await endChild(child, exited, shutdown)
    await gone
    const said = await readFile(logFile, 'utf8').catch(() => '')
    if (!signal?.aborted && !(said.includes('Address already in use') && attempt < 5)) {
      throw new LaunchError(
        `redis-server ${describeExit(await exited)}. The end of ${logFile}:\n${said.trim().split('\n').slice(-10).join('\n')}\nOr set REDIS_URL to a Redis 6.2 or newer.`,
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

/** A redis-server names itself and its port in its command line: only such a one is ever ended. */
async function endLeftover(dataDir: string, log: (line: string) => void = () => {}) {
  const pidFile = path.join(dataDir, 'redis.pid')
  const [pid, port] = (await readFile(pidFile, 'utf8').catch(() => '')).split(' ').map(Number)
  if (!pid || !port) return
  const isOurs = async () => {
    const command = await commandLineOf(pid)
    return /(redis|valkey)-server /.test(command) && command.includes(` 127.0.0.1:${port} `)
  }
  if (await isOurs()) {
    log(`ending the Redis that an earlier start left behind (process ${pid})`)
    await endStranger(pid, isOurs, shutdown)
  }
  await rm(pidFile, { force: true })
}

async function startWasm({ dataDir, signal }: Options, place: Place): Promise<Running & { port: number }> {
  signal?.throwIfAborted()
  const output = await open(path.join(dataDir, 'redis.log'), 'w', 0o600)
  const child = fork(fileURLToPath(new URL('redis-process.ts', import.meta.url)), {
    execArgv: ['--import', createRequire(import.meta.url).resolve('tsx')],
    stdio: ['ignore', output.fd, output.fd, 'ipc'],
    detached: true,
  })
  const exited = untilExit(child)
  await output.close()
  child.send(place, () => {})
  const close = () => endChild(child, exited, shutdown)
  const port = await Promise.race([untilPort(child), exited.then(() => null), untilAborted(signal)])
  if (typeof port === 'number') return { port, exited, kill: () => void child.kill('SIGKILL'), close }
  await close()
  signal?.throwIfAborted()
  const said = await readFile(path.join(dataDir, 'redis.log'), 'utf8').catch(() => '')
  throw new LaunchError(
    `The embedded Redis ${describeExit(await exited)}.\n${said.trim().split('\n').slice(-10).join('\n')}\nInstall redis-server, or set REDIS_URL to a Redis 6.2 or newer.`,
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
