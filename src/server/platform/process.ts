import { ConfigError } from './config'

const drainDeadlineMs = 25_000

/**
 * Runs one process of Roomline from its start to its end: `start` resolves when it is ready, to what closes it again.
 * SIGTERM and SIGINT close it in order and exit 0. A launcher at the other end of an IPC channel hears when it is ready;
 * when the launcher is gone, so is the process.
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
      process.stderr.write(`Closing on ${signal} failed: ${describe(error)}\n`)
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

/** What to do is in the message of a ConfigError; of anything else the stack says where it came from. */
function describe(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return `${error.message}. Another program listens there: choose another port.`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
