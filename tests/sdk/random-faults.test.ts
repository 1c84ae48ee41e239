import { describe, expect, it } from 'vitest'
import type { ChatRoom, Message } from '../../src/sdk'
import { createTestServer } from '../../src/sdk/testing'
import { createSeeded } from '../faults/seeded'

const names = ['ada', 'ben', 'cleo'] as const
const sends = 1_000

/** Three people write while all kinds of things go wrong. @returns what each of them, and the server, has in the end */
async function talk(seed: number) {
  const { between, pick, next } = createSeeded(seed)
  await using server = createTestServer({ seed })
  server.room('general', { members: names })
  const rooms = new Map<string, ChatRoom>()
  /** What the subscription of each person brought. */
  const logs = names.map((): Message[] => [])
  names.forEach((name, index) => {
    const chat = server.connect(name)
    rooms.set(name, chat.room('general'))
    const input = { room: 'general', lastEventId: '0' }
    chat.trpc.chat.onMessage.subscribe(input, { onData: ({ data }) => void logs[index]?.push(data) })
  })
  await server.settled()
  const faults = [
    () => server.disconnect(pick(names)),
    () => server.disconnect(),
    () => server.disconnect(pick(names), pick([1001, 1006, 1012, 4408, 4429])),
    () => server.restart(),
    () => until(server.dropAnswers(pick(['chat.send', 'chat.history']))),
    () => until(server.delay(pick(['chat.send', 'chat.onMessage', 'chat.history']), between(10, 3_000))),
    () => until(server.reorder()),
    () => void server.reject('chat.send', pick(['UNAVAILABLE', 'TOO_MANY_REQUESTS', 'INTERNAL']), { times: between(1, 3) }),
    () => void server.reject('session.me', 'UNAVAILABLE'),
  ] as const
  const ends: { at: number; end: () => void }[] = []
  const until = (end: () => void) => void ends.push({ at: sent + between(1, 40), end })

  let sent = 0
  while (sent < sends) {
    const name = pick(names)
    for (let burst = between(1, 8); burst > 0 && sent < sends; burst--) rooms.get(name)?.send(`${name} ${sent++}`)
    if (next() < 0.25) pick(faults)()
    for (const fault of ends.filter(({ at }) => at <= sent)) {
      fault.end()
      ends.splice(ends.indexOf(fault), 1)
    }
    if (next() < 0.5) await server.clock.advance(between(1, 400))
  }
  for (const { end } of ends) end()
  const isDone = () =>
    [...rooms.values()].every(({ state }) => state.get().timeline.unsent.length === 0 && state.get().timeline.lastSeq === sends)
  for (let tries = 0; !isDone() && tries < 200; tries++) await server.clock.advance(2_000)

  const timelines = []
  for (const room of rooms.values()) {
    while (room.state.get().timeline.messages.length < Math.min(sends, 400) && room.state.get().timeline.hasBefore) await room.loadOlder()
    timelines.push(room.state.get().timeline)
  }
  return { stored: server.messages('general'), timelines, logs }
}

describe('a thousand sends with random faults', () => {
  it.each([1, 2, 3])(
    'seed %i: every message is there once, in the order of its author, and all clients agree',
    async (seed) => {
      const { stored, timelines, logs } = await talk(seed)
      expect(stored.map(({ seq }) => seq)).toEqual(Array.from({ length: sends }, (_, index) => index + 1))
      expect(new Set(stored.map(({ text }) => text)).size).toBe(sends)
      for (const name of names) {
        const numbers = stored.filter(({ author }) => author.username === name).map(({ text }) => Number(text.split(' ')[1]))
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
      }
      for (const log of logs) expect(log).toEqual(stored)
      for (const { messages, unsent, lastSeq } of timelines) {
        expect([unsent, lastSeq]).toEqual([[], sends])
        const first = messages[0]?.seq ?? 0
        expect(messages).toEqual(stored.slice(first - 1))
      }
    },
    120_000,
  )
})
