import type { ChildProcess } from 'node:child_process'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** How a process ended: one of the two is set, or neither when it could not be started. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** Something that runs beside us. */
export interface Running {
  /** Ends it in order. */
  close(): Promise<void>
  /** Ends it at once, without losing what was committed. */
  kill(): void
  exited: Promise<Exit>
}

/** Something that may still be on its way up. */
export interface Starting extends Running {
  /** Rejects, with what to tell people, when it ended before it was ready. */
  ready: Promise<void>
}

/** Resolves when the child is gone, or could not be started. */
export function untilExit(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.on('error', () => {
      if (child.pid === undefined) resolve({ code: null, signal: null })
    })
  })
}

export function describeExit({ code, signal }: Exit): string {
  if (signal) return `was ended by ${signal}`
  return code === null ? 'could not be started' : `ended with code ${code}`
}

type Steps = readonly (readonly [signal: NodeJS.Signals, waitMs: number])[]

/** Sends each signal in turn, and waits that long after it, until the child is gone. */
export async function endChild(child: ChildProcess, exited: Promise<Exit>, steps: Steps): Promise<void> {
  for (const [signal, waitMs] of steps) {
    child.kill(signal)
    if (await within(waitMs, exited)) return
  }
}

/**
 * The same for a process that is not our child. `isIt` is asked before each signal: a pid read from a file may belong
 * to somebody else by now.
 * @returns whether it is gone
 */
export async function endStranger(pid: number, isIt: () => Promise<boolean>, steps: Steps): Promise<boolean> {
  for (const [signal, waitMs] of steps) {
    if (!(await isIt())) return true
    process.kill(pid, signal)
    for (const until = Date.now() + waitMs; Date.now() < until; await delay(20)) {
      if (!(await isIt())) return true
    }
  }
  return !(await isIt())
}

/** The command line of a living process, its words joined by spaces; empty when there is none or it has ended. */
export async function commandLineOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    return words.replaceAll('\0', ' ')
  }
  return new Promise((resolve) => {
    execFile('ps', ['-ww', '-o', 'command=', '-p', String(pid)], (_error, stdout) => resolve(stdout.replace(/\n$/, ' ')))
  })
}

/** Whether it settles within the time. */
async function within(ms: number, what: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController()
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false)
  const done = await Promise.race([what.then(() => true), late])
  timer.abort()
  return done
}
