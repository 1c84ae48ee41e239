import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { LaunchError } from './launch-error'

/** A port that nobody listens on at this moment. */
export async function findFreePort(host = '127.0.0.1'): Promise<number> {
  return listenOnce(0, host)
}

/**
 * Resolves when the port is free, or at once to a free one when it is 0. Those who ran here before us have `patienceMs`
 * to go.
 * @throws {LaunchError} naming the variable, when the port cannot be had
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
      throw new LaunchError(explain(variable, port, host, code))
    }
  }
}

function explain(variable: string, port: number, host: string, code: string | undefined): string {
  if (code === 'EADDRINUSE')
    return `Port ${port} is taken by another program. Stop that one, or set ${variable} to another port (0 picks a free one).`
  if (code === 'EACCES') return `Port ${port} may not be opened by this user. Set ${variable} to a port of 1024 or above.`
  return `Nothing can listen at ${host} (${code}). Set HOST to an address of this machine, such as 127.0.0.1.`
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
