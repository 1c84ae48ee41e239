import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PresenceEvent } from '../../src/contract/presence'
import { limits } from '../../src/contract/rules'
import { type ConnectedPerson, connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'
import { startTcpProxy } from '../support/tcp-proxy'
import { redisUrl } from '../support/worker'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  await roomline.signUp()
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = (node = 0, of = roomline) => connectPerson(of, { node })

/** What somebody sees of how far the others have read, as a client keeps it. */
function watchReads(who: ConnectedPerson, room: string) {
  const reads = new Map<string, number>()
  const events: PresenceEvent[] = []
  who.trpc.presence.onChange.subscribe(
    { room },
    {
      onData: (event) => {
        events.push(event)
        if (event.type === 'now') reads.clear()
        for (const { username, readSeq } of event.reads ?? []) reads.set(username, readSeq)
      },
    },
  )
  return { reads, events, of: ({ username }: ConnectedPerson) => reads.get(username) }
}

async function readersOf(who: ConnectedPerson, room: string): Promise<Record<string, number>> {
  const { readers } = await who.trpc.chat.readers.query({ room })
  return Object.fromEntries(readers.map(({ user, readSeq }) => [user.username, readSeq]))
}

const send = async (who: ConnectedPerson, room: string, count: number) => {
  for (let index = 0; index < count; index++) await who.trpc.chat.send.mutate({ room, text: `message ${index}` })
}

describe('who has read how far', () => {
  it('two nodes: marks move as people read and write, and are the same as those that are asked for', async () => {
    const [ada, ben] = [await person(0), await person(1)]
    const room = await makeRoom('private', ada, ben)
    await send(ada, room, 3)
    const seen = watchReads(ada, room)
    const seenByBen = watchReads(ben, room)
    await until(() => seen.of(ada) === 3 && seen.of(ben) === 0 && seenByBen.of(ada) === 3)
    await ben.trpc.chat.markRead.mutate({ room, seq: 2 })
    await until(() => seen.of(ben) === 2 && seenByBen.of(ben) === 2)
    expect(await readersOf(ada, room)).toEqual({ [ada.username]: 3, [ben.username]: 2 })
    await send(ben, room, 1)
    await until(() => seen.of(ben) === 4)
    await ben.trpc.chat.markUnread.mutate({ room, seq: 2 })
    await until(() => seen.of(ben) === 1)
    expect(await readersOf(ben, room)).toEqual({ [ada.username]: 3, [ben.username]: 1 })
    const late = watchReads(ben, room)
    await until(() => late.of(ada) === 3 && late.of(ben) === 1)
  })

  it('hiding: works in both directions, at once and until it is taken back', async () => {
    const [ada, ben, cyd] = [await person(0), await person(1), await person(1)]
    const { id: room } = await ada.trpc.rooms.direct.mutate({ usernames: [ben.username, cyd.username] })
    await send(ada, room, 5)
    const [seenByAda, seenByBen] = [watchReads(ada, room), watchReads(ben, room)]
    await ben.trpc.chat.markRead.mutate({ room, seq: 2 })
    await until(() => seenByAda.of(ben) === 2 && seenByBen.of(ada) === 5)
    expect(await ben.trpc.users.update.mutate({ hideReads: true })).toMatchObject({ hideReads: true })
    await until(() => !seenByAda.reads.has(ben.username) && seenByBen.reads.size === 0)
    expect(await readersOf(ada, room)).toEqual({ [ada.username]: 5, [cyd.username]: 0 })
    expect(await readersOf(ben, room)).toEqual({})
    const eventsBefore = seenByBen.events.length
    await ben.trpc.chat.markRead.mutate({ room, seq: 4 })
    await cyd.trpc.chat.markRead.mutate({ room, seq: 3 })
    await until(() => seenByAda.of(cyd) === 3)
    expect([...seenByAda.reads.keys()]).not.toContain(ben.username)
    expect(seenByBen.events.slice(eventsBefore).some(({ reads }) => reads !== undefined)).toBe(false)
    const late = watchReads(ben, room)
    await until(() => late.events.length > 0)
    expect(late.events[0]?.reads).toBe(undefined)
    await ben.trpc.users.update.mutate({ hideReads: false })
    await until(() => seenByAda.of(ben) === 4 && seenByBen.of(cyd) === 3 && late.of(ada) === 5)
  })

  it('large rooms: show nobody, and begin and end to as members come and go', async () => {
    const [ada, ben] = [await person(0), await person(1)]
    const room = await makeRoom('public', ada, ben)
    await send(ada, room, 2)
    const seen = watchReads(ada, room)
    await until(() => seen.of(ada) === 2)
    const add = (count: number, prefix: string) =>
      roomline.pool.query(
        `WITH made AS (
           INSERT INTO users (username, display_name) SELECT $3 || n, $3 || n FROM generate_series(1, $2::int) n RETURNING id
         )
         INSERT INTO memberships (room_id, user_id) SELECT $1, id FROM made`,
        [room, count, prefix],
      )
    await add(limits.readersShown - 2, `x${room.slice(-12)}-`)
    expect(Object.keys(await readersOf(ada, room))).toHaveLength(limits.readersShown)
    const last = await person(1)
    await last.trpc.rooms.join.mutate({ room })
    await until(() => seen.reads.size === 0)
    expect(seen.events.at(-1)?.reads).toBe(undefined)
    expect(await readersOf(ada, room)).toEqual({})
    const before = seen.events.length
    await ben.trpc.chat.markRead.mutate({ room, seq: 2 })
    await last.trpc.chat.send.mutate({ room, text: 'hello' })
    await last.trpc.rooms.leave.mutate({ room })
    await until(() => seen.reads.size >= limits.readersShown && seen.of(ben) === 2)
    expect(seen.events.slice(before).filter(({ type, reads }) => type === 'changed' && reads)).toEqual([])
  })

  it('Redis away: marks move all the same, and are right when it is back', async () => {
    const port = Number(new URL(redisUrl()).port)
    const proxy = await startTcpProxy(() => port)
    try {
      const redisAddress = new URL(redisUrl())
      redisAddress.port = String(proxy.port)
      await using cut = await startRoomline({ nodes: 2, env: { REDIS_URL: redisAddress.href } })
      const [ada, ben] = [await person(0, cut), await person(1, cut)]
      const room = await makeRoom('private', ada, ben)
      await send(ada, room, 4)
      const seen = watchReads(ada, room)
      await until(() => seen.of(ben) === 0 && seen.events.at(-1)?.known === true)
      proxy.setOnline(false)
      await until(() => seen.events.at(-1)?.known === false)
      await ben.trpc.chat.markRead.mutate({ room, seq: 2 })
      await until(() => seen.of(ben) === 2)
      proxy.setOnline(true)
      await until(() => seen.events.at(-1)?.known === true)
      await ben.trpc.chat.markRead.mutate({ room, seq: 4 })
      await until(() => seen.of(ben) === 4)
    } finally {
      await proxy.close()
    }
  })
})
