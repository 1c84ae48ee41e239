import { expect } from 'vitest'
import { failureOf, type Rules, shapeOf } from './scene'

export const members: Rules = {
  'members are listed with owners first, then moderators, each by name': async (scene) => {
    const [ada, ben, cleo, dora] = await scene.people('ada', 'ben', 'cleo', 'dora')
    const room = await scene.room('private', dora, ada, cleo, ben)
    await dora.client.rooms.setRole.mutate({ room, username: cleo.username, role: 'moderator' })
    const page = await ben.client.rooms.members.query({ room })
    expect(shapeOf(page)).toEqual(['count', 'cursor', 'members'])
    expect(page.members.map(({ user, role }) => [user.username, role])).toEqual([
      [dora.username, 'owner'],
      [cleo.username, 'moderator'],
      [ada.username, 'member'],
      [ben.username, 'member'],
    ])
    expect([page.count, page.cursor]).toEqual([4, null])
    const [first] = page.members
    expect(first).toEqual({
      user: { id: expect.any(String), username: dora.username, displayName: dora.username, avatar: null },
      role: 'owner',
      status: '',
      joinedAt: expect.any(String),
      mutedUntil: null,
    })
    const found = await ben.client.rooms.members.query({ room, query: cleo.username.slice(0, 5).toUpperCase() })
    expect([found.members.map(({ user }) => user.username), found.count]).toEqual([[cleo.username], 4])
  },

  'a member invites somebody, who is a member at once': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const cleo = await scene.person('cleo')
    await scene.say(ada, room, 'before')
    const member = await ben.client.rooms.invite.mutate({ room, username: cleo.username })
    expect(member).toMatchObject({ user: { username: cleo.username }, role: 'member' })
    expect(await ben.client.rooms.invite.mutate({ room, username: cleo.username })).toEqual(member)
    expect(await cleo.client.rooms.get.query({ room })).toMatchObject({ lastSeq: 2, unread: 0, lastMessage: { kind: 'added' } })
    expect(await failureOf(ben.client.rooms.invite.mutate({ room, username: 'nobody-at-all' }))).toBe('USER_NOT_FOUND')
  },

  'a moderator removes members, not other moderators; a member removes nobody': async (scene) => {
    const [ada, ben, cleo, dora] = await scene.people('ada', 'ben', 'cleo', 'dora')
    const room = await scene.room('private', ada, ben, cleo, dora)
    for (const { username } of [ben, cleo]) await ada.client.rooms.setRole.mutate({ room, username, role: 'moderator' })
    expect(await failureOf(dora.client.rooms.remove.mutate({ room, username: ben.username }))).toBe('NOT_ALLOWED')
    expect(await failureOf(ben.client.rooms.remove.mutate({ room, username: cleo.username }))).toBe('NOT_ALLOWED')
    const removed = await ben.client.rooms.remove.mutate({ room, username: dora.username })
    expect(removed).toMatchObject({ room, user: { username: dora.username } })
    expect(await failureOf(dora.client.chat.history.query({ room }))).toBe('ROOM_NOT_FOUND')
    expect(await failureOf(ben.client.rooms.remove.mutate({ room, username: dora.username }))).toBe('MEMBER_NOT_FOUND')
  },

  'only owners set roles, and a room keeps an owner': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    expect(await failureOf(ben.client.rooms.setRole.mutate({ room, username: ben.username, role: 'owner' }))).toBe('NOT_ALLOWED')
    expect(await failureOf(ada.client.rooms.setRole.mutate({ room, username: ada.username, role: 'member' }))).toBe('LAST_OWNER')
    expect(await ada.client.rooms.setRole.mutate({ room, username: ben.username, role: 'owner' })).toMatchObject({ role: 'owner' })
    expect(await ada.client.rooms.setRole.mutate({ room, username: ada.username, role: 'member' })).toMatchObject({ role: 'member' })
    expect(await ben.client.rooms.get.query({ room })).toMatchObject({ role: 'owner' })
  },

  'for somebody who is banned a room does not exist, until they are unbanned': async (scene) => {
    const [ada, ben] = await scene.people('ada', 'ben')
    const room = await scene.room('public', ada, ben)
    expect(await ada.client.rooms.ban.mutate({ room, username: ben.username, reason: 'spam' })).toMatchObject({ room })
    expect(await failureOf(ben.client.rooms.join.mutate({ room }))).toBe('ROOM_NOT_FOUND')
    expect(await failureOf(ada.client.rooms.invite.mutate({ room, username: ben.username }))).toBe('USER_BANNED')
    const { bans } = await ada.client.rooms.bans.query({ room })
    expect(bans).toEqual([
      { user: expect.objectContaining({ username: ben.username }), by: ada.username, reason: 'spam', at: expect.any(String) },
    ])
    await ada.client.rooms.unban.mutate({ room, username: ben.username })
    expect(await ben.client.rooms.join.mutate({ room })).toMatchObject({ role: 'member' })
  },

  'somebody who is muted reads, and sees until when': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const muted = await ada.client.rooms.mute.mutate({ room, username: ben.username, minutes: 10 })
    expect(muted.mutedUntil).toEqual(expect.any(String))
    expect(await ben.client.rooms.get.query({ room })).toMatchObject({ mutedUntil: muted.mutedUntil })
    expect(await ben.client.chat.history.query({ room })).toMatchObject({ messages: [] })
    expect(await ben.client.chat.typing.mutate({ room })).toEqual({ room })
    expect(await failureOf(ada.client.rooms.mute.mutate({ room, username: ada.username }))).toBe('NOT_ALLOWED')
  },

  'people are found by username and display name, and shown with their status': async (scene) => {
    const [ada, ben] = await scene.people('ada', 'ben')
    const displayName = `Ben of ${ben.username}`
    const profile = await ben.client.users.update.mutate({ displayName, status: 'On holiday', timeZone: 'Europe/Madrid' })
    expect(shapeOf(profile)).toEqual(['avatar', 'displayName', 'hideLastSeen', 'hideReads', 'id', 'role', 'status', 'timeZone', 'username'])
    const person = await ada.client.users.get.query({ username: ben.username })
    expect(shapeOf(person)).toEqual(['avatar', 'displayName', 'id', 'role', 'status', 'timeZone', 'username'])
    expect(person).toMatchObject({ displayName, status: 'On holiday', timeZone: 'Europe/Madrid', role: 'member' })
    expect(await ada.client.users.search.query({ query: ben.username })).toEqual({ users: [person], cursor: null })
    expect(await ada.client.users.search.query({ query: displayName.toUpperCase() })).toEqual({ users: [person], cursor: null })
    expect(await failureOf(ada.client.users.get.query({ username: 'nobody-at-all' }))).toBe('USER_NOT_FOUND')
    expect(await failureOf(ada.client.users.update.mutate({ displayName: displayName.toUpperCase() }))).toBe('NAME_TAKEN')
    expect(await failureOf(ada.client.users.update.mutate({}))).toBe('BAD_REQUEST')
  },

  'people are named in the order that was asked for': async (scene) => {
    const [ada, ben] = await scene.people('ada', 'ben')
    const named = await ada.client.users.named.query({ usernames: [ben.username, 'nobody-at-all', ada.username, ben.username] })
    expect(named.map(({ username }) => username)).toEqual([ben.username, ada.username])
    expect(shapeOf(named[0] ?? {})).toEqual(['avatar', 'displayName', 'id', 'username'])
  },

  'messages and rooms show the names that people have now': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ben, room, 'before')
    const displayName = `New ${ben.username}`
    await ben.client.users.update.mutate({ displayName })
    const [sent] = await scene.say(ben, room, 'after')
    expect(sent?.author.displayName).toBe(displayName)
    const { messages } = await ada.client.chat.history.query({ room })
    expect(messages.map(({ author }) => author.displayName)).toEqual([displayName, displayName])
    const direct = await ada.client.rooms.direct.mutate({ usernames: [ben.username] })
    expect(direct.name).toBe(displayName)
  },

  'session.me says who is connected, and until when': async (scene) => {
    const ada = await scene.person('ada')
    const me = await ada.client.session.me.query()
    expect(shapeOf(me)).toEqual(['expiresAt', 'serverTime', 'sessionId', 'uid', 'user'])
    expect(me.user).toEqual({ id: me.user.id, username: ada.username, displayName: ada.username, avatar: null })
    expect(Date.parse(me.expiresAt)).toBeGreaterThan(Date.parse(me.serverTime))
    expect(await ada.client.users.me.query()).toMatchObject({ ...me.user, hideReads: false, hideLastSeen: false })
  },

  'a call that no server has is NO_SUCH_PROCEDURE': async (scene) => {
    const ada = await scene.person('ada')
    const { chat } = ada.client as unknown as { chat: { nonsense: { query(): Promise<unknown> } } }
    expect(await failureOf(chat.nonsense.query())).toBe('NO_SUCH_PROCEDURE')
    expect(await failureOf(ada.client.admin.settings.query())).not.toBe('UNKNOWN')
  },
}
