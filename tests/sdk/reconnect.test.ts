import { expect, it } from 'vitest'
import { backoffWithJitter, createReconnectDelays } from '../../src/sdk/connection/reconnect'

it('backoff: random up to a maximum that doubles, at most 30 seconds', () => {
  expect([0, 1, 2, 5, 6, 60].map((attempt) => backoffWithJitter(attempt, () => 1))).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000])
  expect(backoffWithJitter(3, () => 0)).toBe(0)
  expect(backoffWithJitter(3, () => 0.25)).toBe(1_000)
})

it('reconnect delays: grow through an outage, and start over only after a connection that lasted', () => {
  let time = 0
  const delays = createReconnectDelays(
    () => time,
    () => 1,
  )
  const after = (ms: number) => {
    time += ms
    return delays.next(true)
  }
  delays.onOpen()
  expect(after(60_000)).toBe(500)
  expect([after(10_000), after(10_000), after(10_000)]).toEqual([1_000, 2_000, 4_000])
  // It opens, and closes at once.
  delays.onOpen()
  expect(after(100)).toBe(8_000)
  delays.onOpen()
  expect(after(6_000)).toBe(500)
})

it('reconnect delays: shorter for an unreachable network than for a server that turns clients away', () => {
  const delays = createReconnectDelays(
    () => 0,
    () => 1,
  )
  expect(Array.from({ length: 6 }, () => delays.next(false))).toEqual([500, 1_000, 2_000, 2_500, 2_500, 2_500])
  expect(delays.next(true)).toBe(30_000)
})
