import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Room, RoomListEvent } from '../../src/contract/room'
import { createPublicationLine } from '../faults/publications'
import { createSeeded } from '../faults/seeded'
import { report } from '../support/report'
import { type Roomline, startRoomline } from '../support/roomline'
import { type StockClient, until } from '../support/stock-client'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy'
import { redisUrl } from '../support/worker'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const chance = createSeeded(seed)

let roomline: Roomline
let line: TcpProxy
const publications = createPublicationLine(createSeeded(seed))
beforeAll(async () => {
  const url = new URL(redisUrl())
  const port = Number(url.port)
  line = await startTcpProxy(() => port, { toClient: publications.rewrite })
  url.port = String(line.port)
  roomline = await startRoomline({ nodes: 2, env: { REDIS_URL: url.href } })
})
afterAll(async () => {
  await roomline[Symbol.asyncDispose]()
  await line.close()
})

const acts = 10_000
const peopleCount = 20

/** A device that knows only what `rooms.onChange` sent it. */
interface Device {
  username: string
  client: StockClient
  rooms: Map<string, Room>
  listed: boolean
}

function openDevice(username: string, client: StockClient): Device {
  const device: Device = { username, client, rooms: new Map(), listed: false }
  client.trpc.rooms.onChange.subscribe(undefined, { onData: (event: RoomListEvent) => receive(device, event) })
  return device
}

function receive(device: Device, event: RoomListEvent) {
  if (event.type === 'list') {
    device.rooms = new Map(event.rooms.map((room) => [room.id, room]))
    device.listed = true
  } else if (event.type === 'room') device.rooms.set(event.room.id, event.room)
  else device.rooms.delete(event.room)
}

/** What a list should show, counted from the messages themselves and not from the server's counters. */
const counted = `SELECT u.username, s.room_id AS id, s.read_seq AS "readSeq", s.notify, s.role, r.last_seq AS "lastSeq", r.topic,
  (SELECT count(*)::int FROM messages m WHERE m.room_id = s.room_id AND m.seq > s.read_seq) AS unread,
  (SELECT count(*)::int FROM messages m WHERE s.notify <> 'nothing' AND m.room_id = s.room_id AND m.seq > s.read_seq
     AND m.author_id <> s.user_id AND (u.username = ANY(m.mentions) OR '@room' = ANY(m.mentions))) AS mentions,
  (SELECT json_build_object('version', m.version, 'text', m.text) FROM messages m WHERE m.room_id = s.room_id ORDER BY m.seq DESC LIMIT 1)
     AS "lastMessage"
  FROM memberships s JOIN users u ON u.id = s.user_id JOIN rooms r ON r.id = s.room_id
  WHERE r.archived_at IS NULL AND u.username = ANY($1)`

const shown = (username: string, { id, readSeq, notify, role, lastSeq, topic, unread, mentions, lastMessage }: Room) => ({
  ...{ username, id, readSeq, notify, role, lastSeq, topic, unread, mentions },
  lastMessage: lastMessage && { version: lastMessage.version, text: lastMessage.text },
})

