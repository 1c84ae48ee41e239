import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = (name?: string, node = 0) => connectPerson(roomline, { name, node })

describe('a room', () => {
  it('create: others find and join the room, and get its messages on another node', async () => {
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
    const { seq, version, kind, detail, author, text, time, editedAt, deletedAt } = sent
    const lastMessage = { seq, version, kind, detail, author, text, time, editedAt, deletedAt }
    expect(await ben.trpc.rooms.list.query()).toEqual([
      expect.objectContaining({ id: room.id, lastSeq: 1, readSeq: 0, unread: 1, mentions: 0, notify: 'all', lastMessage }),
      expect.objectContaining({ id: 'general', lastMessage: null }),
    ])
  })

  it('private room: looks to strangers like one that does not exist', async () => {
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

  it('leave: nothing of the room arrives any more, on any node', async () => {
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

  it('leave: nothing arrives when it happens while a subscription starts', async () => {
    const ada = await person()
    const ben = await person(undefined, 1)
    const { id: room } = await ada.trpc.rooms.create.mutate({ name: 'Racing', kind: 'public' })
    for (let round = 0; round < 40; round++) {
      await ben.trpc.rooms.join.mutate({ room })
      const received: string[] = []
      const subscription = ben.trpc.chat.onMessage.subscribe(
        { room },
        { onData: ({ data }) => received.push(data.text), onError: () => {} },
      )
      await new Promise((resolve) => setTimeout(resolve, round % 5))
      await ben.trpc.rooms.leave.mutate({ room })
      await ada.trpc.chat.send.mutate({ room, text: `after leaving ${round}` })
      // Whatever was on its way to the other node arrives before that node's own message.
      await ada.trpc.session.me.query()
      await new Promise((resolve) => setTimeout(resolve, 15))
      subscription.unsubscribe()
      expect(received, `round ${round}`).toEqual([])
    }
  })

  it('leave: nothing that was stored later arrives while others write on another node', async () => {
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

  it('leave: when two owners leave at once, one stays', async () => {
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

  it('ban: the room does not exist for a banned person', async () => {
    const ada = await person()
    const ben = await person()
    const { id: room } = await ada.trpc.rooms.create.mutate({ name: 'Banned', kind: 'public' })
    await roomline.pool.query('INSERT INTO bans (room_id, user_id) SELECT $1, id FROM users WHERE username = $2', [room, ben.username])
    expect(await failureOf(ben.trpc.rooms.join.mutate({ room }))).toBe('ROOM_NOT_FOUND')
  })

  it('mentions: unread messages that mention somebody are counted', async () => {
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

  it('leave: the only owner cannot leave while others are members', async () => {
    const ada = await person()
    const ben = await person()
    const { id: room } = await ada.trpc.rooms.create.mutate({ name: 'Owned', kind: 'private', members: [ben.username, ada.username] })
    expect(await failureOf(ada.trpc.rooms.leave.mutate({ room }))).toBe('LAST_OWNER')
    await ben.trpc.rooms.leave.mutate({ room })
    await ada.trpc.rooms.leave.mutate({ room })
    expect(await failureOf(ada.trpc.chat.history.query({ room }))).toBe('ROOM_NOT_FOUND')
  })

  it('create: is rejected when the name is taken or unusable, or a member does not exist', async () => {
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

  it('browse: pages list each public room once', async () => {
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

describe('invitations', () => {
  it('a link: can be used as often as it says, and members use nothing up', async () => {
    const [ada, ben, cyd] = [await person(), await person(undefined, 1), await person()]
    const room = await makeRoom('private', ada)
    const { token, id } = await ada.trpc.rooms.createInvite.mutate({ room, maxUses: 1, hours: 24 })
    expect(await ben.trpc.rooms.showInvite.query({ token })).toMatchObject({ room, kind: 'private', memberCount: 1, joined: false })
    await ada.trpc.rooms.acceptInvite.mutate({ token })
    const accepted = await Promise.allSettled([ben, cyd].map((guest) => guest.trpc.rooms.acceptInvite.mutate({ token })))
    expect(accepted.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await failureOf(cyd.trpc.rooms.acceptInvite.mutate({ token: `${token}x` }))).toBe('INVITE_NOT_FOUND')
    expect((await ada.trpc.rooms.invites.query({ room })).invites).toEqual([])
    expect(await failureOf(ada.trpc.rooms.revokeInvite.mutate({ room, invite: 'not-even-an-id' }))).toBe('INVITE_NOT_FOUND')
    expect(id).not.toBe(token)
    const { rows } = await roomline.pool.query('SELECT FROM invites WHERE token_hash = $1', [Buffer.from(token)])
    expect(rows).toEqual([])
  })

  it('a link: stops working when its creator is removed or is no moderator any more', async () => {
    const [ada, ben, cyd] = [await person(), await person(undefined, 1), await person()]
    const room = await makeRoom('private', ada, ben)
    for (const end of ['member', 'removed'] as const) {
      await ada.trpc.rooms.setRole.mutate({ room, username: ben.username, role: 'moderator' })
      const { token } = await ben.trpc.rooms.createInvite.mutate({ room })
      if (end === 'member') await ada.trpc.rooms.setRole.mutate({ room, username: ben.username, role: 'member' })
      else await ada.trpc.rooms.remove.mutate({ room, username: ben.username })
      expect(await failureOf(cyd.trpc.rooms.acceptInvite.mutate({ token })), end).toBe('INVITE_NOT_FOUND')
    }
  })

  it('a link: stops working when it expires, is revoked, or the room is archived', async () => {
    const [ada, ben] = [await person(), await person(undefined, 1)]
    const room = await makeRoom('public', ada)
    const forever = await ada.trpc.rooms.createInvite.mutate({ room, hours: null })
    const expired = await ada.trpc.rooms.createInvite.mutate({ room, hours: 1 })
    const revoked = await ada.trpc.rooms.createInvite.mutate({ room })
    expect(forever.expiresAt).toBeNull()
    await roomline.pool.query(`UPDATE invites SET expires_at = now() - interval '1 second' WHERE id = $1`, [expired.id])
    await ada.trpc.rooms.revokeInvite.mutate({ room, invite: revoked.id })
    for (const { token } of [expired, revoked]) {
      expect(await failureOf(ben.trpc.rooms.acceptInvite.mutate({ token }))).toBe('INVITE_NOT_FOUND')
      expect(await failureOf(ben.trpc.rooms.showInvite.query({ token }))).toBe('INVITE_NOT_FOUND')
    }
    expect((await ada.trpc.rooms.invites.query({ room })).invites.map((invite) => invite.id)).toEqual([forever.id])
    await ada.trpc.rooms.archive.mutate({ room })
    expect(await failureOf(ben.trpc.rooms.acceptInvite.mutate({ token: forever.token }))).toBe('INVITE_NOT_FOUND')
  })

  it('guests: are in the rooms they were invited to, and see no others', async () => {
    const [ada, gus] = [await person(), await person(undefined, 1)]
    await roomline.pool.query(`UPDATE users SET role = 'guest' WHERE username = $1`, [gus.username])
    const guest = { ...gus, ...roomline.connect(gus) }
    const [open, other] = [await makeRoom('public', ada), (await ada.trpc.rooms.create.mutate({ name: 'Another', kind: 'public' })).id]
    await ada.trpc.rooms.invite.mutate({ room: open, username: gus.username })
    await guest.trpc.chat.send.mutate({ room: open, text: 'thank you for having me' })
    expect(await failureOf(guest.trpc.chat.history.query({ room: other }))).toBe('ROOM_NOT_FOUND')
    expect(await failureOf(guest.trpc.rooms.join.mutate({ room: other }))).toBe('NOT_ALLOWED')
    expect(await failureOf(guest.trpc.rooms.browse.query())).toBe('NOT_ALLOWED')
    expect(await failureOf(guest.trpc.rooms.create.mutate({ name: 'Mine', kind: 'private' }))).toBe('NOT_ALLOWED')
  })
})

describe('a room’s messages', () => {
  it('history: pages can be read from either end and around any seq', async () => {
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
