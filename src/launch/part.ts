import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { LaunchError } from './launch-error'
import { startOrphanGuard } from './orphan-guard'
import { describeExit, endChild, type Starting, untilExit } from './running'

/** Longer than a part gives its own drain. */
const shutdown = [
  ['SIGTERM', 28_000],
  ['SIGKILL', 5_000],
] as const

/**
 * Starts a part of Roomline as a process of its own. It says over IPC when it is ready, and ends by itself when that
 * channel closes, which is how it follows a launcher that was killed. With `watch` it starts anew at each change of its
 * sources, and is ready at once. One that ends before it is ready rejects `ready` with a LaunchError.
 */
export function startPart({
  name,
  file,
  env,
  watch = false,
}: {
  name: string
  /** The module to run, absolute. */
  file: string
  env: NodeJS.ProcessEnv
  watch?: boolean
}): Starting {
  const command = watch
    ? [createRequire(import.meta.url).resolve('tsx/cli'), 'watch', '--clear-screen=false', file]
    : ['--import', createRequire(import.meta.url).resolve('tsx'), file]
  // In a session of its own: Ctrl-C in a terminal reaches the launcher only, which then ends its parts in order.
  const child = spawn(process.execPath, command, {
    env,
    stdio: watch ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  })
  const exited = untilExit(child)
  // The watcher of tsx knows nothing of our channel.
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
  return { ready, exited, kill: () => void child.kill('SIGKILL'), close: () => endChild(child, exited, shutdown) }
}

/** A watcher that is killed leaves its server behind, which would hold the port of the next. */
function killGroup(leader: number) {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
