import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Message } from '../../src/contract/message'
import { type Chat, createChat, readFailure } from '../../src/sdk'
import { readMessages, selectMessages } from '../../src/server/chat/message-rows'
import { createSeeded } from '../faults/seeded'
import { report } from '../support/report'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const chance = createSeeded(seed)
const acts = Number(process.env.ACTS ?? 5_000)
/** What one person does at the same time. */
const hands = 6

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

const emoji = ['👍', '🎉', '❤️', '😂'] as const

/** A view of messages shows what the messages of the same seqs are in the database. Quotes only of what the view holds itself. */
function asShown(messages: readonly Message[], held: ReadonlySet<number> = new Set(messages.map(({ seq }) => seq))) {
  return messages.map(({ replyTo, ...message }) => ({
    ...message,
    replyTo: replyTo && (held.has(replyTo.seq) ? replyTo : replyTo.seq),
  }))
}

it('two people on two nodes: whatever they do at once, every view ends up as the database', { timeout: 600_000 }, async () => {
  const [ada, ben] = await Promise.all(
    [0, 1].map(async (node) => {
      const person = await roomline.signUp()
      const client = createChat({
        url: roomline.urls[node] ?? '',
        auth: person.token,
        WebSocket: WebSocket,
      })
      return { person, client }
    }),
  )
  if (!ada || !ben) throw new Error('two people')
  const { id } = await ada.client.trpc.rooms.create.mutate({ name: 'Two people', kind: 'private', members: [ben.person.username] })
  const people = [ada, ben].map(({ client }) => ({
    client,
    room: client.room(id),
    threads: [] as ReturnType<Chat['thread']>[],
  }))
  await until(() => people.every(({ room }) => room.state.get().state === 'live'))

  let done = 0
  let tried = 0
  let lastSeq = 1
  const rejections = new Map<string, number>()
  const anySeq = () => Math.max(1, chance.next() < 0.8 ? chance.between(lastSeq - 40, lastSeq) : chance.between(1, lastSeq))

  async function act({ client, room, threads }: (typeof people)[number]): Promise<void> {
    const seq = anySeq()
    const send = async (replyTo?: number) => {
      const sent = await client.trpc.chat.send.mutate({ room: id, text: `${done} said`, ...(replyTo && { replyTo }) })
      lastSeq = Math.max(lastSeq, sent.seq)
    }
    const kind = chance.between(0, 99)
    if (kind < 16) await send()
    else if (kind < 32) await send(seq)
    else if (kind < 36) room.send(`${done} through the outbox`)
    else if (kind < 40) {
      const live = threads.filter(({ state }) => state.get().state === 'live')
      const thread = live[chance.between(0, live.length - 1)]
      const to = thread?.state.get().messages.at(-1)
      if (thread && to) thread.send(`${done} in the thread`, { replyTo: { seq: to.seq, author: to.author, text: to.text } })
    } else if (kind < 55) await room.edit(seq, `${done} edited`)
    else if (kind < 60) await room.remove(seq)
    else if (kind < 70) await room.pin(seq)
    else if (kind < 78) await room.unpin(seq)
    else if (kind < 90) await room.react(seq, chance.pick(emoji))
    else await room.unreact(seq, chance.pick(emoji))
  }

  async function openThreads() {
    const { rows } = await roomline.pool.query<{ seq: number }>(
      'SELECT thread AS seq FROM messages WHERE room_id = $1 AND thread IS NOT NULL GROUP BY thread ORDER BY count(*) DESC, thread DESC LIMIT 2',
      [id],
    )
    for (const { seq } of rows) for (const { client, threads } of people) threads.push(client.thread(id, seq))
  }

  let nextThreads = acts / 10
  await Promise.all(
    people.flatMap((one) =>
      Array.from({ length: hands }, async () => {
        while (done < acts) {
          tried++
          await act(one).then(
            () => done++,
            (error: unknown) => {
              const { name } = readFailure(error)
              rejections.set(name, (rejections.get(name) ?? 0) + 1)
            },
          )
          if (done >= nextThreads) {
            nextThreads += acts / 5
            await openThreads()
            // One of them reads what was said long ago.
            if (people[0]) await people[0].room.openAround(Math.max(1, Math.floor(lastSeq / 2)))
          }
        }
      }),
    ),
  )
  for (const { client } of people) expect(await client.flush()).toBe(true)

  const truth = await readMessages(roomline.pool, `${selectMessages} WHERE m.room_id = $1 ORDER BY m.seq`, [id])
  const bySeq = new Map(truth.map((message) => [message.seq, message]))
  const trueOf = (messages: readonly Message[]) => {
    const held = new Set(messages.map(({ seq }) => seq))
    return asShown(
      messages.flatMap(({ seq }) => bySeq.get(seq) ?? []),
      held,
    )
  }
  const isTrue = (messages: readonly Message[]) => JSON.stringify(sorted(asShown(messages))) === JSON.stringify(sorted(trueOf(messages)))
  const windowOf = ({ room }: (typeof people)[number]) => room.state.get().timeline
  const threadsOf = people.flatMap(({ threads }) => threads)
  const wholeThread = (messages: readonly Message[], root: Message | null) => (root ? [root, ...messages] : messages)

  await until(
    () =>
      people.every((one) => isTrue(windowOf(one).messages) && windowOf(one).lastSeq === truth.length) &&
      threadsOf.every(({ state }) => state.get().state === 'live' && isTrue(wholeThread(state.get().messages, state.get().root))),
    15_000,
  ).catch(() => {})

  // The windows where they are, then the newest messages, then the whole room page by page.
  for (const one of people) {
    expect(asShown(windowOf(one).messages), `seed ${seed}`).toEqual(trueOf(windowOf(one).messages))
    await one.room.openNewest()
    expect(windowOf(one).messages.at(-1)?.seq).toBe(truth.length)
    expect(asShown(windowOf(one).messages), `seed ${seed}`).toEqual(trueOf(windowOf(one).messages))
  }
  const walked = new Set<number>()
  const [, walker] = people
  for (let pages = 0; walker && pages <= truth.length / 50; pages++) {
    await walker.room.loadOlder()
    const { messages, hasBefore } = windowOf(walker)
    expect(asShown(messages), `seed ${seed}`).toEqual(trueOf(messages))
    for (const { seq } of messages) walked.add(seq)
    if (!hasBefore) break
  }
  expect(Math.min(...walked)).toBe(1)

  expect(threadsOf.length).toBeGreaterThanOrEqual(12)
  for (const thread of threadsOf) {
    for (let pages = 0; thread.state.get().hasBefore && pages <= truth.length / 50; pages++) await thread.loadOlder()
    const { root, messages } = thread.state.get()
    const answers = truth.filter((message) => message.thread === root?.seq)
    expect(
      messages.map(({ seq }) => seq),
      `seed ${seed}`,
    ).toEqual(answers.map(({ seq }) => seq))
    expect(asShown(wholeThread(messages, root)), `seed ${seed}`).toEqual(trueOf(wholeThread(answers, root)))
    const page = await ben.client.trpc.chat.thread.query({ room: id, seq: root?.seq ?? 0, limit: 100 })
    expect([page.root, ...page.messages], `seed ${seed}`).toEqual([root && bySeq.get(root.seq), ...answers.slice(-100)])
  }
  const pins = truth.filter(({ pinnedAt }) => pinnedAt).sort((a, b) => (b.pinnedAt ?? '').localeCompare(a.pinnedAt ?? '') || b.seq - a.seq)
  for (const { client } of [ada, ben]) expect((await client.trpc.chat.pins.query({ room: id })).messages, `seed ${seed}`).toEqual(pins)
  for (let after = 0; after < truth.length; after += 100) {
    const { messages } = await ada.client.trpc.chat.history.query({ room: id, after, limit: 100 })
    expect(messages, `seed ${seed}`).toEqual(truth.slice(after, after + 100))
  }

  // The database agrees with itself.
  expect(truth.map(({ seq }) => seq)).toEqual(truth.map((_, index) => index + 1))
  for (const { seq, thread, replyTo, replyCount } of truth) {
    expect(replyCount).toBe(truth.filter((answer) => answer.replyTo?.seq === seq).length)
    expect(thread).toBe(replyTo ? (bySeq.get(replyTo.seq)?.thread ?? replyTo.seq) : null)
  }
  report('two people', {
    acts: done,
    tried,
    messages: truth.length,
    pins: pins.length,
    threads: threadsOf.length / 2,
    ...Object.fromEntries(rejections),
    seed,
  })
  expect([...rejections.keys()].filter((name) => !['MESSAGE_NOT_FOUND', 'NOT_ALLOWED', 'TOO_MANY_PINS'].includes(name))).toEqual([])
  await Promise.all([ada, ben].map(({ client }) => client.close()))
})

/** The keys of messages come in different orders from different ways. */
const sorted = (messages: readonly object[]) => messages.map((message) => Object.entries(message).sort(([a], [b]) => a.localeCompare(b)))
