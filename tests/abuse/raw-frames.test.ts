import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Person, type Roomline, startRoomline } from '../support/roomline'
import type { StockClient } from '../support/stock-client'
import { protocolFrames, rawFrame, texts } from './raw-frames'

let roomline: Roomline
let ada: Person
let witness: StockClient
const unhandled: unknown[] = []
const onUnhandled = (reason: unknown) => void unhandled.push(reason)

beforeAll(async () => {
  process.on('unhandledRejection', onUnhandled)
  process.on('uncaughtException', onUnhandled)
  roomline = await startRoomline()
  ada = await roomline.signUp()
  witness = roomline.connect(await roomline.signUp())
  await witness.trpc.session.me.query()
})
afterAll(async () => {
  await roomline[Symbol.asyncDispose]()
  process.off('unhandledRejection', onUnhandled)
  process.off('uncaughtException', onUnhandled)
})

const upgradeHead = (fields: Record<string, string>, { line = 'GET /trpc HTTP/1.1' } = {}) => {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...fields,
  }
  return `${line}\r\n${Object.entries(all)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`
}

const port = () => Number(new URL(roomline.urls[0] ?? '').port)

/** A connection of bytes. What arrives is read, and thrown away. */
function dial(): Socket {
  const wire = connect(port(), '127.0.0.1')
  wire.on('error', () => {})
  wire.resume()
  return wire
}

/** An upgraded connection, ready for frames. */
async function upgrade(cookie: string | null): Promise<Socket> {
  const wire = dial()
  wire.write(upgradeHead(cookie === null ? {} : { Cookie: cookie }))
  await once(wire, 'data')
  return wire
}

/** Whoever wrote something strange is answered or closed; what counts is that the others do not notice. */
async function expectUnharmed(what: string) {
  expect((await witness.trpc.session.me.query()).uid, what).toBeTruthy()
  expect(witness.closed, what).toEqual([])
  expect(unhandled, what).toEqual([])
}

/** Some at once, because a refused connection whose client does not answer stays open for a second. */
async function eachAtOnce<Case>(cases: Record<string, Case>, attempt: (each: Case) => Promise<void>) {
  const left = Object.entries(cases)
  while (left.length > 0) {
    const now = left.splice(0, 15)
    await Promise.all(now.map(([, each]) => attempt(each)))
    await expectUnharmed(now.map(([what]) => what).join(', '))
  }
}

describe('raw frames: nobody else notices', () => {
  for (const [who, cookie] of [
    ['somebody signed in', () => ada.cookie],
    ['somebody who is not signed in', () => null],
    ['somebody with a bad cookie', () => 'X-Token=bad'],
  ] as const) {
    it(`when ${who} breaks the protocol`, async () => {
      await eachAtOnce(protocolFrames, async (frames) => {
        // Some end the connection with their first frame, so that each gets one of its own.
        const wires = [frames, ...frames.map((frame) => [frame])].slice(0, 12).map(async (each) => {
          const wire = await upgrade(cookie())
          for (const frame of each) wire.write(frame)
          // A call behind it: its answer, or the end, shows that the frames were read.
          wire.write(rawFrame(1, '{"id":9,"method":"query","params":{"path":"session.me"}}'))
          await Promise.race([once(wire, 'data'), once(wire, 'close')])
          wire.destroy()
        })
        await Promise.all(wires)
      })
    })

    it(`when ${who} sends text that is no call`, async () => {
      await eachAtOnce(texts, async (text) => {
        const wire = await upgrade(cookie())
        wire.write(rawFrame(1, text))
        wire.write(rawFrame(1, '{"id":9,"method":"query","params":{"path":"session.me"}}'))
        await Promise.race([once(wire, 'data'), once(wire, 'close')])
        wire.destroy()
      })
    })
  }

  it('when handshakes are strange', async () => {
    const key = 'Sec-WebSocket-Key'
    const heads: Record<string, string> = {
      'no key': upgradeHead({ [key]: '' }),
      'a short key': upgradeHead({ [key]: 'eA==' }),
      'a key of noise': upgradeHead({ [key]: '\u0001\u0002' }),
      'version 8': upgradeHead({ 'Sec-WebSocket-Version': '8' }),
      'no version': upgradeHead({ 'Sec-WebSocket-Version': '' }),
      'a version that is no number': upgradeHead({ 'Sec-WebSocket-Version': '13, 8' }),
      POST: upgradeHead({}, { line: 'POST /trpc HTTP/1.1' }),
      'HTTP/1.0': upgradeHead({}, { line: 'GET /trpc HTTP/1.0' }),
      'another protocol': upgradeHead({ Upgrade: 'h2c' }),
      'a path of nothing': upgradeHead({}, { line: 'GET  HTTP/1.1' }),
      'a path with an escape too short': upgradeHead({}, { line: 'GET /trpc?%E0%A4%A HTTP/1.1' }),
      'a path on another host': upgradeHead({}, { line: 'GET http://example.com/trpc HTTP/1.1' }),
      'a path of stars': upgradeHead({}, { line: 'OPTIONS * HTTP/1.1' }),
      'two slashes': upgradeHead({}, { line: 'GET //trpc HTTP/1.1' }),
      CONNECT: upgradeHead({}, { line: 'CONNECT /trpc HTTP/1.1' }),
      'connectionParams and a body': `${upgradeHead({ 'Content-Length': '5' }, { line: 'GET /trpc?connectionParams=1 HTTP/1.1' })}hello`,
      'compression with odd parameters': upgradeHead({ 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=99' }),
      'an extension that does not parse': upgradeHead({ 'Sec-WebSocket-Extensions': ';;==' }),
      'a subprotocol that does not parse': upgradeHead({ 'Sec-WebSocket-Protocol': 'a b, ,' }),
      'a hundred subprotocols': upgradeHead({ 'Sec-WebSocket-Protocol': Array.from({ length: 100 }, (_, at) => `p${at}`).join(', ') }),
      'a cookie of 14 kB': upgradeHead({ Cookie: `X-Token=${'x'.repeat(14_000)}` }),
      'a thousand cookies': upgradeHead({ Cookie: Array(1_000).fill('X-Token=x').join('; ') }),
      'headers of 20 kB': upgradeHead({ 'X-More': 'x'.repeat(20_000) }),
      'NUL in a header': upgradeHead({ Origin: 'http://a\0b' }),
      'a line break alone': 'GET /trpc HTTP/1.1\nHost: x\n\n',
      'two upgrades at once': upgradeHead({}) + upgradeHead({}),
      'frames at once': upgradeHead({ Cookie: ada.cookie }) + rawFrame(1, '{"id":1}').toString('latin1'),
      noise: '\u0016\u0003\u0001\u0002\u0000',
    }
    await eachAtOnce(heads, async (head) => {
      const wire = dial()
      wire.write(head, 'latin1')
      await Promise.race([once(wire, 'data'), once(wire, 'close')])
      wire.destroy()
    })
  })

  it('when connections break off anywhere in a handshake or a frame', async () => {
    const head = upgradeHead({ Cookie: ada.cookie })
    const stream = Buffer.concat([Buffer.from(head), rawFrame(1, '{"id":1,"method":"query","params":{"path":"session.me"}}')])
    for (let at = 1; at < stream.length; at += 7) {
      const wire = dial()
      await once(wire, 'connect')
      wire.write(stream.subarray(0, at), () => (at % 2 ? wire.resetAndDestroy() : wire.destroy()))
      await once(wire, 'close')
    }
    await expectUnharmed('broken connections')
  })
})
