import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RoomListEvent } from '../../src/contract/room'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  // Whoever signs up first is the admin: nobody of these is.
  await roomline.signUp()
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = async (node = 0) => {
  const signedUp = await roomline.signUp()
  return { ...signedUp, ...roomline.connect(signedUp, { node }) }
}
type Somebody = Awaited<ReturnType<typeof person>>

async function makeRoom(kind: 'public' | 'private', owner: Somebody, ...members: Somebody[]): Promise<string> {
  const name = `Room of ${owner.username}`
  return (await owner.trpc.rooms.create.mutate({ name, kind, members: members.map(({ username }) => username) })).id
}

const auditOf = async (room: string) =>
  (await roomline.pool.query<{ action: string }>('SELECT action FROM audit_log WHERE room_id = $1 ORDER BY id', [room])).rows.map(
    ({ action }) => action,
  )
const versionOf = async (room: string) =>
  (await roomline.pool.query<{ last_version: number }>('SELECT last_version FROM rooms WHERE id = $1', [room])).rows[0]?.last_version ?? 0

describe('the owner of a room', () => {
  it('makes others moderators and owners, steps down, and cannot be the last one to vanish', async () => {
    const [ada, ben, cyd] = [await person(), await person(1), await person()]
    const room = await makeRoom('private', ada, ben, cyd)
    const setRole = (by: Somebody, of: Somebody, role: 'owner' | 'moderator' | 'member') =>
      by.trpc.rooms.setRole.mutate({ room, username: of.username, role })
    expect(await failureOf(setRole(ada, ada, 'member'))).toBe('LAST_OWNER')
    expect(await failureOf(ada.trpc.rooms.leave.mutate({ room }))).toBe('LAST_OWNER')
    expect(await failureOf(setRole(ben, cyd, 'moderator'))).toBe('NOT_ALLOWED')
    expect(await setRole(ada, ben, 'owner')).toMatchObject({ user: { username: ben.username }, role: 'owner' })
    expect(await setRole(ada, ada, 'member')).toMatchObject({ role: 'member' })
    expect(await failureOf(setRole(ada, cyd, 'moderator'))).toBe('NOT_ALLOWED')
    expect(await failureOf(setRole(ben, ada, 'king' as never))).toBe('BAD_REQUEST')
    await ben.trpc.users.update.mutate({ status: 'On holiday' })
    const { members } = await cyd.trpc.rooms.members.query({ room })
    expect(members[0]?.status).toBe('On holiday')
    expect(members.map(({ user, role }) => [user.username, role])[0]).toEqual([ben.username, 'owner'])
    expect(members.map(({ role }) => role)).toEqual(['owner', 'member', 'member'])
    expect(await auditOf(room)).toEqual(['room.setRole', 'room.setRole'])
  })

  it('and another, who both step down at once, leave one owner', async () => {
    const [ada, ben, cyd] = [await person(), await person(1), await person()]
    for (let round = 0; round < 10; round++) {
      const { id: room } = await ada.trpc.rooms.create.mutate({ name: 'Two', kind: 'private', members: [ben.username, cyd.username] })
      await ada.trpc.rooms.setRole.mutate({ room, username: ben.username, role: 'owner' })
      await Promise.allSettled(
        [ada, ben].map((owner) => owner.trpc.rooms.setRole.mutate({ room, username: owner.username, role: 'member' })),
      )
      const { members } = await cyd.trpc.rooms.members.query({ room })
      expect(members.filter(({ role }) => role === 'owner')).toHaveLength(1)
    }
  })
})

