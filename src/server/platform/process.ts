import { ConfigError } from './config'

const drainDeadlineMs = 25_000

/**
 * Runs one process of Roomline. SIGTERM and SIGINT close it and exit with 0. A launcher at the other end of an IPC channel is
 * told when it is ready; when the launcher is gone, the process exits.
 * @param start resolves when the process is ready, to a function that closes it
 */
export async function runProcess(start: () => Promise<() => Promise<void>>): Promise<void> {
  const started = start()
  let ending = false
  const end = async (signal: string) => {
    if (ending) return
    ending = true
    setTimeout(() => process.exit(1), drainDeadlineMs).unref()
    try {
      const close = await started
      await close()
      process.exit(0)
    } catch (error) {
      process.stderr.write(`Could not close after ${signal}: ${describe(error)}\n`)
      process.exit(1)
    }
  }
  process.on('SIGTERM', () => void end('SIGTERM'))
  process.on('SIGINT', () => void end('SIGINT'))
  process.on('disconnect', () => process.exit(1))

  try {
    await started
    process.send?.({ ready: true })
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`)
    process.exit(1)
  }
}

/** A ConfigError's message says what to do. Other errors need their stack. */
function describe(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return `${error.message}. Another program uses this port: choose another one.`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
