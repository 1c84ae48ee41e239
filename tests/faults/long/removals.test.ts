import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Message } from '../../../src/contract/message'
import type { Room } from '../../../src/contract/room'
import { report } from '../../support/report'
import { failureOf, until } from '../../support/stock-client'
import { type Bench, type Person, startBench } from '../bench'
import { startTalk } from '../talk'

let bench: Bench
beforeAll(async () => {
  bench = await startBench({ nodes: 2 })
})
afterAll(() => bench[Symbol.asyncDispose]())

const removals = 50
const people = 25
/** The pause of each person between two messages: together they send about 500 a second. */
const pauseMs = 40

/** The member to remove. On both nodes they follow, resume, read and search without a pause. */
async function startSubject(person: Person, room: string, node: number) {
  const seen: Pick<Message, 'room' | 'version'>[] = []
  const clients = [bench.connect(person, [node]), bench.connect(person, [1 - node])] as const
  const streams = await Promise.all(clients.map((client) => client.follow(room)))
  const ended: string[] = []
  const keep = (messages: readonly Pick<Message, 'room' | 'version'>[]) => seen.push(...messages)
  const keepPreviews = (rooms: readonly Room[]) =>
    keep(rooms.flatMap(({ id, lastMessage }) => (lastMessage ? [{ ...lastMessage, room: id }] : [])))
  let isOver = false

  const askAgainAndAgain = async (ask: () => Promise<unknown>) => {
    while (!isOver) {
      await ask().catch((error: { data?: { failure?: string } }) => {
        ended.push(error.data?.failure ?? String(error))
        if (error.data?.failure === 'ROOM_NOT_FOUND') isOver = true
      })
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const [one, other] = clients
  const asking = Promise.all([
    askAgainAndAgain(async () => keep((await one.trpc.chat.history.query({ room, limit: 5 })).messages)),
    askAgainAndAgain(async () =>
      keep((await other.trpc.chat.search.query({ query: 'words', limit: 5 })).hits.map(({ message }) => message)),
    ),
    askAgainAndAgain(async () => {
      keepPreviews(await one.trpc.rooms.list.query())
    }),
    askAgainAndAgain(async () => {
      const resumed = await other.follow(room, String(Math.max(0, ...streams.map(({ messages }) => messages.at(-1)?.version ?? 0))))
      await new Promise((resolve) => setTimeout(resolve, 10))
      resumed.stop()
      keep(resumed.messages)
    }),
  ])
  other.trpc.rooms.onChange.subscribe(undefined, {
    onData: (event) => {
      if (event.type !== 'gone') keepPreviews(event.type === 'room' ? [event.room] : event.rooms)
    },
    onError: () => {},
  })
  return {
    person,
    streams,
    /** Every message that reached them, in any way. */
    seen: () => [...seen, ...streams.flatMap(({ messages }) => messages)],
    untilOver: async () => {
      await until(() => streams.every(({ errors }) => errors.length === 1))
      isOver = true
      await asking
      for (const { errors } of streams) expect(await failureOf(Promise.reject(errors[0]))).toBe('MEMBERSHIP_ENDED')
      expect(await failureOf(one.trpc.chat.history.query({ room }))).toBe('ROOM_NOT_FOUND')
      expect(await failureOf(other.follow(room, '0'))).toBe('ROOM_NOT_FOUND')
      expect((await one.trpc.chat.search.query({ query: 'words' })).hits).toEqual([])
      expect(await failureOf(one.trpc.chat.search.query({ query: 'words', room }))).toBe('ROOM_NOT_FOUND')
      expect(await failureOf(one.trpc.chat.send.mutate({ room, text: 'still here?' }))).toBe('ROOM_NOT_FOUND')
      await Promise.all(clients.map((client) => client.close()))
    },
  }
}

describe('removed member', () => {
  it.each([
    ['every publication arrives', 0],
    ['every publication of the room is dropped', 1],
  ])('removed while others write, gets nothing that was stored later, when %s', async (how, drop) => {
    const talk = await startTalk(bench, { people, followers: 2 })
    const { room } = talk.history
    const [owner] = await bench.makePeople(1)
    if (!owner) throw new Error('nobody owns the room')
    await bench.query(`INSERT INTO memberships (room_id, user_id, role) VALUES ($1, $2, 'owner')`, [room, owner.id])
    const removers = bench.nodes.map((_, index) => bench.connect(owner, [index]))
    const subjects = await bench.makePeople(removals)
    await bench.query('INSERT INTO memberships (room_id, user_id) SELECT $1, id FROM unnest($2::uuid[]) id', [
      room,
      subjects.map(({ id }) => id),
    ])
    for (const node of bench.nodes) node.publications.setFault({ drop }, 'roomline:room:')
    const since = Date.now()
    const before = talk.history.acknowledged.length
    const talking = talk.sendSteadily(pauseMs)
    let above = 0
    let seenInAll = 0
    for (const [index, person] of subjects.entries()) {
      const subject = await startSubject(person, room, index % 2)
      await Promise.all(subject.streams.map((stream) => stream.until(3)))
      // The owner removes over one node and the other in turn.
      await removers[Math.floor(index / 2) % 2]?.trpc.rooms.remove.mutate({ room, username: person.username })
      await subject.untilOver()
      const [removed] = await bench.query<{ version: number }>(
        `SELECT m.version - 1 AS version FROM messages m WHERE m.room_id = $1 AND m.kind = 'removed' AND m.detail_user_id = $2`,
        [room, person.id],
      )
      if (!removed) throw new Error('the removal is no entry in the order of the room')
      const seen = subject.seen().filter((message) => message.room === room)
      seenInAll += seen.length
      above += seen.filter(({ version }) => version > removed.version).length
    }
    const sent = talk.history.acknowledged.length - before
    const seconds = (Date.now() - since) / 1_000
    await talking.stop()
    for (const node of bench.nodes) node.publications.setFault({})
    report(`removed while others write, ${how}`, {
      removals,
      'sends a second': Math.round(sent / seconds),
      'seen by the removed': seenInAll,
      'stored later and seen': above,
    })
    expect(above).toBe(0)
    expect(seenInAll).toBeGreaterThan(removals * 5)
    await bench.closeClients()
  })
})
