import { type AddressInfo, createServer } from 'node:net'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { connectRedis } from '../../src/server/platform/redis'
import { keepLog } from '../support/log-lines'
import { until } from '../support/stock-client'
import { startTcpProxy } from '../support/tcp-proxy'
import { redisUrl } from '../support/worker'

function watch(url: string) {
  const kept = keepLog()
  const redis = connectRedis(url, kept.log)
  const reasons = () => kept.from('warn').map(({ reason }) => String(reason))
  return { redis, reasons, all: () => JSON.stringify(kept.lines), [Symbol.dispose]: redis.close }
}

it('Redis: the reason why it is unavailable is logged once, and again when it changes', async () => {
  const url = new URL(redisUrl())
  const port = Number(url.port)
  await using line = Object.assign(await startTcpProxy(() => port), { [Symbol.asyncDispose]: () => line.close() })
  url.port = String(line.port)
  using watched = watch(url.href)
  await until(watched.redis.isAlive)
  expect(watched.reasons()).toEqual([])

  line.setFault({ toServer: { hold: true }, toClient: { hold: true } })
  await until(() => watched.reasons().length > 0)
  expect(watched.reasons()[0]).toBe('it does not respond')
  line.setOnline(false)
  await until(() => watched.reasons().some((reason) => !/answer|timed out/i.test(reason)))
  expect(new Set(watched.reasons()).size).toBe(watched.reasons().length)

  line.setFault({})
  line.setOnline(true)
  await until(watched.redis.isAlive)
})

it('Redis: when it is too slow to confirm subscriptions after a reconnect, the process lives on and hears news later', async () => {
  const url = new URL(redisUrl())
  const port = Number(url.port)
  let isSlow = false
  const confirmations: string[] = []
  await using line = Object.assign(
    await startTcpProxy(() => port, {
      toClient: () => (chunk, write) => {
        const isConfirmation = /subscribe/.test(chunk.toString())
        if (isConfirmation) confirmations.push(isSlow ? 'lost' : 'passed')
        if (!isConfirmation || !isSlow) write(chunk)
      },
    }),
    { [Symbol.asyncDispose]: () => line.close() },
  )
  url.port = String(line.port)
  using watched = watch(url.href)
  await until(watched.redis.isAlive)
  isSlow = true
  line.cut()
  // Each command times out after a second. Vitest fails when nobody handles that.
  await until(() => confirmations.includes('lost'))
  await until(() => !watched.redis.isAlive())
  isSlow = false
  await until(watched.redis.isAlive)
})

it('a Redis that nobody listens for is refused, told once', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  using watched = watch(`redis://127.0.0.1:${port}`)
  await until(() => watched.reasons().length > 0)
  expect(watched.reasons()).toEqual([`connect ECONNREFUSED 127.0.0.1:${port}`])
})

it('a wrong password is named, and not quoted', async () => {
  const admin = new Redis(redisUrl())
  await admin.call('ACL', 'SETUSER', 'reasons', 'on', '>the right one', '~*', '&*', '+@all')
  const url = new URL(redisUrl())
  url.username = 'reasons'
  url.password = 'the wrong one'
  try {
    using watched = watch(url.href)
    await until(() => watched.reasons().some((reason) => reason.startsWith('WRONGPASS')))
    // A server that knows no users repeats what it was sent.
    const old = createServer((socket) =>
      socket.on('data', () => socket.write("-ERR unknown command 'auth', with args beginning with: 'reasons' 'the wrong one'\r\n")),
    ).listen(0, '127.0.0.1')
    await new Promise((resolve) => old.once('listening', resolve))
    url.port = String((old.address() as AddressInfo).port)
    using second = watch(url.href)
    await until(() => second.reasons().some((reason) => reason.includes('unknown command')))
    for (const each of [watched, second]) expect(each.all()).not.toMatch(/the.wrong.one|the%20wrong/)
    second.redis.close()
    old.close()
  } finally {
    await admin.call('ACL', 'DELUSER', 'reasons')
    admin.disconnect()
  }
})
