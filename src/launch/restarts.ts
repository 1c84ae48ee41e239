import { setTimeout as delay } from 'node:timers/promises'
import { describeExit, type Exit, type Running, type Starting } from './running'
import { seconds } from './seconds'

interface RestartPolicy {
  /** Before the restart after the first crash within the window, the second, and so on. The crash after the last of them is one too many. */
  pausesMs: readonly number[]
  /** Older crashes don't count. */
  windowMs: number
}

const fiveCrashesInAMinute: RestartPolicy = { pausesMs: [250, 500, 1_000, 2_000], windowMs: 60_000 }

interface Kept {
  /** As the log names it. */
  name: string
  /** Already started. When it ends before it was ever ready, that is a failed start, and it is not restarted. */
  first: Starting
  restart: () => Starting
  log: (line: string) => void
  policy?: RestartPolicy
}

/**
 * Restarts what crashes. What ends with code 0 was told to, by a signal of somebody else's, and is not restarted.
 * @returns what stands for all its lives: `ready` is that of the first, and `exited` resolves once there won't be another
 */
export function keepRunning({ name, first, restart, log, policy = fiveCrashesInAMinute }: Kept): Starting {
  const stop = new AbortController()
  let current = first

  /** Resolves to what went wrong, in a sentence; to null when nothing did. */
  const untilDown = async (): Promise<string | null> => {
    try {
      await current.ready
    } catch (error) {
      await current.exited
      return (error as Error).message
    }
    const exit = await current.exited
    return exit.code === 0 ? null : `${name} ${describeExit(exit)}.`
  }

  const keep = async (): Promise<Exit> => {
    let trouble = await untilDown()
    const failedStart = await first.ready.then(
      () => false,
      () => true,
    )
    let crashes: number[] = []
    while (trouble !== null && !failedStart && !stop.signal.aborted) {
      const crashedAt = performance.now()
      crashes = [...crashes.filter((at) => at > crashedAt - policy.windowMs), crashedAt]
      const pauseMs = policy.pausesMs[crashes.length - 1]
      if (pauseMs === undefined) {
        log(`${trouble} That was crash number ${crashes.length} within ${policy.windowMs / 1_000} s: giving up.`)
        break
      }
      log(`${trouble} Restarting it.`)
      await delay(pauseMs, undefined, { signal: stop.signal }).catch(() => {})
      if (stop.signal.aborted) break
      try {
        current = restart()
      } catch (error) {
        // A machine that is short of memory starts no process.
        trouble = `${name} could not be started: ${(error as Error).message}.`
        continue
      }
      current.ready.then(
        () => log(`${name} is running again  ${seconds(crashedAt)}`),
        () => {},
      )
      trouble = await untilDown()
    }
    return current.exited
  }

  return {
    ready: first.ready,
    exited: keep(),
    close: () => {
      stop.abort()
      return current.close()
    },
    kill: () => {
      stop.abort()
      current.kill()
    },
  }
}

/** Starts something whose start can be told to stop by its signal. */
export function startStoppable(start: (signal: AbortSignal) => Promise<Running>): Starting {
  const stop = new AbortController()
  const started = start(stop.signal)
  const ready = started.then(() => {})
  ready.catch(() => {})
  return {
    ready,
    exited: started.then(
      (running) => running.exited,
      () => ({ code: null, signal: null }),
    ),
    close: async () => {
      stop.abort(new Error('stopping'))
      await started.then(
        (running) => running.close(),
        () => {},
      )
    },
    kill: () => {
      stop.abort(new Error('stopping'))
      started.then(
        (running) => running.kill(),
        () => {},
      )
    },
  }
}
