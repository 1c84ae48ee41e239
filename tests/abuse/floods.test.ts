import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signedInDoses, unsignedDoses } from './flood-kinds'
import { type FloodedRoomline, startFloodedRoomline } from './flooded-roomline'

let flooded: FloodedRoomline
beforeAll(async () => {
  flooded = await startFloodedRoomline()
  await flooded.measure(1_000)
})
afterAll(() => flooded[Symbol.asyncDispose]())

const rows: string[] = []
const only = process.env.FLOOD
const plans = [
  ...Object.keys(signedInDoses).map((kind) => ({ kind, signedIn: true })),
  ...[...Object.keys(unsignedDoses), 'connects'].map((kind) => ({ kind, signedIn: false })),
  { kind: 'connects', signedIn: true },
]
  .flatMap((plan) => [1, 50].map((sockets) => ({ ...plan, sockets })))
  .filter(({ kind }) => !only || new RegExp(only).test(kind))

describe('explore', () => {
  it('floods', async () => {
    for (const plan of plans) {
      const before = await flooded.measure(1_500)
      const during = await flooded.measureDuring(plan, 2_500)
      rows.push(
        `${plan.kind.padEnd(38)} ${plan.signedIn ? 'person ' : 'address'} x${String(plan.sockets).padEnd(3)} before ${before.p50Ms.toFixed(1)}/${before.p99Ms.toFixed(1)} during ${during.p50Ms.toFixed(1)}/${during.p99Ms.toFixed(1)} (${during.count}) x${(during.p99Ms / before.p99Ms).toFixed(1)} +${during.grownMiB.toFixed(0)} MiB  ${(during.flood.bytes / 1e6).toFixed(1)} MB opened ${during.flood.opened} closed ${JSON.stringify(during.flood.closed)}`,
      )
      process.stdout.write(`${rows.at(-1)}\n`)
    }
    expect(flooded.node.pid).toBeGreaterThan(0)
  }, 900_000)
})
