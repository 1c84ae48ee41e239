import { afterAll, beforeAll, describe, it } from 'vitest'
import { signedInDoses, unsignedDoses } from './flood-kinds'
import { type Flood, type FloodedRoomline, startFloodedRoomline } from './flooded-roomline'
import { httpKinds } from './http-kinds'

let flooded: FloodedRoomline
beforeAll(async () => {
  flooded = await startFloodedRoomline()
})
afterAll(() => flooded[Symbol.asyncDispose]())

const signedIn: (keyof typeof signedInDoses)[] = [
  'unknown procedures',
  'session.me, 1,000 in a frame',
  'bad input',
  'malformed envelopes',
  'unknown subscription.stop',
  '60 kB of deep JSON',
  '1 MiB of empty arrays',
  'pong frames',
  'one-byte fragments',
]
const unsigned: (keyof typeof unsignedDoses | 'connects')[] = ['one-byte fragments', 'forged tokens', 'connects']
const everything: Flood[] = [
  ...[...Object.keys(signedInDoses), 'history of 100 messages, unread', 'session.me, byte by byte', 'connects'].map(
    (kind) => ({ over: 'WebSocket', kind, signedIn: true }) as const,
  ),
  ...[...Object.keys(unsignedDoses), 'connects'].map((kind) => ({ over: 'WebSocket', kind, signedIn: false }) as const),
  ...Object.keys(httpKinds).flatMap((kind) => [true, false].map((signedIn) => ({ over: 'HTTP', kind, signedIn }) as const)),
].flatMap((plan) => [1, 50].map((sockets) => ({ ...plan, sockets })))

/** FLOODS=all measures every kind, from 1 and from 50 sockets, for the table of docs/limits.md. */
const plans: Flood[] =
  process.env.FLOODS === 'all'
    ? everything
    : [
        ...signedIn.map((kind) => ({ over: 'WebSocket', kind, signedIn: true, sockets: 50 }) as const),
        ...unsigned.map((kind) => ({ over: 'WebSocket', kind, signedIn: false, sockets: 50 }) as const),
        { over: 'WebSocket', kind: 'text PING', signedIn: true, sockets: 1 },
      ]

describe('a flood', () => {
  it.each(plans)(
    'of $kind from $sockets sockets over $over (signed in: $signedIn) is hardly noticed by others',
    { timeout: 60_000 },
    (plan) => flooded.expectHarmless(plan),
  )
})
