import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = async (name?: string, node = 0) => {
  const signedUp = await roomline.signUp(name)
  return { ...signedUp, ...roomline.connect(signedUp, { node }) }
}

describe('a room', () => {
  it('is made by somebody, found and joined by another, and heard on another node', async () => {
    const ada = await person()
    const ben = await person(undefined, 1)
    const room = await ada.trpc.rooms.create.mutate({ name: 'Über uns!', kind: 'public', topic: 'who we are' })
    expect(room).toMatchObject({
      id: 'über-uns',
      kind: 'public',
      name: 'Über uns!',
      topic: 'who we are',
      role: 'owner',
      lastSeq: 0,
      unread: 0,
      lastMessage: null,
    })
    const { rooms } = await ben.trpc.rooms.browse.query({ query: 'ÜBER' })
    expect(rooms).toEqual([{ id: 'über-uns', kind: 'public', name: 'Über uns!', topic: 'who we are', memberCount: 1, joined: false }])
    expect(await failureOf(ben.trpc.chat.send.mutate({ room: room.id, text: 'hi' }))).toBe('NOT_A_MEMBER')
    expect(await ben.trpc.rooms.join.mutate({ room: room.id })).toMatchObject({ id: room.id, role: 'member' })
    expect(await ben.trpc.rooms.join.mutate({ room: room.id })).toMatchObject({ id: room.id, role: 'member' })

    const followed = await ben.follow(room.id)
    const sent = await ada.trpc.chat.send.mutate({ room: room.id, text: 'from the other node' })
    expect(await followed.until(1)).toEqual([sent])
    expect(await ben.trpc.rooms.list.query()).toEqual([
      expect.objectContaining({ id: room.id, lastSeq: 1, readSeq: 0, unread: 1, mentions: 0, notify: 'all', lastMessage: sent }),
      expect.objectContaining({ id: 'general', lastMessage: null }),
    ])
  })

  it('that is private looks to strangers like one that does not exist', async () => {
    const ada = await person()
    const ben = await person()
    const cyd = await person()
    const room = await ada.trpc.rooms.create.mutate({ name: 'Secret', kind: 'private', members: [ben.username] })
    expect(await ben.trpc.rooms.list.query()).toContainEqual(expect.objectContaining({ id: room.id, role: 'member' }))
    const answers = async (id: string) => {
      const calls = [
        () => cyd.trpc.chat.send.mutate({ room: id, text: 'x' }),
        () => cyd.trpc.chat.history.query({ room: id }),
        () => cyd.trpc.rooms.join.mutate({ room: id }),
        () => cyd.trpc.rooms.leave.mutate({ room: id }),
        () => cyd.follow(id),
      ]
      return Promise.all(
        calls.map((call) =>
          call().then(
            () => 'allowed',
            (error) => ({ message: error.message, data: { ...error.data } }),
          ),
        ),
      )
    }
    const [hidden, missing] = [await answers(room.id), await answers('0f8fad5b-d9cb-469f-a165-70867728950e')]
    expect(hidden).toEqual(missing)
    expect(hidden[0]).toMatchObject({ data: { code: 'NOT_FOUND', failure: 'ROOM_NOT_FOUND' } })
    expect((await cyd.trpc.rooms.browse.query({ query: 'Secret' })).rooms).toEqual([])
  })

  it('that somebody leaves is silent for them from then on, on every node', async () => {
    const ada = await person()
    const ben = await person(undefined, 1)
    const { id: room } = await ada.trpc.rooms.create.mutate({ name: 'Leaving', kind: 'public', members: [ben.username] })
    const followed = await ben.follow(room)
    await ada.trpc.chat.send.mutate({ room, text: 'ben hears this' })
    await followed.until(1)
    const another = await ben.follow(room)
    const ended = until(() => another.errors.length === 1).then(() => another.errors[0])
    expect(await ben.trpc.rooms.leave.mutate({ room })).toEqual({ room })
    expect(await ended).toMatchObject({ data: { code: 'FORBIDDEN', httpStatus: 403, failure: 'MEMBERSHIP_ENDED' } })
    await ada.trpc.chat.send.mutate({ room, text: 'ben does not hear this' })
    expect(await failureOf(ben.trpc.chat.history.query({ room }))).toBe('NOT_A_MEMBER')
    expect(followed.messages).toHaveLength(1)
    expect(await failureOf(ben.trpc.rooms.leave.mutate({ room }))).toBe('NOT_A_MEMBER')
  })

  it('that somebody leaves while they subscribe to it is silent for them all the same', async () => {
    const ada = await person()
    const ben = await person(undefined, 1)
    const { id: room } = await ada.trpc.rooms.create.mutate({ name: 'Racing', kind: 'public' })
    for (let round = 0; round < 40; round++) {
      await ben.trpc.rooms.join.mutate({ room })
      const heard: string[] = []
      const subscription = ben.trpc.chat.onMessage.subscribe({ room }, { onData: ({ data }) => heard.push(data.text), onError: () => {} })
      await new Promise((resolve) => setTimeout(resolve, round % 5))
      await ben.trpc.rooms.leave.mutate({ room })
      await ada.trpc.chat.send.mutate({ room, text: `after leaving ${round}` })
      // What was on its way to the other node has come by the time its own message has.
      await ada.trpc.session.me.query()
      await new Promise((resolve) => setTimeout(resolve, 15))
      subscription.unsubscribe()
      expect(heard, `round ${round}`).toEqual([])
    }
  })

  it('that somebody leaves while others write, on another node, brings them nothing that was stored later', async () => {
    const ada = await person(undefined, 1)
    const ben = await person(undefined, 1)
    const bensOtherDevice = roomline.connect(ben, { node: 0 })
    const { id: room } = await ada.trpc.rooms.create.mutate({ name: 'Order', kind: 'private' })
    for (let round = 0; round < 30; round++) {
      await roomline.pool.query('INSERT INTO memberships (room_id, user_id) SELECT $1, id FROM users WHERE username = $2', [
        room,
        ben.username,
      ])
      const followed = await ben.follow(room)
      let stopped = false
      const writing = (async () => {
        while (!stopped) await ada.trpc.chat.send.mutate({ room, text: 'on and on' })
      })()
      await followed.until(3)
      await bensOtherDevice.trpc.rooms.leave.mutate({ room })
      await until(() => followed.errors.length === 1)
      stopped = true
      await writing
      const { rows } = await roomline.pool.query<{ left_at: number }>(
        `SELECT max(v) AS left_at FROM generate_series(1, (SELECT last_version FROM rooms WHERE id = $1)) v
         WHERE NOT EXISTS (SELECT FROM messages WHERE room_id = $1 AND version = v)`,
        [room],
      )
      const leftAt = rows[0]?.left_at ?? 0
      expect(leftAt).toBeGreaterThan(0)
      expect(followed.messages.filter(({ version }) => version > leftAt)).toEqual([])
    }
  })

  it('whose two owners leave at once keeps one', async () => {
    for (let round = 0; round < 15; round++) {
      const owners = [await person(), await person(undefined, 1)]
      const other = await person()
      const { id: room } = await (owners[0] ?? other).trpc.rooms.create.mutate({
        name: 'Shared',
        kind: 'private',
        members: [...owners, other].map(({ username }) => username),
      })
      await roomline.pool.query(
        `UPDATE memberships SET role = 'owner' WHERE room_id = $1 AND user_id = (SELECT id FROM users WHERE username = $2)`,
        [room, owners[1]?.username],
      )
      await Promise.allSettled(owners.map((owner) => owner.trpc.rooms.leave.mutate({ room })))
      const { rows } = await roomline.pool.query(`SELECT FROM memberships WHERE room_id = $1 AND role = 'owner'`, [room])
      expect(rows).toHaveLength(1)
    }
  })

  it('that somebody is banned from does not exist for them', async () => {
    const ada = await person()
    const ben = await person()
    const { id: room } = await ada.trpc.rooms.create.mutate({ name: 'Banned', kind: 'public' })
    await roomline.pool.query('INSERT INTO bans (room_id, user_id) SELECT $1, id FROM users WHERE username = $2', [room, ben.username])
    expect(await failureOf(ben.trpc.rooms.join.mutate({ room }))).toBe('ROOM_NOT_FOUND')
  })

  it('counts the unread messages that mention somebody', async () => {
    const ada = await person()
    const ben = await person()
    const { id: room } = await ada.trpc.rooms.create.mutate({ name: 'Mentions', kind: 'private', members: [ben.username] })
    for (let index = 0; index < 3; index++) await ada.trpc.chat.send.mutate({ room, text: 'hello' })
    await roomline.pool.query(
      'INSERT INTO mentions (user_id, room_id, seq) SELECT id, $1, n FROM users, unnest(ARRAY[1, 3]) n WHERE username = $2',
      [room, ben.username],
    )
    await roomline.pool.query('UPDATE memberships SET read_seq = 1 WHERE room_id = $1', [room])
    expect(await ben.trpc.rooms.list.query()).toContainEqual(expect.objectContaining({ id: room, unread: 2, mentions: 1 }))
  })

  it('does not lose its only owner while others are in it', async () => {
    const ada = await person()
    const ben = await person()
    const { id: room } = await ada.trpc.rooms.create.mutate({ name: 'Owned', kind: 'private', members: [ben.username, ada.username] })
    expect(await failureOf(ada.trpc.rooms.leave.mutate({ room }))).toBe('LAST_OWNER')
    await ben.trpc.rooms.leave.mutate({ room })
    await ada.trpc.rooms.leave.mutate({ room })
    expect(await failureOf(ada.trpc.chat.history.query({ room }))).toBe('ROOM_NOT_FOUND')
  })

  it('is refused when its name is taken, unusable, or names people who do not exist', async () => {
    const { trpc } = await person()
    await trpc.rooms.create.mutate({ name: 'Once', kind: 'public' })
    expect(await failureOf(trpc.rooms.create.mutate({ name: 'ONCE!', kind: 'public' }))).toBe('ROOM_NAME_TAKEN')
    expect(await failureOf(trpc.rooms.create.mutate({ name: '!!!', kind: 'public' }))).toBe('BAD_REQUEST')
    expect(await failureOf(trpc.rooms.create.mutate({ name: '', kind: 'private' }))).toBe('BAD_REQUEST')
    expect(await failureOf(trpc.rooms.create.mutate({ name: 'x', kind: 'direct' as never }))).toBe('BAD_REQUEST')
    expect(await failureOf(trpc.rooms.create.mutate({ name: 'With strangers', kind: 'public', members: ['no-such-person'] }))).toBe(
      'USER_NOT_FOUND',
    )
    expect((await trpc.rooms.browse.query({ query: 'With strangers' })).rooms).toEqual([])
  })

  it('list is browsed page by page, each room once', async () => {
    const { trpc } = await person()
    await roomline.pool.query(
      `INSERT INTO rooms (id, kind, name) SELECT 'page-' || n, 'public', 'Page ' || (n / 3) || repeat('Ы', 40) FROM generate_series(1, 120) n`,
    )
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof trpc.rooms.browse.query>> = await trpc.rooms.browse.query({ query: 'page', cursor })
      seen.push(...page.rooms.map(({ id }) => id))
      cursor = page.cursor
    } while (cursor)
    expect(seen).toHaveLength(120)
    expect(new Set(seen).size).toBe(120)
    expect((await trpc.rooms.browse.query()).rooms).toHaveLength(50)
    expect(await failureOf(trpc.rooms.browse.query({ cursor: 'bm90IGpzb24' }))).toBe('BAD_REQUEST')
    expect((await trpc.rooms.browse.query({ query: '%' })).rooms).toEqual([])
  })
})

