import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { LaunchError } from './launch-error'
import { startOrphanGuard } from './orphan-guard'
import { describeExit, type Starting, stopChild, untilExit } from './running'

/** Longer than a server's own drain takes. */
const shutdown = [
  ['SIGTERM', 28_000],
  ['SIGKILL', 5_000],
] as const

/**
 * Starts one of Roomline's two servers as a process of its own. The server reports over IPC when it is ready, and exits when
 * the IPC channel closes, so it does not outlive a killed launcher. With `watch` it restarts whenever a source file changes,
 * and `ready` resolves at once. If the process exits before it is ready, `ready` rejects with a LaunchError.
 */
export function startServerProcess({
  name,
  file,
  env,
  watch = false,
}: {
  name: string
  /** Absolute path of the module to run. */
  file: string
  env: NodeJS.ProcessEnv
  watch?: boolean
}): Starting {
  const command = watch
    ? [createRequire(import.meta.url).resolve('tsx/cli'), 'watch', '--clear-screen=false', file]
    : ['--import', createRequire(import.meta.url).resolve('tsx'), file]
  // Detached: Ctrl-C in a terminal reaches only the launcher, which then stops the servers cleanly.
  const child = spawn(process.execPath, command, {
    env,
    stdio: watch ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  })
  const exited = untilExit(child)
  // tsx's watcher has no IPC channel to follow.
  const guard = watch && child.pid ? startOrphanGuard(child.pid, 'TERM') : null
  void exited.then(() => {
    guard?.close()
    if (watch && child.pid) killGroup(child.pid)
  })

  const ready = new Promise<void>((resolve, reject) => {
    if (watch) return resolve()
    child.on('message', (message) => {
      if (typeof message === 'object' && message !== null && 'ready' in message) resolve()
    })
    void exited.then((exit) => reject(new LaunchError(`${name} ${describeExit(exit)} before it was ready.`)))
  })
  ready.catch(() => {})
  return { ready, exited, kill: () => void child.kill('SIGKILL'), close: () => stopChild(child, exited, shutdown) }
}

/** A killed watcher leaves its server running, which would keep the port occupied. */
function killGroup(leader: number) {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
