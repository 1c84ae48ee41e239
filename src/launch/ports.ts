import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { LaunchError } from './launch-error'

/** A port that is free at the moment. */
export async function findFreePort(host = '127.0.0.1'): Promise<number> {
  return listenOnce(0, host)
}

/**
 * Waits until the port is free. Resolves to it, or to any free port when it is 0.
 * @param variable the setting to name in an error
 * @param patienceMs how long to wait for a previous process to let go of the port
 * @throws {LaunchError} naming the variable, when the port cannot be used
 */
export async function claimPort(
  variable: string,
  port: number,
  host: string,
  { patienceMs = 3_000, signal }: { patienceMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<number> {
  const until = Date.now() + patienceMs
  for (;;) {
    signal?.throwIfAborted()
    try {
      return await listenOnce(port, host)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EADDRINUSE' && Date.now() < until) {
        await delay(100)
        continue
      }
      throw new LaunchError(describeFailure(variable, port, host, code))
    }
  }
}

function describeFailure(variable: string, port: number, host: string, code: string | undefined): string {
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use by another program. Stop that program, or set ${variable} to another port (0 picks a free one).`
  if (code === 'EACCES') return `This user may not open port ${port}. Set ${variable} to a port of 1024 or above.`
  return `Cannot listen on ${host} (${code}). Set HOST to an address of this machine, such as 127.0.0.1.`
}

function listenOnce(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen(port, host, () => {
      const address = server.address() as net.AddressInfo
      server.close(() => resolve(address.port))
    })
  })
}
