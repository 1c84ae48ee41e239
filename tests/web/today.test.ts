import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { formatDay } from '../../src/web/ui/times'
import { watchToday } from '../../src/web/ui/today'

describe('today', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('changes at midnight, each night, until nobody watches', () => {
    vi.setSystemTime(new Date(2026, 2, 27, 22, 30))
    const message = new Date(2026, 2, 27, 22, 0)
    const seen: string[] = []
    const stop = watchToday(() => seen.push(formatDay(message, new Date())))
    vi.advanceTimersByTime(89 * 60_000)
    expect(seen).toEqual([])
    expect(formatDay(message, new Date())).toBe('Today')
    vi.advanceTimersByTime(2 * 60_000)
    expect(seen).toEqual(['Yesterday'])
    // Also over the night in which the clocks change.
    vi.advanceTimersByTime(48 * 60 * 60_000)
    expect(seen).toHaveLength(3)
    expect(seen[2]).toMatch(/27/)
    stop()
    vi.advanceTimersByTime(48 * 60 * 60_000)
    expect(seen).toHaveLength(3)
    expect(vi.getTimerCount()).toBe(0)
  })
})
