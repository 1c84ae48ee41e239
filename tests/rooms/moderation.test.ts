import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RoomListEvent } from '../../src/contract/room'
import { type ConnectedPerson, connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  // The first account is the server's admin. None of the people below is.
  await roomline.signUp()
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = (node = 0) => connectPerson(roomline, { node })
const auditOf = async (room: string) =>
  (
    await roomline.pool.query<{ action: string }>(
      `SELECT action FROM audit_log WHERE room_id = $1 AND action <> 'room.created' ORDER BY id`,
      [room],
    )
  ).rows.map(({ action }) => action)
const versionOf = async (room: string) =>
  (await roomline.pool.query<{ last_version: number }>('SELECT last_version FROM rooms WHERE id = $1', [room])).rows[0]?.last_version ?? 0

describe('moderation', () => {
  it('roles: an owner appoints moderators and owners and can step down, but not as the last owner', async () => {
    const [ada, ben, cyd] = [await person(), await person(1), await person()]
    const room = await makeRoom('private', ada, ben, cyd)
    const setRole = (by: ConnectedPerson, of: ConnectedPerson, role: 'owner' | 'moderator' | 'member') =>
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
    expect(await auditOf(room)).toEqual(['room.roleSet', 'room.roleSet'])
  })

  it('roles: when two owners step down at once, one stays owner', async () => {
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

  it('moderators: can mute, remove and ban members, but nobody of their own role or a higher one', async () => {
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
    expect(await auditOf(room)).toEqual(['room.roleSet', 'room.roleSet', 'room.muted', 'room.unmuted'])
    expect(await failureOf(ben.trpc.rooms.mute.mutate({ room, username: 'nobody-here' }))).toBe('MEMBER_NOT_FOUND')
    expect(await failureOf(ben.trpc.rooms.mute.mutate({ room, username: dan.username, minutes: 0 }))).toBe('BAD_REQUEST')
  })

  it('moderators: can remove nobody from the moment they are made members again', async () => {
    const [ada, ben, cyd] = [await person(), await person(1), await person()]
    const room = await makeRoom('private', ada, ben, cyd)
    for (let round = 0; round < 10; round++) {
      await ada.trpc.rooms.setRole.mutate({ room, username: ben.username, role: 'moderator' })
      const [, removal] = await Promise.allSettled([
        ada.trpc.rooms.setRole.mutate({ room, username: ben.username, role: 'member' }),
        ben.trpc.rooms.remove.mutate({ room, username: cyd.username }),
      ])
      const actions = await auditOf(room)
      // Whichever came first, the result is as if they had run one after the other.
      const removedAfter = actions.at(-1) === 'room.removed'
      expect(removedAfter).toBe(false)
      if (removal?.status === 'fulfilled') await ada.trpc.rooms.invite.mutate({ room, username: cyd.username })
    }
  })

  it('remove: adds a line, ends the subscription of the removed member and takes the room off their list', async () => {
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

  it('ban: keeps somebody out until the ban is lifted', async () => {
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
    expect(await auditOf(room)).toEqual(['room.banned', 'room.inviteCreated', 'room.unbanned'])
    expect(await failureOf(ada.trpc.rooms.ban.mutate({ room, username: ada.username }))).toBe('NOT_ALLOWED')
  })

  it('mute and slow mode: leaving and coming back does not end them', async () => {
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

  it('owners: a room with members always has one', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const alone = await makeRoom('private', ada)
    expect(await failureOf(ada.trpc.rooms.setRole.mutate({ room: alone, username: ada.username, role: 'member' }))).toBe('LAST_OWNER')
    const open = await makeRoom('public', await person())
    const { rows } = await roomline.pool.query<{ username: string }>(
      `DELETE FROM memberships s USING users u WHERE u.id = s.user_id AND s.room_id = $1 RETURNING u.username`,
      [open],
    )
    expect(rows).toHaveLength(1)
    // The first to join an empty room owns it.
    expect(await ben.trpc.rooms.join.mutate({ room: open })).toMatchObject({ role: 'owner' })
    expect(await ada.trpc.rooms.join.mutate({ room: open })).toMatchObject({ role: 'member' })
  })

  it('server admins: can only be banned by an owner, and can lift the ban themselves', async () => {
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

  it('hidden rooms: neither a held lock nor a taken id gives them away', async () => {
    const [ada, ben] = [await person(), await person(1)]
    const room = await makeRoom('private', ada)
    const holding = await roomline.pool.connect()
    await holding.query('BEGIN')
    await holding.query('SELECT FROM rooms WHERE id = $1 FOR UPDATE', [room])
    try {
      // These are answered while the lock is still held.
      expect(await failureOf(ben.trpc.rooms.update.mutate({ room, topic: 'x' }))).toBe('ROOM_NOT_FOUND')
      expect(await failureOf(ben.trpc.chat.react.mutate({ room, seq: 1, emoji: '👍' }))).toBe('ROOM_NOT_FOUND')
    } finally {
      await holding.query('ROLLBACK')
      holding.release()
    }
    expect(await failureOf(ben.trpc.rooms.create.mutate({ name: room, kind: 'public' }))).toBe('BAD_REQUEST')
  })

  it('limits: nobody can create rooms, invite or search without end', async () => {
    await using limited = await startRoomline({ env: { SENDS_PER_MINUTE: '6' } })
    const { trpc } = limited.connect(await limited.signUp())
    // The client sends calls made together in one frame, and a frame may hold only so many.
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
