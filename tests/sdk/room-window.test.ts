import { describe, expect, it } from 'vitest'
import type { HistoryPage, Message } from '../../src/contract/message'
import { cutQuote } from '../../src/contract/rules'
import { firstSeq, isTouching, lastSeq } from '../../src/sdk/message-runs'
import { type RoomTimeline, windowLimits } from '../../src/sdk/room-timeline'
import { createRoomWindow, type RoomState, startState } from '../../src/sdk/room-window'
import { createStore } from '../../src/sdk/store'
import { createTestMessage } from '../../src/sdk/testing'
import { until } from '../support/stock-client'
import { randomFrom } from './random'

const pageSize = 50
type Place = { before?: number; after?: number; around?: number }

/** A room as the server has it. */
function createServerRoom(count: number) {
  const messages: Message[] = []
  let version = 0
  const room = {
    messages,
    at: (seq: number) => messages[seq - 1] as Message,
    add: (fields: Partial<Message> = {}) => {
      const seq = messages.length + 1
      messages.push(createTestMessage({ text: `${seq}`, ...fields, seq, version: ++version }))
      return room.at(seq)
    },
    edit: (seq: number) => {
      messages[seq - 1] = { ...room.at(seq), version: ++version, text: `edited ${version}` }
      return room.at(seq)
    },
    answer: (seq: number) => room.add({ replyTo: quoteOf(room.at(seq)) }),
    /** As it is when it is read: with quotes as they are then. */
    read: (message: Message): Message => (message.replyTo ? { ...message, replyTo: quoteOf(room.at(message.replyTo.seq)) } : message),
    page: ({ before, after, around }: Place): HistoryPage => {
      const newest = messages.length
      const from =
        after !== undefined
          ? after + 1
          : Math.max(1, Math.min(around === undefined ? (before ?? newest + 1) - pageSize : around - pageSize / 2, newest - pageSize + 1))
      const to = before === undefined ? from + pageSize - 1 : before - 1
      const found = messages.slice(from - 1, to).map(room.read)
      return { messages: found, hasBefore: from > 1, hasAfter: to < newest }
    },
  }
  for (let seq = 1; seq <= count; seq++) room.add()
  return room
}

const quoteOf = ({ seq, author, text }: Message) => ({ seq, author, text: cutQuote(text) })

