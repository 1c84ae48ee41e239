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
 * Takes the lock, at most for as long as this process lives: it is a listening socket, so the kernel frees it however the
 * process ends.
 * @param file path of the socket, which names the lock
 * @returns null when another process holds it
 */
export async function takeProcessLock(file: string): Promise<ProcessLock | null> {
  for (const socketPath of candidatePaths(file)) {
    try {
      return await takeAt(socketPath)
    } catch (error) {
      if (socketPath === candidatePaths(file).at(-1)) throw error
    }
  }
  return null
}

/** Waits for the lock. Gives up with null when `signal` aborts. */
export async function awaitProcessLock(file: string, signal: AbortSignal): Promise<ProcessLock | null> {
  for (;;) {
    const lock = await takeProcessLock(file)
    if (lock || signal.aborted) return lock
    await untilLockIsFree(file, signal)
  }
}

async function untilLockIsFree(file: string, signal: AbortSignal): Promise<void> {
  for (const socketPath of candidatePaths(file)) {
    const holder = await connect(socketPath)
    if (!holder) continue
    const end = () => holder.destroy()
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
    await new Promise((resolve) => holder.once('close', resolve))
    signal.removeEventListener('abort', end)
  }
}

/** The path itself, and a substitute for when it is too long for a socket or its file system has no sockets. */
function candidatePaths(file: string): string[] {
  const digest = createHash('sha256').update(file).digest('hex').slice(0, 24)
  const substitute = path.join(os.tmpdir(), `roomline-${process.getuid?.() ?? 0}-${digest}.sock`)
  return Buffer.byteLength(file) > longestSocketPath ? [substitute] : [file, substitute]
}

async function takeAt(socketPath: string): Promise<ProcessLock | null> {
  for (;;) {
    const lock = await listenAt(socketPath)
    if (lock) return lock
    if (await isHeld(socketPath)) return null
    await removeStale(socketPath)
  }
}

/** A lock folder older than this was left by a process that was killed while it removed a socket. */
const staleAfterMs = 5_000

/**
 * Removes a socket whose process has ended. Two processes may find the same stale socket, and the slower one must not
 * remove the new socket of the faster one: only the process that creates the folder may check again and remove.
 */
async function removeStale(socketPath: string): Promise<void> {
  const turn = `${socketPath}.turn`
  if (!(await mkdir(turn).then(() => true, ignoreExisting))) {
    const since = await stat(turn).then(({ mtimeMs }) => mtimeMs, ignoreMissing)
    if (since && Date.now() - since > staleAfterMs) await rmdir(turn).catch(ignoreMissing)
    await delay(10)
    return
  }
  try {
    if (!(await isHeld(socketPath))) await rm(socketPath, { force: true })
  } finally {
    await rmdir(turn).catch(ignoreMissing)
  }
}

function listenAt(socketPath: string): Promise<ProcessLock | null> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<net.Socket>()
    const server = net.createServer((socket) => {
      waiting.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => waiting.delete(socket))
      socket.unref()
    })
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)))
    server.listen(socketPath, () => {
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

async function isHeld(socketPath: string): Promise<boolean> {
  const holder = await connect(socketPath)
  holder?.destroy()
  return holder !== null
}

function connect(socketPath: string): Promise<net.Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath)
    socket.once('connect', () => {
      socket.on('error', () => {})
      resolve(socket)
    })
    socket.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? resolve(null) : reject(error),
    )
  })
}

function ignoreExisting(error: NodeJS.ErrnoException): false {
  if (error.code === 'EEXIST') return false
  throw error
}

function ignoreMissing(error: NodeJS.ErrnoException): false {
  if (error.code === 'ENOENT') return false
  throw error
}