describe('a moderator', () => {
  it('acts on members, and on nobody of the same role or a higher one', async () => {
    const [ada, ben, cyd, dan] = [await person(), await person(), await person(1), await person()]
    const room = await makeRoom('public', ada, ben, cyd, dan)
    for (const moderator of [ben, cyd]) await ada.trpc.rooms.setRole.mutate({ room, username: moderator.username, role: 'moderator' })
    for (const subject of [ada, cyd]) {
      const on = { room, username: subject.username }
      expect(await failureOf(ben.trpc.rooms.remove.mutate(on))).toBe('NOT_ALLOWED')
      expect(await failureOf(ben.trpc.rooms.ban.mutate(on))).toBe('NOT_ALLOWED')
      expect(await failureOf(ben.trpc.rooms.mute.mutate(on))).toBe('NOT_ALLOWED')
    }
    const before = await versionOf(room)
    expect(await ben.trpc.rooms.mute.mutate({ room, username: dan.username, minutes: 5 })).toMatchObject({ mutedUntil: expect.any(String) })
    expect(await failureOf(dan.trpc.chat.send.mutate({ room, text: 'let me' }))).toBe('MUTED')
    expect(await dan.trpc.rooms.list.query()).toContainEqual(expect.objectContaining({ id: room, mutedUntil: expect.any(String) }))
    expect((await dan.trpc.chat.history.query({ room })).messages).toEqual([])
    await ben.trpc.rooms.unmute.mutate({ room, username: dan.username })
    await dan.trpc.chat.send.mutate({ room, text: 'thank you' })
    expect(await versionOf(room)).toBe(before + 3)
    expect(await auditOf(room)).toEqual(['room.setRole', 'room.setRole', 'room.mute', 'room.unmute'])
    expect(await failureOf(ben.trpc.rooms.mute.mutate({ room, username: 'nobody-here' }))).toBe('MEMBER_NOT_FOUND')
    expect(await failureOf(ben.trpc.rooms.mute.mutate({ room, username: dan.username, minutes: 0 }))).toBe('BAD_REQUEST')
  })

  it('who is made a member again in the same moment has no say any more', async () => {
    const [ada, ben, cyd] = [await person(), await person(1), await person()]
    const room = await makeRoom('private', ada, ben, cyd)
    for (let round = 0; round < 10; round++) {
      await ada.trpc.rooms.setRole.mutate({ room, username: ben.username, role: 'moderator' })
      const [, removal] = await Promise.allSettled([
        ada.trpc.rooms.setRole.mutate({ room, username: ben.username, role: 'member' }),
        ben.trpc.rooms.remove.mutate({ room, username: cyd.username }),
      ])
      const actions = await auditOf(room)
      // Whichever came first in the room's order, it is as if there had been only that order.
      const removedAfter = actions.at(-1) === 'room.remove'
      expect(removedAfter).toBe(false)
      if (removal?.status === 'fulfilled') await ada.trpc.rooms.invite.mutate({ room, username: cyd.username })
    }
  })

  it('removes somebody: the room says so, and the removed one is told and is out', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const room = await makeRoom('private', ada, ben)
    const followed = await ben.follow(room)
    const events: RoomListEvent[] = []
    ben.trpc.rooms.onChange.subscribe(undefined, { onData: (event) => events.push(event) })
    await until(() => events.length > 0)
    await ada.trpc.rooms.remove.mutate({ room, username: ben.username })
    await until(() => followed.errors.length === 1)
    expect(await failureOf(Promise.reject(followed.errors[0]))).toBe('MEMBERSHIP_ENDED')
    await until(() => events.some((event) => event.type === 'gone' && event.room === room))
    expect(followed.messages).toEqual([])
    const { messages } = await ada.trpc.chat.history.query({ room })
    expect(messages).toMatchObject([
      { seq: 1, kind: 'removed', author: { username: ada.username }, detail: { user: { username: ben.username } }, text: '' },
    ])
    expect(await failureOf(ben.trpc.rooms.join.mutate({ room }))).toBe('ROOM_NOT_FOUND')
  })

  it('bans somebody, who is out and stays out until the ban is lifted', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const room = await makeRoom('public', ada, ben)
    expect(await ada.trpc.rooms.ban.mutate({ room, username: ben.username, reason: 'spam' })).toMatchObject({ room })
    expect(await failureOf(ben.trpc.rooms.join.mutate({ room }))).toBe('ROOM_NOT_FOUND')
    expect(await failureOf(ben.trpc.chat.send.mutate({ room, text: 'hi' }))).toBe('ROOM_NOT_FOUND')
    expect((await ben.trpc.rooms.browse.query({ query: ada.username })).rooms).toEqual([])
    expect((await ada.trpc.rooms.bans.query({ room })).bans).toMatchObject([
      { user: { username: ben.username }, by: ada.username, reason: 'spam' },
    ])
    expect(await failureOf(ada.trpc.rooms.invite.mutate({ room, username: ben.username }))).toBe('USER_BANNED')
    const { token } = await ada.trpc.rooms.createInvite.mutate({ room })
    expect(await failureOf(ben.trpc.rooms.acceptInvite.mutate({ token }))).toBe('INVITE_NOT_FOUND')
    await ada.trpc.rooms.unban.mutate({ room, username: ben.username })
    expect(await ben.trpc.rooms.join.mutate({ room })).toMatchObject({ role: 'member' })
    expect(await auditOf(room)).toEqual(['room.ban', 'room.createInvite', 'room.unban'])
    expect(await failureOf(ada.trpc.rooms.ban.mutate({ room, username: ada.username }))).toBe('NOT_ALLOWED')
  })
})

