import { expect, it } from 'vitest'
import { backoffWithJitter } from '../../src/sdk/reconnect'

it('clients that lost the same server come back spread over a time that doubles, and never later than half a minute', () => {
  expect([0, 1, 2, 5, 6, 60].map((attempt) => backoffWithJitter(attempt, () => 1))).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000])
  expect(backoffWithJitter(3, () => 0)).toBe(0)
  expect(backoffWithJitter(3, () => 0.25)).toBe(1_000)
})
