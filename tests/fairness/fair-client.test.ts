import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { costs } from '../../src/server/fairness/fair-client'
import { createFairness } from '../../src/server/fairness/fairness'

function createClock() {
  let time = 0
  return { now: () => time, pass: (ms: number) => (time += ms) }
}

/** A worker with this many steps, which writes its name to the log at each. */
const createWorker = (log: string[], name: string, steps: number, units: number) => ({
  step: () => {
    if (steps === 0) return null
    steps--
    log.push(name)
    return units
  },
})

describe('the budget of a client', () => {
  it('is used up by work, may be overdrawn, and fills up again', () => {
    const clock = createClock()
    const client = createFairness({ isLimited: true, now: clock.now }).person('a')
    expect(client.waitMs()).toBe(0)
    client.spend(2_250_000)
    expect(client.waitMs()).toBeGreaterThan(1_000)
    clock.pass(1_100)
    expect(client.waitMs()).toBe(0)
  })

  it('is one for all sockets and requests of a person, and another for each other person', () => {
    const fairness = createFairness({ isLimited: true, now: createClock().now })
    fairness.person('a').spend(10_000_000)
    expect(fairness.person('a').waitMs()).toBeGreaterThan(0)
    expect(fairness.person('b').waitMs()).toBe(0)
    expect(fairness.address('a').waitMs()).toBe(0)
  })

  it('stays in force while many others come and go, and is forgotten once it is full again', () => {
    const clock = createClock()
    const fairness = createFairness({ isLimited: true, now: clock.now })
    const before = fairness.person('a')
    before.spend(10_000_000)
    for (let count = 0; count < 1_000; count++) fairness.person(`other ${count}`)
    expect(fairness.person('a').waitMs()).toBeGreaterThan(0)
    clock.pass(3_600_000)
    for (let count = 0; count < 1_000; count++) fairness.person(`another ${count}`)
    expect(fairness.person('a')).not.toBe(before)
  })

  it('is never used up without a limit', () => {
    const client = createFairness({ isLimited: false }).person('a')
    client.spend(1e12)
    expect(client.waitMs()).toBe(0)
  })

  it('forgives some junk, then no more until time has passed', () => {
    const clock = createClock()
    const client = createFairness({ isLimited: true, now: clock.now }).address('10.0.0.1')
    expect(client.allowsJunk(100)).toBe(true)
    expect(client.allowsJunk(1_000)).toBe(false)
    clock.pass(120_000)
    expect(client.allowsJunk()).toBe(true)
  })
})

describe('turns', () => {
  it('are taken by everybody who has work waiting, however much one of them has', async () => {
    const fairness = createFairness({ isLimited: true })
    const log: string[] = []
    fairness.person('greedy').schedule(createWorker(log, 'greedy', 1_000, 500))
    await nextTurn()
    fairness.person('modest').schedule(createWorker(log, 'modest', 1, 500))
    await nextTurn()
    await nextTurn()
    expect(log).toContain('modest')
    expect(log.length).toBeLessThan(20)
  })

  it('of one person go round over all of its sockets', async () => {
    const client = createFairness({ isLimited: true }).person('a')
    const log: string[] = []
    client.schedule(createWorker(log, 'first', 100, 500))
    client.schedule(createWorker(log, 'second', 100, 500))
    await nextTurn()
    expect(log).toEqual(['first', 'second'])
  })

  it('run a few calls of a person at the same time, and the others afterwards', async () => {
    const client = createFairness({ isLimited: true }).person('a')
    let running = 0
    let most = 0
    const call = async () => {
      most = Math.max(most, ++running)
      await nextTurn()
      running--
      return running
    }
    const all = await Promise.all(Array.from({ length: 200 }, () => client.run(call)))
    expect(all).toHaveLength(200)
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(8)
    expect(client.isBusy()).toBe(false)
  })

  it('refuse calls when very many are waiting', async () => {
    const client = createFairness({ isLimited: true }).person('a')
    let finish = () => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    const calls = Array.from({ length: 1_100 }, () => client.run(() => finished, costs.call))
    const refused = Promise.allSettled(calls).then((results) => results.filter(({ status }) => status === 'rejected').length)
    await nextTurn()
    finish()
    expect(await refused).toBeGreaterThan(50)
  })
})