function startWindow(count: number, answer?: (page: () => HistoryPage) => Promise<HistoryPage>) {
  const room = createServerRoom(count)
  const state = createStore<RoomState>(startState(null))
  const reads: Place[] = []
  const shown = createRoomWindow({
    state,
    readPage: async (place) => {
      reads.push(place)
      if (!answer) return room.page(place)
      const page = room.page(place)
      return await answer(() => page)
    },
  })
  const { signal } = new AbortController()
  return {
    ...{ room, reads, shown },
    timeline: () => state.get().timeline,
    seqs: () => state.get().timeline.messages.map(({ seq }) => seq),
    open: async () => {
      let known = 0
      await shown.open(signal, (version) => {
        known = version
      })
      return known
    },
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** What is true of a window at any time. */
function check({ messages, kept, hasBefore, hasAfter, lastSeq: newest }: RoomTimeline, room: { messages: Message[] }) {
  for (const run of [messages, ...kept]) expect(run.map(({ seq }) => seq)).toEqual(run.length ? range(firstSeq(run), lastSeq(run)) : [])
  const runs = [messages, ...kept].filter((run) => run.length > 0)
  for (const [index, run] of runs.entries()) {
    for (const other of runs.slice(index + 1)) expect(isTouching(run, other)).toBe(false)
  }
  expect(newest).toBeLessThanOrEqual(room.messages.length)
  expect(hasBefore).toBe(messages.length > 0 && firstSeq(messages) > 1)
  expect(hasAfter).toBe(messages.length > 0 && lastSeq(messages) < newest)
  expect(messages.length).toBeLessThanOrEqual(windowLimits.most + pageSize + 1)
  expect(kept.length).toBeLessThanOrEqual(4)
}

describe('a room window', () => {
  it('opens around any message of 100,000 with one page', async () => {
    const { open, shown, reads, seqs, timeline } = startWindow(100_000)
    await open()
    for (const seq of [1, 4_200, 50_000, 99_940]) {
      reads.length = 0
      await shown.openAround(seq)
      expect(reads).toEqual([{ around: seq }])
      expect(seqs()).toContain(seq)
      expect(timeline().lastSeq).toBe(100_000)
    }
    reads.length = 0
    await shown.openNewest()
    expect(reads).toEqual([])
    expect(timeline()).toMatchObject({ hasAfter: false, hasBefore: true })
  })

  it('goes to the newest messages for a seq that does not exist yet, and to the oldest for one below 1', async () => {
    const { open, shown, seqs } = startWindow(200)
    await open()
    await shown.openAround(5_000_000_000)
    expect(seqs()).toEqual(range(151, 200))
    await shown.openAround(-3)
    expect(seqs()).toEqual(range(1, 50))
    await shown.openAround(Number.NaN)
    expect(seqs()).toEqual(range(1, 50))
  })

  it('joins two parts when they meet, and moves between parts that it keeps without reading them again', async () => {
    const { open, shown, seqs, reads, timeline } = startWindow(200)
    await open()
    await shown.openAround(75)
    expect(seqs()).toEqual(range(50, 99))
    expect(timeline().hasAfter).toBe(true)
    await shown.loadNewer()
    expect(seqs()).toEqual(range(50, 149))
    reads.length = 0
    await shown.openAround(180)
    await shown.openAround(60)
    expect(reads).toEqual([])
    await shown.loadNewer()
    expect(seqs()).toEqual(range(50, 200))
    expect(timeline()).toMatchObject({ hasAfter: false, kept: [] })
  })

  it('shows an old part unmoved while new messages arrive, and keeps both current', async () => {
    const { open, shown, room, seqs, timeline } = startWindow(200)
    await open()
    await shown.openAround(30)
    const before = seqs()
    for (let count = 0; count < 3; count++) shown.receive(room.add())
    shown.receive(room.edit(31))
    shown.receive(room.edit(199))
    expect(seqs()).toEqual(before)
    expect(timeline()).toMatchObject({ lastSeq: 203, hasAfter: true })
    expect(timeline().messages.find(({ seq }) => seq === 31)).toEqual(room.at(31))
    await shown.openNewest()
    expect(seqs()).toEqual(range(151, 203))
    expect(timeline().messages.find(({ seq }) => seq === 199)).toEqual(room.at(199))
  })

  it('does not let a page undo a change that arrived while it was read', async () => {
    const waiting: (() => void)[] = []
    const held = { on: false }
    const { open, shown, room, timeline } = startWindow(200, async (page) => {
      if (held.on) await new Promise<void>((resolve) => waiting.push(resolve))
      return page()
    })
    await open()
    held.on = true
    const moved = shown.openAround(20)
    await Promise.resolve()
    shown.receive(room.edit(20))
    for (const go of waiting) go()
    await moved
    expect(timeline().messages.find(({ seq }) => seq === 20)?.text).toBe(room.at(20).text)
  })

  it('is trimmed at the far end while pages are added, one end at a time', async () => {
    const { open, shown, seqs, timeline } = startWindow(3_000)
    await open()
    for (let pages = 0; pages < 30; pages++) {
      const [first, last] = [seqs()[0], seqs().at(-1)]
      const loading = shown.loadOlder()
      // What is trimmed before the page arrives leaves the other end as it was.
      expect(seqs()[0]).toBe(first)
      await loading
      expect(seqs().at(-1)).toBeLessThanOrEqual(last ?? 0)
      expect(seqs().length).toBeLessThanOrEqual(windowLimits.most + pageSize)
    }
    expect(timeline()).toMatchObject({ hasBefore: true, hasAfter: true, lastSeq: 3_000 })
    await shown.openNewest()
    expect(seqs().at(-1)).toBe(3_000)
  })

  it('stays bounded while others write, at the end where the reader is not', async () => {
    const { open, shown, room, seqs, timeline } = startWindow(100)
    await open()
    shown.lookAt(null)
    for (let count = 0; count < 2_000; count++) {
      shown.receive(room.add())
      if (count % 10 === 0) await Promise.resolve()
    }
    await Promise.resolve()
    expect(seqs().at(-1)).toBe(2_100)
    expect(seqs().length).toBeLessThanOrEqual(windowLimits.most)
    expect(timeline().hasBefore).toBe(true)
    await shown.loadOlder()
    const [first] = seqs()
    for (let count = 0; count < 1_000; count++) {
      shown.receive(room.add())
      await Promise.resolve()
    }
    expect(seqs()[0]).toBe(first)
    expect(timeline()).toMatchObject({ hasAfter: true, lastSeq: 3_100 })
    check(timeline(), room)
  })

  it('shows only the latest of several moves at once', async () => {
    const { open, shown, seqs } = startWindow(1_000)
    await open()
    await Promise.all([shown.openAround(100), shown.openAround(300), shown.openAround(500)])
    expect(seqs()).toContain(500)
    await Promise.all([shown.openAround(100), shown.openNewest()])
    expect(seqs()).toContain(1_000)
  })

  it('is where it was after the room was loaded again, without what the server no longer has', async () => {
    const { open, shown, room, seqs, timeline } = startWindow(300)
    await open()
    await shown.openAround(100)
    // Restored from an older copy: fewer messages, and other texts with lower versions.
    room.messages.splice(200)
    room.messages[99] = { ...room.at(100), version: 1, text: 'as it was' }
    await open()
    expect(seqs()).toContain(100)
    expect(timeline().lastSeq).toBe(200)
    expect(timeline().messages.find(({ seq }) => seq === 100)?.text).toBe('as it was')
    await shown.openNewest()
    expect(seqs().at(-1)).toBe(200)
  })

  it('keeps what is being read while many messages arrive, and is trimmed at the other end', async () => {
    const { open, shown, room, seqs, timeline } = startWindow(200)
    await open()
    const [first = 0] = seqs()
    shown.lookAt(first + 3)
    for (let count = 0; count < 1_500; count++) shown.receive(room.add())
    await until(() => timeline().hasAfter)
    expect(seqs()).toContain(first)
    expect(seqs().length).toBeLessThanOrEqual(windowLimits.most)
    expect(timeline().lastSeq).toBe(1_700)
    await shown.openNewest()
    expect(seqs().at(-1)).toBe(1_700)
  })

  it('starts with a page from elsewhere, and grows from it in both directions', async () => {
    const room = createServerRoom(300)
    const state = createStore(startState({ ...room.page({ around: 150 }), lastSeq: 300, version: 300 }))
    const shown = createRoomWindow({ state, readPage: async (place) => room.page(place) })
    expect(state.get()).toMatchObject({ state: 'live', timeline: { hasBefore: true, hasAfter: true, lastSeq: 300 } })
    shown.receive(room.add())
    expect(state.get().timeline.lastSeq).toBe(301)
    await shown.openNewest()
    for (let pages = 0; pages < 6; pages++) await shown.loadOlder()
    expect(state.get().timeline.messages.map(({ seq }) => seq)).toEqual(range(1, 301))
  })

  it('is gapless, right and bounded at any time, and equals the room in the end, whatever happens in whichever order', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = randomFrom(seed)
      const pages: (() => void)[] = []
      const { open, shown, room, timeline } = startWindow(random(3) === 0 ? random(40) : 400 + random(1_500), async (page) => {
        await new Promise<void>((resolve) => pages.push(resolve))
        return page()
      })
      const events: Message[] = []
      const settle = async () => {
        for (let turn = 0; turn < 20; turn++) await Promise.resolve()
      }
      const opening = open()
      pages.shift()?.()
      await opening
      const acts: Promise<void>[] = []
      for (let step = 0; step < 150; step++) {
        const seq = 1 + random(room.messages.length)
        const act = random(12)
        if (act < 3) events.push(room.add())
        else if (act === 3 && room.messages.length > 0) events.push(room.read(room.edit(seq)))
        else if (act === 4 && room.messages.length > 0) events.push(room.read(room.answer(seq)))
        else if (act === 5) acts.push(shown.loadOlder())
        else if (act === 6) acts.push(shown.loadNewer())
        else if (act === 7 && room.messages.length > 0) {
          acts.push(shown.openAround(seq))
        } else if (act === 8) {
          acts.push(shown.openNewest())
        } else if (act === 9) pages.splice(random(pages.length), 1)[0]?.()
        // An acknowledgement overtakes what others did before.
        else if (act === 10 && events.length > 0) shown.receive(events[random(events.length)] as Message)
        else for (const event of events.splice(0, 1 + random(5))) shown.receive(event)
        await settle()
        check(timeline(), room)
      }
      for (const event of events) shown.receive(event)
      while (pages.length > 0) {
        for (const go of pages.splice(0)) go()
        await settle()
      }
      await Promise.all(acts)
      check(timeline(), room)
      expect(timeline().lastSeq, `seed ${seed}`).toBe(room.messages.length)
      expect(timeline().ahead).toEqual([])
      for (const run of [timeline().messages, ...timeline().kept]) {
        for (const message of run) expect(message, `seed ${seed}`).toEqual(room.read(room.at(message.seq)))
      }
    }
  })
})
