import { describe, expect, it } from 'vitest'
import { joinLookUps } from '../../src/server/platform/look-ups'
import { until } from '../support/stock-client'

/** Look-ups whose statements are answered by the test. */
function createLookUps() {
  const loads: { keys: readonly number[]; answer: () => void; fail: (error: Error) => void }[] = []
  const find = joinLookUps<number, string>(
    (keys) =>
      new Promise((resolve, reject) => {
        loads.push({ keys, answer: () => resolve(keys.map(String)), fail: reject })
      }),
  )
  return { find, loads }
}

describe('look-ups', () => {
  it('made in one turn of the event loop share a statement, and each gets its own answer', async () => {
    const { find, loads } = createLookUps()
    const found = [find(1), find(2), find(3)]
    await until(() => loads.length === 1)
    expect(loads[0]?.keys).toEqual([1, 2, 3])
    loads[0]?.answer()
    expect(await Promise.all(found)).toEqual(['1', '2', '3'])
  })

  it('are not held up by one that hangs', async () => {
    const { find, loads } = createLookUps()
    void find(1)
    await until(() => loads.length === 1)
    const other = find(2)
    await until(() => loads.length === 2)
    loads[1]?.answer()
    expect(await other).toBe('2')
  })

  it('fail alone for an error of their own, and together when Postgres is away', async () => {
    const { find, loads } = createLookUps()
    const wrong = find(1).catch((error) => error.message)
    await until(() => loads.length === 1)
    loads[0]?.fail(new Error('wrong'))
    expect(await wrong).toBe('wrong')
    const hanging = [2, 3, 4, 5].map(async (key, index) => {
      await until(() => loads.length === index + 1)
      return find(key)
    })
    await until(() => loads.length === 5)
    const behind = find(6).catch((error) => error.message)
    loads[1]?.fail(new Error('Connection terminated unexpectedly'))
    expect(await behind).toBe('Connection terminated unexpectedly')
    await expect(hanging[0]).rejects.toThrow('Connection terminated')
    for (const { answer } of loads.slice(2)) answer()
    expect(await Promise.all(hanging.slice(1))).toEqual(['3', '4', '5'])
  })
})
