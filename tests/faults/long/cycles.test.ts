import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { report } from '../../support/report'
import { type Bench, startBench } from '../bench'
import { runCycles } from '../cycles'

let bench: Bench
beforeAll(async () => {
  bench = await startBench({ nodes: 0 })
})
afterAll(() => bench[Symbol.asyncDispose]())

describe('connect, follow, close', () => {
  it('leaves no memory, handle or subscription behind after 4,000 times (100,000 in the random runs)', async () => {
    const { cycles, perSecond, before, after } = await runCycles(bench, { cycles: 4_000, warmUp: 1_000 })
    report('connect, follow, close', {
      cycles,
      'cycles/s': perSecond,
      'heap before': `${(before.heapBytes / 1024 ** 2).toFixed(2)} MiB`,
      after: `${(after.heapBytes / 1024 ** 2).toFixed(2)} MiB`,
      handles: `${before.handles} → ${after.handles}`,
      'Redis subscriptions': `${before.subscriptions} → ${after.subscriptions}`,
    })
    expect(after.heapBytes).toBeLessThanOrEqual(before.heapBytes * 1.05)
    expect(after.handles).toBeLessThanOrEqual(before.handles * 1.05)
    expect(after.subscriptions).toBe(before.subscriptions)
  })
})