describe('a room', () => {
  it('is renamed, gets a topic and rules, and tells all of it in its order and to every list', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const room = await makeRoom('public', ada, ben)
    const events: RoomListEvent[] = []
    ben.trpc.rooms.onChange.subscribe(undefined, { onData: (event) => events.push(event) })
    const followed = await ben.follow(room)
    await until(() => events.length > 0)
    const changed = await ada.trpc.rooms.update.mutate({ room, name: 'New name', topic: 'New topic', slowModeSeconds: 30 })
    expect(changed).toMatchObject({ id: room, name: 'New name', topic: 'New topic', slowModeSeconds: 30, lastSeq: 2, unread: 0 })
    expect((await followed.until(2)).map(({ kind, detail, text }) => [kind, detail, text])).toEqual([
      ['renamed', { name: 'New name' }, ''],
      ['topic', { topic: 'New topic' }, ''],
    ])
    await until(() => events.some((event) => event.type === 'room' && event.room.name === 'New name' && event.room.unread === 2))
    await ada.trpc.rooms.update.mutate({ room, name: 'New name' })
    expect((await ada.trpc.chat.history.query({ room })).messages).toHaveLength(2)
    expect(await failureOf(ada.trpc.rooms.update.mutate({ room }))).toBe('BAD_REQUEST')
  })

  it('in which only moderators write, or everybody slowly, refuses the others and says how long to wait', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const room = await makeRoom('private', ada, ben)
    await ada.trpc.rooms.update.mutate({ room, postingPolicy: 'moderators' })
    expect(await failureOf(ben.trpc.chat.send.mutate({ room, text: 'no' }))).toBe('POSTING_RESTRICTED')
    await ada.trpc.chat.send.mutate({ room, text: 'yes' })
    await ada.trpc.rooms.update.mutate({ room, postingPolicy: 'everyone', slowModeSeconds: 60 })
    const sends = await Promise.allSettled(
      Array.from({ length: 5 }, () => ben.trpc.chat.send.mutate({ room, text: 'one of five at once' })),
    )
    expect(sends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const late = await ben.trpc.chat.send.mutate({ room, text: 'and again' }).catch((error) => error)
    expect(late.data).toMatchObject({ code: 'TOO_MANY_REQUESTS', failure: 'SLOW_MODE', retryAfterMs: expect.any(Number) })
    expect(late.data.retryAfterMs).toBeGreaterThan(50_000)
    for (let index = 0; index < 3; index++) await ada.trpc.chat.send.mutate({ room, text: 'moderators need not wait' })
  })

  it('that is archived can be read and not written to, is in no list, and comes back', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const room = await makeRoom('public', ada, ben)
    const { seq } = await ben.trpc.chat.send.mutate({ room, text: 'before' })
    await ada.trpc.rooms.archive.mutate({ room })
    expect(await failureOf(ben.trpc.chat.send.mutate({ room, text: 'after' }))).toBe('ROOM_ARCHIVED')
    expect(await failureOf(ben.trpc.chat.edit.mutate({ room, seq, text: 'after' }))).toBe('ROOM_ARCHIVED')
    expect(await failureOf(ben.trpc.chat.react.mutate({ room, seq, emoji: '👍' }))).toBe('ROOM_ARCHIVED')
    expect(await failureOf(ada.trpc.rooms.update.mutate({ room, name: 'x' }))).toBe('ROOM_ARCHIVED')
    expect((await ben.trpc.chat.history.query({ room })).messages.map(({ kind }) => kind)).toEqual(['text', 'archived'])
    expect((await ben.trpc.rooms.list.query()).map(({ id }) => id)).not.toContain(room)
    const events: RoomListEvent[] = []
    ben.trpc.rooms.onChange.subscribe(undefined, { onData: (event) => events.push(event) })
    await until(() => events.length > 0)
    await ada.trpc.rooms.archive.mutate({ room, archived: false })
    await until(() => events.some((event) => event.type === 'room' && event.room.id === room))
    expect((await ben.trpc.rooms.list.query()).map(({ id }) => id)).toContain(room)
    await ben.trpc.chat.send.mutate({ room, text: 'we are back' })
  })

  it('is direct: the one room of exactly these people, whoever asks first and however often', async () => {
    const [ada, ben, cyd] = [await person(), await person(1), await person()]
    const opened = await Promise.all([
      ...Array.from({ length: 5 }, () => ada.trpc.rooms.direct.mutate({ usernames: [ben.username] })),
      ...Array.from({ length: 5 }, () => ben.trpc.rooms.direct.mutate({ usernames: [ada.username, ben.username] })),
    ])
    const [{ id: room } = { id: '' }] = opened
    expect(new Set(opened.map(({ id }) => id)).size).toBe(1)
    expect(opened[0]).toMatchObject({ kind: 'direct', name: ben.username, people: [{ username: ben.username }], role: 'member' })
    expect(opened[9]).toMatchObject({ name: ada.username, people: [{ username: ada.username }] })
    const three = await cyd.trpc.rooms.direct.mutate({ usernames: [ada.username, ben.username] })
    expect(three.id).not.toBe(room)
    expect(await failureOf(cyd.trpc.chat.history.query({ room }))).toBe('ROOM_NOT_FOUND')
    expect(await failureOf(ada.trpc.rooms.leave.mutate({ room }))).toBe('DIRECT_ROOM')
    expect(await failureOf(ada.trpc.rooms.invite.mutate({ room, username: cyd.username }))).toBe('DIRECT_ROOM')
    // Nobody moderates it.
    expect(await failureOf(ada.trpc.rooms.remove.mutate({ room, username: ben.username }))).toBe('NOT_ALLOWED')
    expect(await failureOf(ada.trpc.rooms.direct.mutate({ usernames: ['nobody-here'] }))).toBe('USER_NOT_FOUND')
    expect((await ada.trpc.rooms.direct.mutate({ usernames: [ada.username] })).people).toEqual([])
  })

  it('takes a version for each join and leaving, and a line only where it is private', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const open = await makeRoom('public', ada)
    await ben.trpc.rooms.join.mutate({ room: open })
    await ben.trpc.rooms.leave.mutate({ room: open })
    expect(await versionOf(open)).toBe(2)
    expect((await ada.trpc.chat.history.query({ room: open })).messages).toEqual([])
    const closed = await makeRoom('private', ada)
    await ada.trpc.rooms.invite.mutate({ room: closed, username: ben.username })
    await ben.trpc.rooms.leave.mutate({ room: closed })
    expect(await versionOf(closed)).toBe(4)
    expect((await ada.trpc.chat.history.query({ room: closed })).messages).toMatchObject([
      { kind: 'added', author: { username: ada.username }, detail: { user: { username: ben.username } } },
      { kind: 'left', author: { username: ben.username }, detail: null },
    ])
  })

  it('pages its members, owners first, each once', async () => {
    const ada = await person()
    const room = await makeRoom('public', ada)
    await roomline.pool.query(
      `WITH made AS (INSERT INTO users (username, display_name) SELECT 'crowd-' || n, 'Crowd ' || n FROM generate_series(1, 250) n RETURNING id)
       INSERT INTO memberships (room_id, user_id) SELECT $1, id FROM made`,
      [room],
    )
    const seen: string[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Awaited<ReturnType<typeof ada.trpc.rooms.members.query>> = await ada.trpc.rooms.members.query({ room, cursor })
      seen.push(...page.members.map(({ user }) => user.username))
      cursor = page.cursor
    }
    expect(seen[0]).toBe(ada.username)
    expect(seen).toHaveLength(251)
    expect(new Set(seen).size).toBe(251)
    const found = await ada.trpc.rooms.members.query({ room, query: 'Crowd 24' })
    expect([found.members.length, found.count]).toEqual([11, 251])
    expect((await ada.trpc.rooms.members.query({ room, query: '%' })).members).toEqual([])
    expect(await failureOf(ada.trpc.rooms.members.query({ room, cursor: 'WzEsMl0' }))).toBe('BAD_REQUEST')
  })
})

