import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../support/stock-client'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy'
import { createPublicationLine } from './publications'
import { createSeeded } from './seeded'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** An echo server, and a client of it over a line. */
async function startEcho({ allowHalfOpen = false } = {}) {
  const heard: Socket[] = []
  const server = createServer({ allowHalfOpen }, (socket) => {
    heard.push(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => socket.write(bytes))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => server.close())
  const line = await startTcpProxy(() => (server.address() as AddressInfo).port)
  closing.push(() => line.close())
  return { line, heard, open: () => openClient(line) }
}

async function openClient(line: TcpProxy) {
  const socket = connect({ port: line.port, host: '127.0.0.1' })
  socket.on('error', () => {})
  closing.push(() => socket.destroy())
  const client = { socket, text: '', closed: false }
  socket.on('data', (bytes) => {
    client.text += bytes
  })
  socket.on('close', () => {
    client.closed = true
  })
  await once(socket, 'connect')
  return client
}

describe('TCP line', () => {
  it('carries bytes and closes, can be cut, and takes new connections afterwards', async () => {
    const { line, open } = await startEcho()
    const client = await open()
    client.socket.write('one')
    await until(() => client.text === 'one')
    expect(line.cut()).toBe(1)
    await until(() => client.closed)
    const next = await open()
    next.socket.write('two')
    await until(() => next.text === 'two')
    line.setOnline(false)
    await until(() => next.closed)
    const refused = await open()
    await until(() => refused.closed)
  })

  it('delays or slows one direction only, and keeps the order', async () => {
    const { line, open } = await startEcho()
    const client = await open()
    line.setFault({ toClient: { delayMs: 150 } })
    const since = performance.now()
    client.socket.write('a')
    await until(() => client.text === 'a')
    expect(performance.now() - since).toBeGreaterThanOrEqual(140)
    line.setFault({ toServer: { bytesPerSecond: 100_000 } })
    const slow = performance.now()
    for (let count = 0; count < 20; count++) {
      client.socket.write('b'.repeat(1_000))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => client.text.length === 20_001)
    expect(performance.now() - slow).toBeGreaterThan(100)
    line.setFault({ toClient: { delayMs: 50 } })
    client.socket.write('c')
    line.setFault({})
    client.socket.write('d')
    await until(() => client.text.length === 20_003)
    expect(client.text.slice(-2)).toBe('cd')
  })

  it('holds bytes back, and delivers all of them once it is mended', async () => {
    const { line, open } = await startEcho()
    const client = await open()
    line.setFault({ toServer: { hold: true } })
    client.socket.write('held')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(client.text).toBe('')
    line.setFault({})
    await until(() => client.text === 'held')
  })

  it('swallows bytes and closes without a word, and is cut when it is mended', async () => {
    const { line, heard, open } = await startEcho()
    const client = await open()
    client.socket.write('known')
    await until(() => client.text === 'known')
    line.setFault({ toServer: { swallow: true }, toClient: { swallow: true } })
    const unheard = await open()
    unheard.socket.write('anybody?')
    client.socket.destroy()
    await until(() => client.closed)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(heard).toHaveLength(1)
    expect(heard[0]?.readableEnded).toBe(false)
    line.setFault({})
    await until(() => unheard.closed && heard[0]?.closed === true)
    await until(() => line.count() === 0)
  })

  it('half closes: one direction ends while the other goes on', async () => {
    const { line, heard, open } = await startEcho({ allowHalfOpen: true })
    const client = await open()
    client.socket.write('one')
    await until(() => client.text === 'one')
    line.halfClose('toServer')
    await until(() => heard[0]?.readableEnded === true)
    heard[0]?.write('two')
    await until(() => client.text === 'onetwo')
    expect(client.closed).toBe(false)
  })
})

describe('publication line', () => {
  const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`
  const resp2 = (channel: string, body: string) => `*3\r\n${bulk('message')}${bulk(channel)}${bulk(body)}`
  const resp3 = (channel: string, body: string) => `>3\r\n${bulk('message')}${bulk(channel)}${bulk(body)}`
  const bodies = (text: string) => [...text.matchAll(/body \d+/g)].map(([body]) => body)

  function startLine() {
    const line = createPublicationLine(createSeeded(7))
    let out = ''
    const rewrite = line.rewrite()
    /** In pieces of 7 bytes, so that every value is split. */
    const feed = (text: string) => {
      const bytes = Buffer.from(text)
      for (let at = 0; at < bytes.length; at += 7) {
        rewrite(bytes.subarray(at, at + 7), (piece) => {
          out += piece
        })
      }
    }
    return { line, feed, out: () => out }
  }

  it('passes on everything that is not a publication, however it is split', () => {
    const { line, feed, out } = startLine()
    line.setFault({ drop: 1 })
    const replies = `+OK\r\n-ERR no\r\n:7\r\n$-1\r\n${bulk('wörter')}*2\r\n${bulk('a')}*1\r\n:1\r\n%1\r\n+key\r\n:2\r\n>3\r\n${bulk('subscribe')}${bulk('room')}:1\r\n*3\r\n${bulk('subscribe')}${bulk('room')}:1\r\n`
    feed(replies + resp2('room', 'body 1') + replies + resp3('room', 'body 2') + replies)
    expect(out()).toBe(replies.repeat(3))
    expect(line.count()).toEqual({ seen: 2, disturbed: 2 })
  })

  it('drops publications of the named channels only', () => {
    const { line, feed, out } = startLine()
    line.setFault({ drop: 1 }, 'room:')
    feed(resp2('room:1', 'body 1') + resp2('pulse', 'body 2') + resp3('room:2', 'body 3'))
    expect(bodies(out())).toEqual(['body 2'])
  })

  it('repeats, reorders and delays publications', async () => {
    const { line, feed, out } = startLine()
    line.setFault({ repeat: 1 })
    feed(resp3('room', 'body 1'))
    expect(bodies(out()).length).toBeGreaterThanOrEqual(2)
    const once = startLine()
    once.line.setFault({ reorder: 1 })
    once.feed(resp3('room', 'body 1'))
    once.line.setFault({})
    once.feed(resp3('room', 'body 2'))
    expect(bodies(once.out())).toEqual(['body 2', 'body 1'])
    const later = startLine()
    later.line.setFault({ delay: { share: 1, maxMs: 30 } })
    later.feed(resp2('room', 'body 1'))
    expect(later.out()).toBe('')
    await until(() => later.out() === resp2('room', 'body 1'))
  })

  it('disturbs the same publications again with the same seed', () => {
    const run = () => {
      const { line, feed, out } = startLine()
      line.setFault({ drop: 0.5 })
      for (let count = 0; count < 100; count++) feed(resp2('room', `body ${count}`))
      return bodies(out())
    }
    const first = run()
    expect(first.length).toBeGreaterThan(20)
    expect(first.length).toBeLessThan(80)
    expect(run()).toEqual(first)
  })
})