describe('history', () => {
  it('is read from any end and around any place', async () => {
    const { trpc } = await person()
    const { id: room } = await trpc.rooms.create.mutate({ name: 'Past', kind: 'private' })
    const page = async (bounds: { before?: number; after?: number; around?: number; limit?: number }) => {
      const { messages, hasBefore, hasAfter } = await trpc.chat.history.query({ room, ...bounds })
      return { seqs: messages.map(({ seq }) => seq), hasBefore, hasAfter }
    }
    expect(await page({})).toEqual({ seqs: [], hasBefore: false, hasAfter: false })
    for (let index = 1; index <= 10; index++) await trpc.chat.send.mutate({ room, text: `message ${index}` })
    expect(await page({ limit: 3 })).toEqual({ seqs: [8, 9, 10], hasBefore: true, hasAfter: false })
    expect(await page({})).toEqual({ seqs: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], hasBefore: false, hasAfter: false })
    expect(await page({ before: 8, limit: 3 })).toEqual({ seqs: [5, 6, 7], hasBefore: true, hasAfter: true })
    expect(await page({ before: 3, limit: 3 })).toEqual({ seqs: [1, 2], hasBefore: false, hasAfter: true })
    expect(await page({ before: 1 })).toEqual({ seqs: [], hasBefore: false, hasAfter: true })
    expect(await page({ after: 8 })).toEqual({ seqs: [9, 10], hasBefore: true, hasAfter: false })
    expect(await page({ after: 10 })).toEqual({ seqs: [], hasBefore: true, hasAfter: false })
    expect(await page({ after: 0, limit: 2 })).toEqual({ seqs: [1, 2], hasBefore: false, hasAfter: true })
    expect(await page({ around: 5, limit: 4 })).toEqual({ seqs: [3, 4, 5, 6], hasBefore: true, hasAfter: true })
    expect(await page({ around: 10, limit: 4 })).toEqual({ seqs: [7, 8, 9, 10], hasBefore: true, hasAfter: false })
    expect(await page({ around: 1, limit: 4 })).toEqual({ seqs: [1, 2, 3, 4], hasBefore: false, hasAfter: true })
    for (const bad of [{ limit: 101 }, { limit: 0 }, { before: 1, after: 2 }, { before: -1 }, { before: 1.5 }, { after: 2 ** 31 }]) {
      expect(await failureOf(page(bad)), JSON.stringify(bad)).toBe('BAD_REQUEST')
    }
  })
})
