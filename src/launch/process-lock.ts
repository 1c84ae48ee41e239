import { createHash } from 'node:crypto'
import { mkdir, rm, rmdir, stat } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** macOS allows 103 bytes, Linux 107. */
const longestSocketPath = 103

export interface ProcessLock {
  close(): Promise<void>
}

/**
 * Takes the lock of that name, for as long as this process lives: it is a listening socket, so that the kernel frees it
 * however the process ends.
 * @returns null when another process holds it
 */
export async function takeProcessLock(file: string): Promise<ProcessLock | null> {
  for (const place of placesOf(file)) {
    try {
      return await takeAt(place)
    } catch (error) {
      if (place === placesOf(file).at(-1)) throw error
    }
  }
  return null
}

/** Takes the lock as soon as whoever holds it lets go, or gives up with null when `signal` aborts. */
export async function awaitProcessLock(file: string, signal: AbortSignal): Promise<ProcessLock | null> {
  for (;;) {
    const lock = await takeProcessLock(file)
    if (lock || signal.aborted) return lock
    await untilLockIsFree(file, signal)
  }
}

async function untilLockIsFree(file: string, signal: AbortSignal): Promise<void> {
  for (const place of placesOf(file)) {
    const holder = await connect(place)
    if (!holder) continue
    const end = () => holder.destroy()
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
    await new Promise((resolve) => holder.once('close', resolve))
    signal.removeEventListener('abort', end)
  }
}

/** Where it should be, and where it is when that is too long for a socket, or on a file system without sockets. */
function placesOf(file: string): string[] {
  const digest = createHash('sha256').update(file).digest('hex').slice(0, 24)
  const elsewhere = path.join(os.tmpdir(), `roomline-${process.getuid?.() ?? 0}-${digest}.sock`)
  return Buffer.byteLength(file) > longestSocketPath ? [elsewhere] : [file, elsewhere]
}

async function takeAt(place: string): Promise<ProcessLock | null> {
  for (;;) {
    const lock = await listen(place)
    if (lock) return lock
    if (await isHeld(place)) return null
    await removeStale(place)
  }
}

/** Longer than anybody needs to remove a socket; a folder that is older was left by a process that was killed over it. */
const removingMs = 5_000

/**
 * Two may find the same stale socket, and the slower must not remove the one that the quicker has made meanwhile: only
 * who made the folder may look again and remove.
 */
async function removeStale(place: string): Promise<void> {
  const turn = `${place}.turn`
  if (!(await mkdir(turn).then(() => true, isThere))) {
    const since = await stat(turn).then(({ mtimeMs }) => mtimeMs, isMissing)
    if (since && Date.now() - since > removingMs) await rmdir(turn).catch(isMissing)
    await delay(10)
    return
  }
  try {
    if (!(await isHeld(place))) await rm(place, { force: true })
  } finally {
    await rmdir(turn).catch(isMissing)
  }
}

function listen(place: string): Promise<ProcessLock | null> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<net.Socket>()
    const server = net.createServer((socket) => {
      waiting.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => waiting.delete(socket))
      socket.unref()
    })
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)))
    server.listen(place, () => {
      server.unref()
      resolve({
        close: () =>
          new Promise((closed) => {
            server.close(() => closed())
            for (const socket of waiting) socket.destroy()
          }),
      })
    })
  })
}

async function isHeld(place: string): Promise<boolean> {
  const holder = await connect(place)
  holder?.destroy()
  return holder !== null
}

function connect(place: string): Promise<net.Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(place)
    socket.once('connect', () => {
      socket.on('error', () => {})
      resolve(socket)
    })
    socket.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? resolve(null) : reject(error),
    )
  })
}

function isThere(error: NodeJS.ErrnoException): false {
  if (error.code === 'EEXIST') return false
  throw error
}

function isMissing(error: NodeJS.ErrnoException): false {
  if (error.code === 'ENOENT') return false
  throw error
}
