import type { ChildProcess } from 'node:child_process'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** How a process ended. Exactly one field is set; both are null when it could not be started. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A process that this one started. */
export interface Running {
  /** Stops it cleanly. */
  close(): Promise<void>
  /** Stops it at once. Committed data is safe. */
  kill(): void
  exited: Promise<Exit>
}

/** A process that may still be starting. */
export interface Starting extends Running {
  /** Rejects with a message for people when the process exits before it is ready. */
  ready: Promise<void>
}

/** Resolves when the child has exited or could not be started. */
export function untilExit(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.on('error', () => {
      if (child.pid === undefined) resolve({ code: null, signal: null })
    })
  })
}

export function describeExit({ code, signal }: Exit): string {
  if (signal) return `was killed by ${signal}`
  return code === null ? 'could not be started' : `exited with code ${code}`
}

type Steps = readonly (readonly [signal: NodeJS.Signals, waitMs: number])[]

/** Sends the signals one after the other, each with its time to wait, until the child has exited. */
export async function stopChild(child: ChildProcess, exited: Promise<Exit>, steps: Steps): Promise<void> {
  for (const [signal, waitMs] of steps) {
    child.kill(signal)
    if (await settlesWithin(waitMs, exited)) return
  }
}

/**
 * Like `stopChild`, for a process that this one did not start.
 * @param isIt checks before each signal that the pid still belongs to that process
 * @returns whether the process has ended
 */
export async function stopByPid(pid: number, isIt: () => Promise<boolean>, steps: Steps): Promise<boolean> {
  for (const [signal, waitMs] of steps) {
    if (!(await isIt())) return true
    process.kill(pid, signal)
    for (const until = Date.now() + waitMs; Date.now() < until; await delay(20)) {
      if (!(await isIt())) return true
    }
  }
  return !(await isIt())
}

/** The command line of a running process, joined by spaces. Empty when there is no such process. */
export async function commandLineOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    return words.replaceAll('\0', ' ')
  }
  return new Promise((resolve) => {
    execFile('ps', ['-ww', '-o', 'command=', '-p', String(pid)], (_error, stdout) => resolve(stdout.replace(/\n$/, ' ')))
  })
}

/** Whether the promise settles within the time. */
async function settlesWithin(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController()
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false)
  const done = await Promise.race([promise.then(() => true), late])
  timer.abort()
  return done
}
