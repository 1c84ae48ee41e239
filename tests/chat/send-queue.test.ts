import { describe, expect, it, vi } from 'vitest'
import { createSendQueue, type Send } from '../../src/server/chat/send-queue'
import { until } from '../support/stock-client'

const send = (room: string, text: string, clientId: string | null = null): Send => ({ room, authorId: 'ada', uid: null, clientId, text })

/** A queue whose store the test plays: it answers each batch by hand. */
function createStore() {
  const batches: { texts: string[]; mayWait: boolean; answer: (outcomes?: string[]) => void; fail: (error: Error) => void }[] = []
  const queue = createSendQueue<string>(
    (sends, { mayWait }) =>
      new Promise((resolve, reject) => {
        const texts = sends.map(({ text }) => text)
        batches.push({ texts, mayWait, answer: (outcomes = texts) => resolve(outcomes), fail: reject })
      }),
    (error) => (error as Error).message === 'away',
  )
  const batch = async (index: number) => {
    await until(() => batches.length > index)
    const found = batches[index]
    if (!found) throw new Error(`there is no batch ${index}`)
    return found
  }
  return { queue, batches, batch }
}

describe('the send queue', () => {
  it('stores sends that wait at the same time together, and keeps the order within a room', async () => {
    const { queue, batch } = createStore()
    const first = queue.put(send('a', 'a1'))
    const together = [(await batch(0)) && queue.put(send('a', 'a2')), queue.put(send('a', 'a3'))]
    const elsewhere = queue.put(send('b', 'b1'))
    // Another room does not wait for the batch of this one.
    expect((await batch(1)).texts).toEqual(['b1'])
    ;(await batch(1)).answer()
    expect(await elsewhere).toBe('b1')
    ;(await batch(0)).answer()
    expect(await first).toBe('a1')
    expect((await batch(2)).texts).toEqual(['a2', 'a3'])
    ;(await batch(2)).answer()
    expect(await Promise.all(together)).toEqual(['a2', 'a3'])
  })

  it('stores two sends with the same clientId one after the other, so that the second finds the first', async () => {
    const { queue, batch } = createStore()
    const twice = [queue.put(send('a', 'first', 'the-same')), queue.put(send('a', 'again', 'the-same')), queue.put(send('a', 'behind'))]
    expect((await batch(0)).texts).toEqual(['first'])
    ;(await batch(0)).answer()
    expect((await batch(1)).texts).toEqual(['again', 'behind'])
    ;(await batch(1)).answer()
    await Promise.all(twice)
  })

  it('waits for a room that another transaction holds, without delaying sends to other rooms', async () => {
    const { queue, batch } = createStore()
    const held = queue.put(send('held', 'h1'))
    const free = queue.put(send('free', 'f1'))
    ;(await batch(0)).answer(['busy', 'f1'])
    expect(await free).toBe('f1')
    expect(await batch(1)).toMatchObject({ texts: ['h1'], mayWait: true })
    const behind = queue.put(send('held', 'h2'))
    const more = queue.put(send('free', 'f2'))
    expect((await batch(2)).texts).toEqual(['f2'])
    ;(await batch(2)).answer()
    await more
    ;(await batch(1)).answer()
    expect(await held).toBe('h1')
    ;(await batch(3)).answer()
    expect(await behind).toBe('h2')
  })

  it('stores the sends of a batch one by one when one is at fault, and rejects them all when Postgres is away', async () => {
    const { queue, batch } = createStore()
    const outcomes = Promise.allSettled([queue.put(send('a', 'good')), queue.put(send('a', 'bad')), queue.put(send('b', 'good too'))])
    ;(await batch(0)).fail(new Error('one of them cannot be stored'))
    for (const index of [1, 2, 3]) {
      const { texts, answer, fail } = await batch(index)
      if (texts[0] === 'bad') fail(new Error('cannot be stored'))
      else answer()
    }
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])

    const away = Promise.allSettled([queue.put(send('a', '1')), queue.put(send('b', '2'))])
    ;(await batch(4)).fail(new Error('away'))
    expect((await away).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const back = queue.put(send('a', 'back'))
    ;(await batch(5)).answer()
    expect(await back).toBe('back')
  })

  it('rejects a send that has waited too long, and does not store it later', async () => {
    const { queue, batch, batches } = createStore()
    const held = queue.put(send('held', 'h1'))
    ;(await batch(0)).answer(['busy'])
    await batch(1)
    const behind = queue.put(send('held', 'h2')).catch((error) => error.failure)
    const now = performance.now()
    const clock = vi.spyOn(performance, 'now').mockReturnValue(now + 11_000)
    try {
      ;(await batch(1)).answer()
      expect(await held).toBe('h1')
      expect(await behind).toBe('UNAVAILABLE')
      expect(batches).toHaveLength(2)
    } finally {
      clock.mockRestore()
    }
  })

  it('rejects further sends while too many wait', async () => {
    const { queue, batch } = createStore()
    const first = queue.put(send('a', 'first'))
    await batch(0)
    const waiting = Array.from({ length: 9_000 }, () => queue.put(send('a', 'x'.repeat(4_000))).catch((error) => error.failure))
    expect(await waiting.at(-1)).toBe('UNAVAILABLE')
    ;(await batch(0)).answer()
    await first
  })
})
