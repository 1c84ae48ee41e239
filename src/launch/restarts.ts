import { setTimeout as delay } from 'node:timers/promises'
import { describeExit, type Exit, type Running, type Starting } from './running'
import { seconds } from './seconds'

interface RestartPolicy {
  /** Pause before the restart after the first crash within the window, the second, and so on. One more crash, and it gives up. */
  pausesMs: readonly number[]
  /** Older crashes don't count. */
  windowMs: number
}

const fiveCrashesInAMinute: RestartPolicy = { pausesMs: [250, 500, 1_000, 2_000], windowMs: 60_000 }

interface KeepRunningOptions {
  /** Name for the log. */
  name: string
  /** Already started. If it exits before it was ever ready, the start has failed, and there is no restart. */
  first: Starting
  restart: () => Starting
  log: (line: string) => void
  policy?: RestartPolicy
}

/**
 * Restarts a process whenever it crashes. Exit code 0 means that somebody stopped it on purpose, so it is not restarted.
 * @returns one handle for the process and its replacements: `ready` is that of the first, `exited` resolves after the last
 */
export function keepRunning({ name, first, restart, log, policy = fiveCrashesInAMinute }: KeepRunningOptions): Starting {
  const stop = new AbortController()
  let current = first

  /** Resolves when the process is down: to a sentence that says what went wrong, or to null after a normal exit. */
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
    let problem = await untilDown()
    const failedStart = await first.ready.then(
      () => false,
      () => true,
    )
    let crashes: number[] = []
    while (problem !== null && !failedStart && !stop.signal.aborted) {
      const crashedAt = performance.now()
      crashes = [...crashes.filter((at) => at > crashedAt - policy.windowMs), crashedAt]
      const pauseMs = policy.pausesMs[crashes.length - 1]
      if (pauseMs === undefined) {
        log(`${problem} That was crash number ${crashes.length} within ${policy.windowMs / 1_000} s: giving up.`)
        break
      }
      log(`${problem} Restarting it.`)
      await delay(pauseMs, undefined, { signal: stop.signal }).catch(() => {})
      if (stop.signal.aborted) break
      try {
        current = restart()
      } catch (error) {
        // Starting a process can fail, for example when memory is short.
        problem = `${name} could not be started: ${(error as Error).message}.`
        continue
      }
      current.ready.then(
        () => log(`${name} is running again  ${seconds(crashedAt)}`),
        () => {},
      )
      problem = await untilDown()
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

/** Starts something in the background that can be closed while it is still starting: that aborts the signal. */
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
