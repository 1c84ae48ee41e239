import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRoomDeletionJob } from '../../src/server/admin/delete-room'
import { type ConnectedPerson, connectPerson } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
let admin: ConnectedPerson
let ada: ConnectedPerson
let bob: ConnectedPerson
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  admin = await connectPerson(roomline)
  ada = await connectPerson(roomline)
  bob = await connectPerson(roomline, { node: 1 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

let made = 0
const makeRoom = async (kind: 'public' | 'private', owner: ConnectedPerson, ...members: ConnectedPerson[]) =>
  (
    await owner.trpc.rooms.create.mutate({
      name: `Room ${++made} of ${owner.username}`,
      kind,
      members: members.map(({ username }) => username),
    })
  ).id

/** Every table with a column for a room. What was done in a room stays recorded. */
async function tablesOfRooms(): Promise<string[]> {
  const { rows } = await roomline.pool.query<{ name: string }>(
    `SELECT DISTINCT table_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name ~ 'room_id$' AND table_name <> 'audit_log' ORDER BY 1`,
  )
  return rows.map(({ name }) => name)
}
/** The tables that still have a row of this room. */
async function tracesOf(room: string): Promise<string[]> {
  const allTables = await tablesOfRooms()
  const found = await Promise.all(
    allTables.map(async (table) => (await roomline.pool.query(`SELECT FROM ${table} WHERE room_id = $1 LIMIT 1`, [room])).rowCount),
  )
  return allTables.filter((_, index) => found[index])
}

/** Follows everything about a room that a person can follow. */
async function followAll(person: ConnectedPerson, room: string) {
  const ended: string[] = []
  const gone: string[] = []
  const { errors } = await person.follow(room)
  person.trpc.presence.onChange.subscribe({ room }, { onError: (error) => ended.push(error.data?.failure ?? String(error)) })
  await new Promise<void>((resolve) => {
    person.trpc.rooms.onChange.subscribe(undefined, {
      onData: (event) => {
        if (event.type === 'list') resolve()
        if (event.type === 'gone') gone.push(event.room)
      },
    })
  })
  return { errors, ended, gone }
}

describe('admin.deleteRoom', () => {
  it('a room: disappears at once for everybody who has it open, on every node, and leaves no row', async () => {
    const room = await makeRoom('public', ada, bob)
    const first = await ada.trpc.chat.send.mutate({ room, text: `hello @${bob.username} and @room` })
    await bob.trpc.chat.send.mutate({ room, text: 'an answer', replyTo: first.seq })
    await bob.trpc.chat.react.mutate({ room, seq: first.seq, emoji: '👍' })
    await roomline.pool.query(
      `INSERT INTO attachments (uploader_id, room_id, seq, name, type, size) SELECT author_id, room_id, seq, 'a', 'b', 1 FROM messages WHERE room_id = $1`,
      [room],
    )
    const { token } = await ada.trpc.rooms.createInvite.mutate({ room })
    await ada.trpc.rooms.ban.mutate({ room, username: (await roomline.signUp()).username })
    const followers = await Promise.all([ada, bob].map((person) => followAll(person, room)))
    await roomline.pool.query(
      `INSERT INTO past_memberships (room_id, user_id, muted_until) SELECT $1, id, now() + interval '1 hour' FROM users WHERE username = $2`,
      [room, admin.username],
    )
    await ada.trpc.hooks.create.mutate({ room, name: 'Build' })
    await ada.trpc.hooks.createOutgoing.mutate({ room, name: 'Archive', url: 'https://hooks.example/' })
    await roomline.pool.query(
      `INSERT INTO posts (room_id, author_id, client_id, text, failure) SELECT $1, id, 'never-posted', 'text', 'ROOM_ARCHIVED' FROM users WHERE username = $2`,
      [room, ada.username],
    )
    await until(async () => !(await tracesOf(room)).includes('after_commit'))
    // Whoever adds a table has to add a row of it here.
    expect([...(await tracesOf(room)), 'after_commit'].sort()).toEqual(await tablesOfRooms())

    expect(await admin.trpc.admin.deleteRoom.mutate({ room })).toEqual({ room })
    for (const { errors, ended, gone } of followers) await until(() => errors.length === 1 && ended.length === 1 && gone.includes(room))
    await until(async () => (await tracesOf(room)).length === 0)
    expect((await roomline.pool.query('SELECT FROM rooms WHERE id = $1', [room])).rows).toEqual([])

    // Like a room that never existed, and its name is free.
    const missing = randomUUID()
    for (const person of [ada, bob, admin]) {
      expect(await failureOf(person.trpc.chat.history.query({ room }))).toBe(
        await failureOf(person.trpc.chat.history.query({ room: missing })),
      )
      expect(await failureOf(person.trpc.rooms.join.mutate({ room }))).toBe('ROOM_NOT_FOUND')
    }
    expect(await failureOf(ada.trpc.rooms.showInvite.query({ token }))).toBe('INVITE_NOT_FOUND')
    expect((await ada.trpc.chat.search.query({ query: 'answer' })).hits).toEqual([])
    expect(await failureOf(admin.trpc.admin.deleteRoom.mutate({ room }))).toBe('ROOM_NOT_FOUND')
    const again = await ada.trpc.rooms.create.mutate({ name: `Room ${made} of ${ada.username}`, kind: 'public' })
    await admin.trpc.admin.deleteRoom.mutate({ room: again.id })
    const { rows } = await roomline.pool.query(
      `SELECT detail FROM audit_log WHERE action = 'admin.roomDeleted' AND room_id = $1 ORDER BY id`,
      [room],
    )
    expect(rows[0]?.detail).toMatchObject({ kind: 'public', messages: 2, members: 3 })
    expect(rows).toHaveLength(1)
  })

  it('a room of thousands of messages: others write meanwhile, and a job ends what a killed process began', async () => {
    const room = await makeRoom('private', ada, bob)
    const other = await makeRoom('private', ada)
    await roomline.pool.query(
      `WITH r AS (UPDATE rooms SET last_seq = 12000, last_version = 12000 WHERE id = $1 RETURNING id)
       INSERT INTO messages (room_id, seq, version, author_id, text, reply_to_seq, thread)
       SELECT r.id, n, n, u.id, 'one of many', CASE WHEN n % 3 = 0 THEN n - 1 END, CASE WHEN n % 3 = 0 THEN n - 1 END FROM r, users u, generate_series(1, 12000) n WHERE u.username = $2`,
      [room, ada.username],
    )
    const deleting = admin.trpc.admin.deleteRoom.mutate({ room })
    await until(
      async () =>
        (await failureOf(bob.trpc.chat.history.query({ room }).then(() => Promise.reject(new Error('still there'))))) === 'ROOM_NOT_FOUND',
    )
    await ada.trpc.chat.send.mutate({ room: other, text: 'not held up' })
    await deleting
    await until(async () => (await tracesOf(room)).length === 0)

    // What a process leaves behind that is killed right after the first transaction.
    const killed = await makeRoom('private', ada, bob)
    await ada.trpc.chat.send.mutate({ room: killed, text: 'left behind' })
    await roomline.pool.query('DELETE FROM memberships WHERE room_id = $1', [killed])
    await roomline.pool.query(`UPDATE rooms SET kind = 'private', archived_at = now(), deleted_at = now() WHERE id = $1`, [killed])
    expect((await admin.trpc.admin.rooms.query({ query: `of ${ada.username}` })).rooms.map(({ id }) => id)).toEqual([other])
    const job = createRoomDeletionJob(roomline.pool)
    await job.run({ room: killed }, new AbortController().signal)
    await job.run({ room: killed }, new AbortController().signal)
    expect(await tracesOf(killed)).toEqual([])
  })

  it('the job: never touches a room that is not being deleted', async () => {
    const room = await makeRoom('private', ada)
    await ada.trpc.chat.send.mutate({ room, text: 'I stay' })
    await createRoomDeletionJob(roomline.pool).run({ room }, new AbortController().signal)
    expect((await ada.trpc.chat.history.query({ room })).messages).toHaveLength(1)
  })

  it('general, and direct rooms: are not deleted', async () => {
    expect(await failureOf(admin.trpc.admin.deleteRoom.mutate({ room: 'general' }))).toBe('NOT_ALLOWED')
    const { id } = await ada.trpc.rooms.direct.mutate({ usernames: [bob.username] })
    expect(await failureOf(admin.trpc.admin.deleteRoom.mutate({ room: id }))).toBe('ROOM_NOT_FOUND')
  })
})

describe('admin.rooms', () => {
  it('the list: shows private and archived rooms, but no direct ones, and pages by name', async () => {
    const room = await makeRoom('private', bob)
    await bob.trpc.chat.send.mutate({ room, text: 'hello' })
    await bob.trpc.rooms.archive.mutate({ room })
    const { rooms } = await admin.trpc.admin.rooms.query({ query: `OF ${bob.username}` })
    expect(rooms).toEqual([
      expect.objectContaining({ id: room, kind: 'private', memberCount: 1, lastSeq: 2, archivedAt: expect.any(String) }),
    ])
    expect(rooms[0]?.lastMessageAt).not.toBeNull()
    await roomline.pool.query(
      `INSERT INTO rooms (id, kind, name) SELECT 'many-' || n, 'private', 'Many ' || n FROM generate_series(100, 219) n`,
    )
    const all: string[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await admin.trpc.admin.rooms.query(cursor ? { cursor } : undefined)
      all.push(...page.rooms.map(({ id, kind }) => `${kind} ${id}`))
      cursor = page.cursor
    }
    expect(all.filter((each) => each.startsWith('private many-'))).toHaveLength(120)
    expect(all.filter((each) => each.startsWith('direct'))).toEqual([])
    expect(new Set(all).size).toBe(all.length)
  })
})