describe('nobody', () => {
  it('gets rid of a mute or of slow mode by leaving and coming back', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const room = await makeRoom('public', ada, ben)
    await ada.trpc.rooms.update.mutate({ room, slowModeSeconds: 600 })
    await ben.trpc.chat.send.mutate({ room, text: 'once' })
    const comeBack = async () => {
      await ben.trpc.rooms.leave.mutate({ room })
      await ben.trpc.rooms.join.mutate({ room })
      return failureOf(ben.trpc.chat.send.mutate({ room, text: 'again' }))
    }
    expect(await comeBack()).toBe('SLOW_MODE')
    await ada.trpc.rooms.mute.mutate({ room, username: ben.username, minutes: 60 })
    expect(await comeBack()).toBe('MUTED')
    await ada.trpc.rooms.remove.mutate({ room, username: ben.username })
    await ada.trpc.rooms.invite.mutate({ room, username: ben.username })
    expect(await failureOf(ben.trpc.chat.send.mutate({ room, text: 'again' }))).toBe('MUTED')
  })

  it('leaves a room with people in it without an owner, by any order of things', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const alone = await makeRoom('private', ada)
    expect(await failureOf(ada.trpc.rooms.setRole.mutate({ room: alone, username: ada.username, role: 'member' }))).toBe('LAST_OWNER')
    const open = await makeRoom('public', await person())
    const { rows } = await roomline.pool.query<{ username: string }>(
      `DELETE FROM memberships s USING users u WHERE u.id = s.user_id AND s.room_id = $1 RETURNING u.username`,
      [open],
    )
    expect(rows).toHaveLength(1)
    // Whoever comes into an empty room keeps it.
    expect(await ben.trpc.rooms.join.mutate({ room: open })).toMatchObject({ role: 'owner' })
    expect(await ada.trpc.rooms.join.mutate({ room: open })).toMatchObject({ role: 'member' })
  })

  it('but an owner locks the admin of the server out, and the admin comes back by themselves', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const signedUp = await roomline.signUp()
    await roomline.pool.query(`UPDATE users SET role = 'admin' WHERE username = $1`, [signedUp.username])
    const admin = roomline.connect(signedUp)
    const room = await makeRoom('public', ada, ben)
    await ada.trpc.rooms.setRole.mutate({ room, username: ben.username, role: 'moderator' })
    expect(await failureOf(ben.trpc.rooms.ban.mutate({ room, username: signedUp.username }))).toBe('NOT_ALLOWED')
    await ada.trpc.rooms.ban.mutate({ room, username: signedUp.username })
    await admin.trpc.rooms.unban.mutate({ room, username: signedUp.username })
    await admin.trpc.rooms.archive.mutate({ room })
    await admin.trpc.rooms.archive.mutate({ room, archived: false })
    await admin.trpc.rooms.join.mutate({ room })
    const direct = await ada.trpc.rooms.direct.mutate({ usernames: [signedUp.username] })
    const { seq } = await ada.trpc.chat.send.mutate({ room: direct.id, text: 'between us' })
    expect(await failureOf(admin.trpc.chat.remove.mutate({ room: direct.id, seq }))).toBe('NOT_ALLOWED')
  })

  it('finds out that a room is there because somebody holds it, or by its id', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const room = await makeRoom('private', ada)
    const holding = await roomline.pool.connect()
    await holding.query('BEGIN')
    await holding.query('SELECT FROM rooms WHERE id = $1 FOR UPDATE', [room])
    try {
      // It is answered while the room is still held.
      expect(await failureOf(ben.trpc.rooms.update.mutate({ room, topic: 'x' }))).toBe('ROOM_NOT_FOUND')
      expect(await failureOf(ben.trpc.chat.react.mutate({ room, seq: 1, emoji: '👍' }))).toBe('ROOM_NOT_FOUND')
    } finally {
      await holding.query('ROLLBACK')
      holding.release()
    }
    expect(await failureOf(ben.trpc.rooms.create.mutate({ name: room, kind: 'public' }))).toBe('BAD_REQUEST')
  })

  it('makes rooms, invites or searches without an end', async () => {
    await using limited = await startRoomline({ env: { SENDS_PER_MINUTE: '6' } })
    const { trpc } = limited.connect(await limited.signUp())
    // The client sends what is asked at once as one frame, which holds so many.
    const inWaves = async (count: number, call: (index: number) => Promise<unknown>) => {
      const answers: unknown[] = []
      for (let from = 0; from < count; from += 80) {
        const wave = Array.from({ length: 80 }, (_, index) => call(from + index))
        answers.push(
          ...(await Promise.all(
            wave.map((calling) =>
              calling.then(
                () => 'done',
                (error) => error.data.failure,
              ),
            ),
          )),
        )
      }
      return answers
    }
    const answers = await inWaves(240, (index) => trpc.rooms.create.mutate({ name: `Room ${index}`, kind: 'private' }))
    expect(answers.filter((answer) => answer === 'done').length).toBeGreaterThanOrEqual(200)
    expect(new Set(answers)).toEqual(new Set(['done', 'TOO_MANY_REQUESTS']))
    expect(await inWaves(400, () => trpc.chat.search.query({ query: 'x' }))).toContain('TOO_MANY_REQUESTS')
  })
})

