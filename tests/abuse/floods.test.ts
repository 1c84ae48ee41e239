import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signedInDoses, unsignedDoses } from './flood-kinds'
import { describeFlood, type FloodedRoomline, type FloodTry, startFloodedRoomline } from './flooded-roomline'

let flooded: FloodedRoomline
beforeAll(async () => {
  flooded = await startFloodedRoomline()
})
afterAll(() => flooded[Symbol.asyncDispose]())

/** What counts as no wait at all on a machine that does other things too. */
const jitterMs = 25
const attempts = 3

const isHarmless = ({ before, during }: FloodTry) =>
  during.p99Ms <= 3 * Math.max(before.p99Ms, jitterMs) && during.grownMiB <= 64 && during.count > 20

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
const everything = [
  ...Object.keys(signedInDoses).map((kind) => ({ kind, signedIn: true })),
  { kind: 'connects', signedIn: true },
  ...[...Object.keys(unsignedDoses), 'connects'].map((kind) => ({ kind, signedIn: false })),
].flatMap((plan) => [1, 50].map((sockets) => ({ ...plan, sockets })))

/** FLOODS=all measures every kind, from 1 and from 50 sockets, for the table of docs/limits.md. */
const plans =
  process.env.FLOODS === 'all'
    ? everything
    : [
        ...signedIn.map((kind) => ({ kind, signedIn: true, sockets: 50 })),
        ...unsigned.map((kind) => ({ kind, signedIn: false, sockets: 50 })),
        { kind: 'text PING', signedIn: true, sockets: 1 },
      ]

describe('a flood', () => {
  it.each(plans)('of $kind from $sockets sockets (signed in: $signedIn) is hardly noticed by others', async (plan) => {
    let attempt: FloodTry
    let left = attempts
    do {
      attempt = await flooded.attempt(plan)
      process.stdout.write(`${describeFlood(attempt)}\n`)
    } while (!isHarmless(attempt) && --left > 0)
    expect(isHarmless(attempt), describeFlood(attempt)).toBe(true)
    expect(flooded.isAlive()).toBe(true)
  })
})
