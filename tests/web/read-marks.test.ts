import { describe, expect, it } from 'vitest'
import { ChatError } from '../../src/sdk'
import { createTestRoom } from '../../src/sdk/testing'
import { createReadMarks } from '../../src/web/room/messages/read-marks'
import { until } from '../support/stock-client'

/** The read marks of one room, and the calls that they make. */
function createMarks(calls: string[] = [], isDown: () => boolean = () => false) {
  const ask = async (call: string, readSeq: number) => {
    calls.push(call)
    if (isDown()) throw new ChatError({ name: 'DISCONNECTED', words: 'The connection was lost.', retry: true })
    return createTestRoom({ lastSeq: 100, readSeq })
  }
  const marks = createReadMarks({
    markRead: (seq) => ask(`read ${seq}`, seq),
    markUnread: (seq) => ask(`unread ${seq}`, seq - 1),
  })
  return { marks, calls }
}

/** Longer than the delay before a call. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 450))

describe('the read mark of a room', () => {
  it('moves once, to the newest message, when several arrive together', async () => {
    const { marks, calls } = createMarks()
    for (let lastSeq = 5; lastSeq <= 9; lastSeq++) marks.update({ lastSeq, listedReadSeq: 4, isLooking: true })
    await until(() => calls.length > 0)
    marks.update({ lastSeq: 9, listedReadSeq: 9, isLooking: true })
    await pause()
    expect(calls).toEqual(['read 9'])
  })

  it('makes no call while nobody is looking, or when everything is read', async () => {
    const { marks, calls } = createMarks()
    marks.update({ lastSeq: 5, listedReadSeq: 4, isLooking: false })
    await pause()
    marks.update({ lastSeq: 5, listedReadSeq: 5, isLooking: true })
    await pause()
    marks.update({ lastSeq: 6, listedReadSeq: undefined, isLooking: false })
    await pause()
    expect(calls).toEqual([])
  })

  it('stays where the user marked messages as unread, until they return to the newest one', async () => {
    const { marks, calls } = createMarks()
    marks.update({ lastSeq: 9, listedReadSeq: 9, isLooking: true })
    await marks.markUnread(7)
    marks.update({ lastSeq: 9, listedReadSeq: 6, isLooking: true })
    marks.update({ lastSeq: 10, listedReadSeq: 6, isLooking: true })
    await pause()
    expect(calls).toEqual(['unread 7'])
    marks.resume()
    await until(() => calls.length === 2)
    expect(calls[1]).toBe('read 10')
  })

  it('stays where the user moved it back on another device', async () => {
    const { marks, calls } = createMarks()
    marks.update({ lastSeq: 9, listedReadSeq: 9, isLooking: true })
    marks.update({ lastSeq: 9, listedReadSeq: 3, isLooking: true })
    await pause()
    expect(calls).toEqual([])
  })

  it('moves later when the first call fails', async () => {
    let isDown = true
    const { marks, calls } = createMarks([], () => isDown)
    marks.update({ lastSeq: 5, listedReadSeq: 4, isLooking: true })
    await until(() => calls.length === 1)
    isDown = false
    await until(() => calls.length === 2)
    expect(calls).toEqual(['read 5', 'read 5'])
  })
})
