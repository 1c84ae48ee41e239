import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createGate, startEvery } from '../../src/server/platform/background'
import { keepLog } from '../support/log-lines'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Work whose runs the test ends. */
function createWork() {
  const running: { finish(): void; fail(error: Error): void }[] = []
  let begun = 0
  let most = 0
  const work = async () => {
    begun++
    try {
      await new Promise<void>((resolve, reject) => {
        running.push({ finish: resolve, fail: reject })
        most = Math.max(most, running.length)
      })
    } finally {
      running.shift()
    }
  }
  return {
    work,
    begun: () => begun,
    mostAtOnce: () => most,
    finish: async () => {
      running[0]?.finish()
      await vi.advanceTimersByTimeAsync(0)
    },
    fail: async (message: string) => {
      running[0]?.fail(new Error(message))
      await vi.advanceTimersByTimeAsync(0)
    },
  }
}

const { log } = keepLog()
const options = { everyMs: 100, name: 'test', log }

describe('a background loop', () => {
  it('runs at each beat, and at once when asked to', async () => {
    const ran = vi.fn()
    const loop = startEvery(ran, options)
    expect(ran).toHaveBeenCalledTimes(0)
    await vi.advanceTimersByTimeAsync(350)
    expect(ran).toHaveBeenCalledTimes(3)
    const other = startEvery(ran, { ...options, startsNow: true })
    expect(ran).toHaveBeenCalledTimes(4)
    await Promise.all([loop.close(), other.close()])
  })

  it('never runs twice at the same time: a long run skips beats and keeps the beat', async () => {
    const { work, begun, mostAtOnce, finish } = createWork()
    const loop = startEvery(work, { ...options, startsNow: true })
    await vi.advanceTimersByTimeAsync(250)
    expect(begun()).toBe(1)
    await finish()
    await vi.advanceTimersByTimeAsync(49)
    expect(begun()).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect([begun(), mostAtOnce()]).toEqual([2, 1])
    await finish()
    await loop.close()
  })

  it('runs once more when it is asked to while it runs, however often it is asked', async () => {
    const { work, begun, mostAtOnce, finish } = createWork()
    const loop = startEvery(work, options)
    loop.runNow()
    loop.runNow()
    loop.runNow()
    expect(begun()).toBe(1)
    let isOver = false
    void loop.untilRun().then(() => {
      isOver = true
    })
    await finish()
    expect([begun(), isOver]).toEqual([2, false])
    await finish()
    expect([begun(), mostAtOnce(), isOver]).toEqual([2, 1, true])
    await loop.close()
  })

  it('keeps nobody waiting for the runs that others ask for later', async () => {
    const { work, begun, finish } = createWork()
    const loop = startEvery(work, { ...options, startsNow: true })
    let isOver = false
    void loop.untilRun().then(() => {
      isOver = true
    })
    await finish()
    void loop.untilRun()
    expect([begun(), isOver]).toEqual([2, false])
    await finish()
    expect([begun(), isOver]).toEqual([3, true])
    await finish()
    await loop.close()
  })

  it('can be brought forward, and never put off', async () => {
    const ran = vi.fn()
    const loop = startEvery(ran, options)
    loop.runWithin(20)
    loop.runWithin(500)
    await vi.advanceTimersByTimeAsync(20)
    expect(ran).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(99)
    expect(ran).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(ran).toHaveBeenCalledTimes(2)
    await loop.close()
  })

  it('goes on after an error, which is logged once, and once more when it is over', async () => {
    const kept = keepLog()
    const { work, begun, finish, fail } = createWork()
    const loop = startEvery(work, { ...options, log: kept.log, startsNow: true })
    await fail('away')
    await vi.advanceTimersByTimeAsync(100)
    await fail('still away')
    await vi.advanceTimersByTimeAsync(100)
    await finish()
    await vi.advanceTimersByTimeAsync(100)
    await finish()
    expect(begun()).toBe(4)
    expect(kept.from('info')).toEqual([
      expect.objectContaining({ level: 40, work: 'test', error: 'away' }),
      expect.objectContaining({ level: 30, work: 'test' }),
    ])
    await loop.close()
  })

  it('goes on after an error that is thrown before anything is awaited', async () => {
    const ran = vi.fn(() => {
      throw new Error('at once')
    })
    const loop = startEvery(ran, options)
    await vi.advanceTimersByTimeAsync(200)
    expect(ran).toHaveBeenCalledTimes(2)
    await loop.close()
  })

  it('closes when the run under way is over, and starts no other', async () => {
    const { work, begun, finish } = createWork()
    const loop = startEvery(work, { ...options, startsNow: true })
    loop.runNow()
    let isClosed = false
    void loop.close().then(() => {
      isClosed = true
    })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(isClosed).toBe(false)
    await finish()
    expect(isClosed).toBe(true)
    loop.runNow()
    loop.runWithin(0)
    await loop.untilRun()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(begun()).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('runs a last time on close when it should, and closes even if that fails', async () => {
    const kept = keepLog()
    const { work, begun, finish, fail } = createWork()
    const loop = startEvery(work, { ...options, log: kept.log, startsNow: true, runsOnClose: true })
    const closed = loop.close()
    await finish()
    expect(begun()).toBe(2)
    await fail('away')
    await closed
    expect(kept.from('warn')).toEqual([expect.objectContaining({ error: 'away' })])
  })

  it('adds a random part to its pauses', async () => {
    vi.spyOn(Math, 'random').mockReturnValueOnce(0.5).mockReturnValueOnce(0)
    const ran = vi.fn()
    const loop = startEvery(ran, { ...options, jitterMs: 40 })
    await vi.advanceTimersByTimeAsync(119)
    expect(ran).toHaveBeenCalledTimes(0)
    await vi.advanceTimersByTimeAsync(101)
    expect(ran).toHaveBeenCalledTimes(2)
    await loop.close()
  })
})

describe('a gate', () => {
  it('runs so many at the same time, and the others in the order in which they came', async () => {
    const gate = createGate(2)
    const { work, begun, mostAtOnce, finish } = createWork()
    const order: number[] = []
    const all = [1, 2, 3, 4].map((number) => gate.run(work).then(() => order.push(number)))
    await vi.advanceTimersByTimeAsync(0)
    expect([begun(), gate.waiting(), gate.isBusy()]).toEqual([2, 2, true])
    await finish()
    // Somebody new must not get in before those that wait.
    all.push(gate.run(work).then(() => order.push(5)))
    for (let left = 4; left > 0; left--) await finish()
    await Promise.all(all)
    expect(order).toEqual([1, 2, 3, 4, 5])
    expect([mostAtOnce(), gate.waiting(), gate.isBusy()]).toEqual([2, 0, false])
  })

  it('gives a place back when its work fails', async () => {
    const gate = createGate(1)
    const failed = gate.run(() => Promise.reject(new Error('no')))
    const next = gate.run(async () => 'yes')
    await expect(failed).rejects.toThrow('no')
    expect(await next).toBe('yes')
    expect(gate.isBusy()).toBe(false)
  })

  it('rejects those that wait when it closes, and lets those that run finish', async () => {
    const gate = createGate(1)
    const { work, begun, finish } = createWork()
    const running = gate.run(work)
    const waiting = gate.run(work).catch((error: Error) => error.message)
    gate.close(new Error('over'))
    expect(await waiting).toBe('over')
    await expect(gate.run(work)).rejects.toThrow('over')
    await finish()
    await running
    expect([begun(), gate.isBusy()]).toEqual([1, false])
  })
})
