import { afterAll, beforeAll, expect, it } from 'vitest'
import { type FloodedRoomline, startHttpFlooded } from './http-flooded'

let flooded: FloodedRoomline
beforeAll(async () => {
  flooded = await startHttpFlooded()
  await flooded.measure(1_000)
})
afterAll(() => flooded[Symbol.asyncDispose]())

/** Below this a ratio says more about the machine than about the flood. */
const floorMs = 40
const attempts = 3

it.each([
  { kind: 'history, 100 in a batch', signedIn: true, sockets: 50 },
  { kind: 'session.me, pipelined', signedIn: true, sockets: 50 },
  { kind: 'forged tokens', signedIn: false, sockets: 50 },
  { kind: 'chunks of one byte', signedIn: true, sockets: 50 },
])('http: others hardly notice a flood of $kind', { timeout: 60_000 }, async (plan) => {
  const tries: string[] = []
  for (let attempt = 0; attempt < attempts; attempt++) {
    const before = await flooded.measure(1_000)
    const during = await flooded.measureDuring(plan, 1_500)
    tries.push(`${before.p99Ms.toFixed()} ms before, ${during.p99Ms.toFixed()} ms during, ${during.grownMiB.toFixed()} MiB more`)
    if (during.p99Ms <= 3 * Math.max(before.p99Ms, floorMs) && during.grownMiB <= 64) return
  }
  expect.fail(tries.join('; '))
})
