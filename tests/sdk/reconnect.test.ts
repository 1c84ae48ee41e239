import { expect, it } from 'vitest'
import { backoffWithJitter, createReconnectDelays } from '../../src/sdk/connection/reconnect'

it('clients that lost the same server come back spread over a time that doubles, and never later than half a minute', () => {
  expect([0, 1, 2, 5, 6, 60].map((attempt) => backoffWithJitter(attempt, () => 1))).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000])
  expect(backoffWithJitter(3, () => 0)).toBe(0)
  expect(backoffWithJitter(3, () => 0.25)).toBe(1_000)
})

it('a client waits longer and longer through an outage, however long ago its last connection was, and starts over after one that held', () => {
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

it('a network that is away is tried more often than a server that turns clients away, and once a second at most on average', () => {
  const delays = createReconnectDelays(
    () => 0,
    () => 1,
  )
  expect(Array.from({ length: 6 }, () => delays.next(false))).toEqual([500, 1_000, 2_000, 2_500, 2_500, 2_500])
  expect(delays.next(true)).toBe(30_000)
})