describe('an invitation by link', () => {
  it('is shown, accepted as often as it may be, and used up by nobody who is in the room already', async () => {
    const [ada, ben, cyd] = [await person(), await person(1), await person()]
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

  it('of somebody who has no say in the room any more lets nobody in', async () => {
    const [ada, ben, cyd] = [await person(), await person(1), await person()]
    const room = await makeRoom('private', ada, ben)
    for (const end of ['member', 'removed'] as const) {
      await ada.trpc.rooms.setRole.mutate({ room, username: ben.username, role: 'moderator' })
      const { token } = await ben.trpc.rooms.createInvite.mutate({ room })
      if (end === 'member') await ada.trpc.rooms.setRole.mutate({ room, username: ben.username, role: 'member' })
      else await ada.trpc.rooms.remove.mutate({ room, username: ben.username })
      expect(await failureOf(cyd.trpc.rooms.acceptInvite.mutate({ token })), end).toBe('INVITE_NOT_FOUND')
    }
  })

  it('ends when its time is over, when it is revoked, and when the room is archived', async () => {
    const [ada, ben] = [await person(), await person(1)]
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
})

describe('a guest of the server', () => {
  it('is in the rooms that they were invited to, and sees no other', async () => {
    const [ada, gus] = [await person(), await person(1)]
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
