import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Measures } from '../faults/measured-node'
import { residentMiB, startProcess, type TestProcess } from '../faults/processes'
import { createSeeded } from '../faults/seeded'
import { report } from '../support/report'
import { type Person, type Roomline, startRoomline } from '../support/roomline'
import { createStockClient } from '../support/stock-client'
import { mutateFrame, mutateText } from './mutations'
import { rawFrame } from './raw-frames'
import { recordSession } from './recorded-session'

/** More frames, or others: FUZZ_FRAMES=5000000 FUZZ_SEED=7 npx vitest run tests/abuse/fuzzer.test.ts */
const frames = Number(process.env.FUZZ_FRAMES ?? 200_000)
const seed = Number(process.env.FUZZ_SEED ?? 20_261_126)
const sockets = 8
const framesTogether = 250

let roomline: Roomline
let node: TestProcess
beforeAll(async () => {
  roomline = await startRoomline()
  const { databaseUrl = '', redisUrl = '', authSecrets } = roomline.config
  const noLimits = ['SENDS_PER_MINUTE', 'MAX_CONNECTIONS_PER_USER', 'MAX_CONNECTIONS_PER_IP', 'MAX_SUBSCRIPTIONS_PER_CONNECTION']
  node = await startProcess(
    'tests/faults/measured-node.ts',
    {
      ...{ DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, AUTH_SECRET: authSecrets.join(), REALTIME_PORT: '0', LOG_LEVEL: 'error' },
      ...Object.fromEntries(noLimits.map((name) => [name, '0'])),
    },
    ['--expose-gc'],
  )
})
afterAll(async () => {
  node.kill()
  await roomline[Symbol.asyncDispose]()
})

const measureOnce = () =>
  new Promise<Measures>((resolve) => {
    node.onceMessage((message) => resolve((message as { measures: Measures }).measures))
    node.send({})
  })

/** Once the node has worked off what it was sent: it holds no less a second later. */
async function measure(): Promise<Measures> {
  for (let last = await measureOnce(); ; ) {
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const now = await measureOnce()
    if (now.heapBytes > last.heapBytes * 0.99) return now
    last = now
  }
}

async function open({ cookie }: Person): Promise<Socket> {
  const wire = connect(node.port, '127.0.0.1')
  wire.on('error', () => {})
  wire.write(
    `GET /trpc HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: ${cookie}\r\n\r\n`,
  )
  await Promise.race([once(wire, 'data'), once(wire, 'close')])
  return wire
}

/** Writes frames and a call behind them. @returns whether the call was answered; otherwise the connection has ended */
function send(wire: Socket, bytes: Buffer, marker: string): Promise<boolean> {
  return new Promise((resolve) => {
    let tail = ''
    const onData = (chunk: Buffer) => {
      tail = (tail + chunk.toString('latin1')).slice(-100_000)
      if (tail.includes(marker)) end(true)
    }
    const onClose = () => end(false)
    const end = (answered: boolean) => {
      wire.off('data', onData).off('close', onClose)
      resolve(answered)
    }
    wire.on('data', onData).once('close', onClose)
    wire.write(Buffer.concat([bytes, rawFrame(1, `{"id":"${marker}","method":"query","params":{"path":"session.me"}}`)]))
  })
}

/** Writes a last frame and ends the connection from this side. */
async function leaveWith(wire: Socket, bytes: Buffer) {
  wire.resume()
  const closed = once(wire, 'close')
  wire.end(bytes)
  await closed
}

it(`${frames.toLocaleString('en')} changed frames of recorded sessions end no process, and what they left behind is released`, async () => {
  const people = await Promise.all(Array.from({ length: sockets }, () => roomline.signUp()))
  const [ada, ben] = [await roomline.signUp(), await roomline.signUp()]
  const [first, ...others] = await recordSession(`ws://127.0.0.1:${node.port}/trpc`, ada, ben)
  if (first === undefined) throw new Error('nothing was recorded')
  const recorded: [string, ...string[]] = [first, ...others]
  const witness = createStockClient({ url: `ws://127.0.0.1:${node.port}/trpc`, cookie: ben.cookie })
  const watched = await witness.follow('general')
  const seeded = createSeeded(seed)
  let left = frames
  let refusals = 0
  const startedAt = performance.now()

  async function fuzz(worker: number) {
    const person = people[worker % people.length]
    if (!person) throw new Error('nobody to write as')
    let wire = await open(person)
    while (left > 0) {
      const count = Math.min(left, framesTogether)
      left -= count
      const bytes = Buffer.concat(Array.from({ length: count - 1 }, () => mutateText(recorded, seeded)))
      if (await send(wire, bytes, `after-${left}`)) await leaveWith(wire, mutateFrame(recorded, seeded))
      else refusals++
      wire = await open(person)
    }
    wire.destroy()
  }
  const fuzzAll = async (until: number) => {
    const rest = left - until
    left = rest
    await Promise.all(Array.from({ length: sockets }, (_, worker) => fuzz(worker)))
    left = until
  }

  await fuzzAll(frames * 0.75)
  const before = await measure()
  await fuzzAll(0)
  const after = await measure()
  const seconds = (performance.now() - startedAt) / 1000

  // The node is the same process, and serves as before.
  const { seq } = await witness.trpc.chat.send.mutate({ room: 'general', text: 'still here' })
  await watched.until(watched.messages.length + (watched.messages.some((message) => message.seq === seq) ? 0 : 1))
  expect(watched.errors).toEqual([])
  expect(
    node
      .output()
      .split('\n')
      .filter((line) => line.includes('"level":50') || line.includes('"level":60')),
  ).toEqual([])
  expect(after.heapBytes - before.heapBytes).toBeLessThan(8 * 1024 * 1024)
  report('fuzzer', {
    'frames a second': frames / seconds,
    'connections refused or closed by the node': refusals,
    'heap MiB after a quarter': before.heapBytes / 2 ** 20,
    'at the end': after.heapBytes / 2 ** 20,
    'resident MiB': await residentMiB(node.pid),
  })
  await witness.close()
}, 300_000)
