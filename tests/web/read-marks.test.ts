import { describe, expect, it } from 'vitest'
import { ChatError } from '../../src/sdk'
import { createRoom } from '../../src/sdk/testing'
import { createReadMarks } from '../../src/web/room/messages/read-marks'
import { until } from '../support/stock-client'

/** A room that somebody reads, and what was asked of the server for them. */
function read(calls: string[] = [], refuse: () => boolean = () => false) {
  const ask = async (call: string, readSeq: number) => {
    calls.push(call)
    if (refuse()) throw new ChatError({ name: 'DISCONNECTED', words: 'The connection was lost.', retry: true })
    return createRoom({ lastSeq: 100, readSeq })
  }
  const marks = createReadMarks({
    markRead: (seq) => ask(`read ${seq}`, seq),
    markUnread: (seq) => ask(`unread ${seq}`, seq - 1),
  })
  return { marks, calls }
}

/** Longer than a mark waits for what else may come. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 450))

describe('the read mark of a room', () => {
  it('moves once to the newest that was seen, however much came', async () => {
    const { marks, calls } = read()
    for (let lastSeq = 5; lastSeq <= 9; lastSeq++) marks.update({ lastSeq, listedReadSeq: 4, isLooking: true })
    await until(() => calls.length > 0)
    marks.update({ lastSeq: 9, listedReadSeq: 9, isLooking: true })
    await aWhile()
    expect(calls).toEqual(['read 9'])
  })

  it('stays while nobody looks, and where it is already', async () => {
    const { marks, calls } = read()
    marks.update({ lastSeq: 5, listedReadSeq: 4, isLooking: false })
    await aWhile()
    marks.update({ lastSeq: 5, listedReadSeq: 5, isLooking: true })
    await aWhile()
    marks.update({ lastSeq: 6, listedReadSeq: undefined, isLooking: false })
    await aWhile()
    expect(calls).toEqual([])
  })

  it('stays where its reader has put it, until they come back to what is new', async () => {
    const { marks, calls } = read()
    marks.update({ lastSeq: 9, listedReadSeq: 9, isLooking: true })
    await marks.markUnread(7)
    marks.update({ lastSeq: 9, listedReadSeq: 6, isLooking: true })
    marks.update({ lastSeq: 10, listedReadSeq: 6, isLooking: true })
    await aWhile()
    expect(calls).toEqual(['unread 7'])
    marks.resume()
    await until(() => calls.length === 2)
    expect(calls[1]).toBe('read 10')
  })

  it('stays where they have put it on another device', async () => {
    const { marks, calls } = read()
    marks.update({ lastSeq: 9, listedReadSeq: 9, isLooking: true })
    marks.update({ lastSeq: 9, listedReadSeq: 3, isLooking: true })
    await aWhile()
    expect(calls).toEqual([])
  })

  it('moves later when the server did not answer', async () => {
    let away = true
    const { marks, calls } = read([], () => away)
    marks.update({ lastSeq: 5, listedReadSeq: 4, isLooking: true })
    await until(() => calls.length === 1)
    away = false
    await until(() => calls.length === 2)
    expect(calls).toEqual(['read 5', 'read 5'])
  })
})