describe('the room lists of 20 people on 40 devices', () => {
  it('unread counts: after 10,000 random acts, while news is lost, late and repeated, they match a count over the database', {
    timeout: 180_000,
  }, async () => {
    const people = await Promise.all(Array.from({ length: peopleCount }, (_, index) => roomline.signUp(`person${index}`)))
    const names = people.map(({ username }) => username)
    const devices = people.flatMap((person) => [0, 1].map((node) => openDevice(person.username, roomline.connect(person, { node }))))
    const pick = <Value>(values: readonly Value[]): Value => values[chance.between(0, values.length - 1)] as Value

    const rooms: string[] = ['general']
    for (let index = 0; index < 6; index++) {
      const { client } = pick(devices)
      const kind = index % 2 === 0 ? 'public' : 'private'
      rooms.push((await client.trpc.rooms.create.mutate({ name: `Room ${index}`, kind, members: names.slice(0, 12) })).id)
    }
    await until(() => devices.every(({ listed }) => listed))
    publications.setFault({ drop: 0.1, repeat: 0.05, reorder: 0.05, delay: { share: 0.1, maxMs: 500 } })

    const text = () => pick(['words', `@${pick(names)} look`, '@room all of you', `@${pick(names)} and @${pick(names)}`])
    const act = async ({ username: name, client: { trpc }, rooms: listed }: Device): Promise<unknown> => {
      // Mostly a room that the device shows, sometimes any room.
      const room = chance.between(0, 9) > 0 && listed.size > 0 ? pick([...listed.keys()]) : pick(rooms)
      const known = listed.get(room)
      const seq = chance.between(1, Math.max(1, known?.lastSeq ?? 1))
      const username = pick(names)
      switch (chance.between(0, 24)) {
        case 0:
        case 1:
          return trpc.chat.markRead.mutate({ room, seq })
        case 2:
        case 3:
          return trpc.chat.markRead.mutate({ room, seq: known?.lastSeq ?? 0 })
        case 4:
          return trpc.chat.markUnread.mutate({ room, seq })
        case 5:
          return trpc.chat.remove.mutate({ room, seq })
        case 6:
          return trpc.chat.edit.mutate({ room, seq: known?.lastMessage?.author.username === name ? known.lastSeq : seq, text: text() })
        case 7:
          return trpc.chat.react.mutate({ room, seq, emoji: '👍' })
        case 8:
          return trpc.chat.send.mutate({ room, text: text(), replyTo: seq })
        case 9:
          return trpc.rooms.setNotify.mutate({ room, notify: pick(['all', 'mentions', 'nothing']) })
        case 10:
          return trpc.rooms.join.mutate({ room })
        case 11:
          return chance.between(0, 3) === 0 ? trpc.rooms.leave.mutate({ room }) : trpc.rooms.join.mutate({ room })
        case 12:
          return trpc.rooms.invite.mutate({ room, username })
        case 13:
          return chance.between(0, 2) === 0 ? trpc.rooms.remove.mutate({ room, username }) : trpc.rooms.invite.mutate({ room, username })
        case 14:
          return trpc.rooms.setRole.mutate({ room, username, role: pick(['moderator', 'member']) })
        case 15:
          return trpc.rooms.update.mutate({ room, topic: `topic ${chance.between(0, 99)}` })
        case 16:
          return trpc.rooms.direct.mutate({ usernames: [username] }).then(({ id }) => rooms.includes(id) || rooms.push(id))
        default:
          return trpc.chat.send.mutate({ room, text: text() })
      }
    }

    let succeeded = 0
    let tried = 0
    const rejections = new Map<string, number>()
    await Promise.all(
      devices.map(async (device) => {
        while (succeeded < acts) {
          tried++
          await act(device).then(
            () => succeeded++,
            (error: { data?: { failure?: string } }) => {
              const failure = error.data?.failure ?? String(error)
              rejections.set(failure, (rejections.get(failure) ?? 0) + 1)
            },
          )
        }
      }),
    )

    const { rows } = await roomline.pool.query<ReturnType<typeof shown>>(counted, [names])
    const sortedOf = (list: ReturnType<typeof shown>[]) => list.sort((a, b) => a.id.localeCompare(b.id))
    const expectedOf = (username: string) => sortedOf(rows.filter((row) => row.username === username))
    const shownBy = ({ username, rooms: listed }: Device) => sortedOf([...listed.values()].map((room) => shown(username, room)))
    const isRight = (device: Device) =>
      JSON.stringify(shownBy(device)) === JSON.stringify(expectedOf(device.username).map((row) => shown(row.username, row as never)))
    await until(() => devices.every(isRight), 15_000).catch(() => {})
    for (const device of devices) expect(shownBy(device), `seed ${seed}`).toEqual(expectedOf(device.username))
    // A new device's first list is the same.
    for (const device of devices.slice(0, 6)) {
      const list = await device.client.trpc.rooms.list.query()
      expect(sortedOf(list.map((room) => shown(device.username, room))), `seed ${seed}`).toEqual(expectedOf(device.username))
    }
    expect(publications.count().disturbed).toBeGreaterThan(100)
    const { rows: miscounted } = await roomline.pool.query(
      `SELECT r.id FROM rooms r WHERE r.member_count <> (SELECT count(*) FROM memberships s WHERE s.room_id = r.id)`,
    )
    expect(miscounted, `seed ${seed}`).toEqual([])
    report('unread counts', { acts: succeeded, tried, ...Object.fromEntries(rejections), seed })
    expect(rejections.has('INTERNAL')).toBe(false)
    expect(succeeded).toBeGreaterThanOrEqual(acts)
    expect(rows.some(({ unread }) => unread > 0)).toBe(true)
    expect(rows.some(({ mentions }) => mentions > 0)).toBe(true)
  })
})
