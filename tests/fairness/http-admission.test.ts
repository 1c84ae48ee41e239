import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createFairness } from '../../src/server/fairness/fairness'
import { createHttpAdmission } from '../../src/server/fairness/http-admission'

/** A server whose answers wait until they are released. */
async function startServer() {
  const server = createServer()
  const fairness = createFairness({ isLimited: true })
  let made = 0
  let begun = 0
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const admission = createHttpAdmission({
    server,
    fairness,
    isBehindProxy: false,
    findPayer: () => ({ userId: 'ada', address: '127.0.0.1' }),
    unitsOf: () => 200,
    refuse: (response) => void response.writeHead(429).end(),
    maxRunning: 2,
  })
  server.on('request', (request, response) => {
    made++
    void admission.serve(request, response, async () => {
      begun++
      await released
      response.end('answered')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    made: () => made,
    begun: () => begun,
    release,
    /** Sends bytes. @returns what came back until the connection was closed */
    send: (bytes: string) => {
      const socket = connect({ port, host: '127.0.0.1' })
      let text = ''
      socket.on('error', () => {})
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.write(bytes)
      return { socket, closed: new Promise<string>((resolve) => socket.once('close', () => resolve(text))) }
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

describe('http admission', () => {
  it('does not parse the rest when far too many requests arrive together', async () => {
    await using server = await startServer()
    await server.send(get.repeat(2_000)).closed
    expect(server.made()).toBe(8)
  })

  it('refuses a body in chunks before it reads any', async () => {
    await using server = await startServer()
    const { closed } = server.send(`POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(5_000)}`)
    expect(await closed).toMatch(/^HTTP\/1\.1 411 /)
    expect(server.made()).toBe(0)
  })

  it('forgets requests that wait for nobody any more', async () => {
    await using server = await startServer()
    const running = [server.send(get), server.send(get)]
    await expect.poll(server.begun).toBe(2)
    const waiting = Array.from({ length: 70 }, () => server.send(get))
    // More than may wait: some are refused.
    await expect.poll(server.made).toBe(72)
    for (const { socket } of waiting) socket.destroy()
    await Promise.all(waiting.map(({ closed }) => closed))
    const last = server.send(get)
    await expect.poll(server.made).toBe(73)
    server.release()
    for (const { socket } of running) socket.end()
    expect((await new Promise<string>((resolve) => last.socket.once('data', (chunk) => resolve(String(chunk))))).slice(0, 12)).toBe(
      'HTTP/1.1 200',
    )
    // The two that ran, and the last: none of those in between.
    expect(server.begun()).toBe(3)
  })
})
