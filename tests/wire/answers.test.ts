import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { messageShape } from '../../src/contract/answers/message'
import { describeProcedures } from '../../src/contract/json-schema'
import type { Message } from '../../src/contract/message'
import { type ProcedurePath, procedureContracts } from '../../src/contract/procedures'
import { password } from '../support/people'
import { type Person, type Roomline, startRoomline } from '../support/roomline'
import { SoftwareAuthenticator } from '../support/software-authenticator'
import { openRecordingCaller, type Recorded, type RecordingCaller, untilEvent } from './recorded-calls'
import { createStrictJudges } from './strict-schemas'

let roomline: Roomline
const recorded: Recorded[] = []
const callers: RecordingCaller[] = []
beforeAll(async () => {
  roomline = await startRoomline({ env: { PUBLIC_URL: 'http://localhost:3000' } })
})
afterAll(async () => {
  for (const caller of callers) caller.close()
  await roomline[Symbol.asyncDispose]()
})

async function connect(person: Person): Promise<RecordingCaller> {
  const caller = await openRecordingCaller(roomline.urls[0] ?? '', person.cookie, recorded)
  callers.push(caller)
  return caller
}

async function enter(name: string): Promise<RecordingCaller> {
  return connect(await roomline.signUp(name))
}

const codeOf = (secret: string, steps = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 })

describe('answers of a running server', () => {
  // The story makes every procedure succeed, and lets every kind of event arrive.
  it('story: people and sessions', async () => {
    const admin = await enter('the-admin')
    const ada = await enter('ada')
    await ada.call('session.me')
    await roomline.signIn('ada')
    const sessions = await ada.call('session.list')
    await ada.call('session.revoke', { sessionId: sessions.find(({ current }: { current: boolean }) => !current).id })
    await ada.call('session.revokeOthers')
    await ada.call('users.me')
    await ada.call('users.update', { displayName: 'Ada L.', status: 'computing', timeZone: 'Europe/London' })
    await ada.call('users.search', { query: 'ad' })
    await ada.call('users.get', { username: 'the-admin' })
    await ada.call('users.named', { usernames: ['ada', 'nobody-here'] })
    await ada.call('users.changePassword', { current: password, password: 'another good long passphrase' })
    const leaving = await enter('leaving')
    await leaving.call('users.deleteAccount', { password })
    await admin.call('admin.settings')
  })

  it('story: two-step sign-in and passkeys', async () => {
    const carol = await enter('carol')
    await carol.call('security.show')
    const { confirmation } = await carol.call('security.confirm', { password })
    const authenticator = new SoftwareAuthenticator()
    const request = await carol.call('security.startPasskey', { confirmation })
    const { id } = await carol.call('security.addPasskey', { name: 'Key', passkey: authenticator.make(request) })
    await carol.call('security.renamePasskey', { id, name: 'Old key' })
    await carol.call('security.confirm', { passkey: authenticator.answer(await carol.call('security.askToConfirm')) })
    const { secret } = await carol.call('security.startTwoStep', { confirmation })
    await carol.call('security.enableTwoStep', { code: codeOf(secret) })
    await carol.call('security.show')
    await carol.call('security.renewRecoveryCodes', { confirmation })
    await carol.call('security.disableTwoStep', { confirmation })
    await carol.call('security.removePasskey', { id, confirmation })
  })

  it('story: rooms, messages and presence', async () => {
    const [owner, bob, dan] = [await enter('owner'), await enter('bob'), await enter('dan')]
    const list = await bob.follow('rooms.onChange')
    const { id: room } = await owner.call('rooms.create', { name: 'The story', kind: 'public', topic: 'All of it', members: ['dan'] })
    const presence = await owner.follow('presence.onChange', { room })
    const events = await owner.follow('chat.onMessage', { room, lastEventId: '0' })
    await bob.call('rooms.browse', { query: 'story' })
    await bob.call('rooms.join', { room })
    await bob.call('rooms.get', { room })
    await bob.call('rooms.members', { room })
    await bob.call('rooms.setNotify', { room, notify: 'mentions' })
    await bob.call('rooms.setFavorite', { room, favorite: true })
    const first = await bob.call('chat.send', { room, text: 'Hello @owner and @room', clientId: 'the-first-one' })
    await owner.call('chat.send', { room, text: 'Hello `bob`', replyTo: first.seq })
    await owner.call('chat.react', { room, seq: first.seq, emoji: '👍' })
    await bob.call('chat.react', { room, seq: first.seq, emoji: '👍' })
    await bob.call('chat.unreact', { room, seq: first.seq, emoji: '👍' })
    await bob.call('chat.edit', { room, seq: first.seq, text: 'Hello @owner' })
    await owner.call('chat.pin', { room, seq: first.seq })
    await owner.call('chat.pins', { room })
    await owner.call('chat.unpin', { room, seq: first.seq })
    await owner.call('chat.history', { room })
    await owner.call('chat.thread', { room, seq: first.seq })
    await owner.call('chat.at', { room, time: '2020-01-01' })
    await owner.call('chat.at', { room, time: '2900-01-01' })
    await owner.call('chat.markRead', { room, seq: first.seq })
    await owner.call('chat.markUnread', { room, seq: first.seq })
    await bob.call('chat.markRead', { room, seq: first.seq })
    await owner.call('chat.readers', { room })
    await bob.call('chat.typing', { room })
    await bob.call('presence.update', { away: true })
    await untilEvent(presence, ({ typing }: { typing: string[] }) => typing.includes('bob'))
    await untilEvent(presence, ({ reads }: { reads?: unknown[] }) => (reads?.length ?? 0) > 0)
    for (let hits = 0; hits === 0; ) hits = (await owner.call('chat.search', { query: 'hello' })).hits.length
    await bob.call('chat.remove', { room, seq: first.seq })
    await bob.call('rooms.list')
    await owner.call('rooms.update', { room, name: 'Another story', topic: '', slowModeSeconds: 5 })
    await owner.call('rooms.mute', { room, username: 'bob', minutes: 5 })
    await untilEvent(
      list,
      (event: { type: string; room?: { mutedUntil?: string | null } }) => event.type === 'room' && !!event.room?.mutedUntil,
    )
    await owner.call('rooms.unmute', { room, username: 'bob' })
    await owner.call('rooms.setRole', { room, username: 'bob', role: 'moderator' })
    await owner.call('rooms.remove', { room, username: 'dan' })
    const { id: invite, token } = await owner.call('rooms.createInvite', { room })
    await owner.call('rooms.createInvite', { room, hours: null, maxUses: 3 })
    await owner.call('rooms.invites', { room })
    await dan.call('rooms.showInvite', { token })
    await dan.call('rooms.acceptInvite', { token })
    await owner.call('rooms.revokeInvite', { room, invite })
    await owner.call('rooms.ban', { room, username: 'dan', reason: 'for the story' })
    await owner.call('rooms.bans', { room })
    await owner.call('rooms.unban', { room, username: 'dan' })
    await owner.call('rooms.invite', { room, username: 'dan' })
    await owner.call('rooms.direct', { usernames: ['dan'] })
    await dan.call('rooms.leave', { room })
    await owner.call('rooms.archive', { room })
    await owner.call('rooms.archive', { room, archived: false })
    await bob.call('rooms.leave', { room })
    await untilEvent(list, ({ type }: { type: string }) => type === 'gone')
    await untilEvent(events, ({ data }: { data: { kind: string } }) => data.kind === 'restored')
  })

  it('story: a private room, where lines say who came and went', async () => {
    const [owner, bob] = [await connect(await roomline.signIn('owner')), await connect(await roomline.signIn('bob'))]
    const { id: room } = await owner.call('rooms.create', { name: 'A private story', kind: 'private' })
    const events = await owner.follow('chat.onMessage', { room })
    await owner.call('rooms.invite', { room, username: 'bob' })
    await bob.call('rooms.leave', { room })
    const { token } = await owner.call('rooms.createInvite', { room })
    await bob.call('rooms.acceptInvite', { token })
    await untilEvent(events, ({ data }: { data: { kind: string } }) => data.kind === 'joined')
  })

  it('story: bots and hooks', async () => {
    const [owner, bot] = [await connect(await roomline.signIn('owner')), 'helpful-bot']
    const { token } = await owner.call('bots.create', { username: bot, displayName: 'Helpful' })
    const robot = await openRecordingCaller(roomline.urls[0] ?? '', '', recorded, token)
    callers.push(robot)
    await robot.call('session.me')
    await robot.call('session.list')
    await owner.call('bots.list')
    await owner.call('bots.rotate', { username: bot })
    await owner.call('bots.remove', { username: bot })
    const { id: room } = await owner.call('rooms.create', { name: 'Builds', kind: 'private' })
    const { id } = await owner.call('hooks.create', { room, name: 'CI' })
    await owner.call('hooks.createOutgoing', { room, name: 'Log', url: 'https://log.example/roomline' })
    await owner.call('hooks.list', { room })
    await owner.call('hooks.remove', { room, id })
  })

  it('events: there was a message of every kind', () => {
    const messages = recorded.filter(({ path }) => path === 'chat.onMessage').map(({ data }) => (data as { data: Message }).data)
    const { shape } = messageShape
    expect([...new Set(messages.map(({ kind }) => kind))].sort()).toEqual([...shape.kind.options].sort())
  })

  it('story: administration', async () => {
    const admin = await connect(await roomline.signIn('the-admin'))
    for (const username of ['subject', 'erased']) await roomline.signUp(username)
    await admin.call('admin.people', { query: 'subject' })
    await admin.call('admin.disable', { username: 'subject' })
    await admin.call('admin.enable', { username: 'subject' })
    await admin.call('admin.setRole', { username: 'subject', role: 'guest' })
    await admin.call('admin.resetLink', { username: 'subject' })
    await admin.call('admin.removeSecondFactors', { username: 'subject' })
    await admin.call('admin.endSessions', { username: 'subject' })
    await admin.call('admin.deletePerson', { username: 'erased' })
    await admin.call('admin.updateSettings', { name: 'A server' })
    const { id } = await admin.call('admin.createInvite', {})
    await admin.call('admin.invites')
    await admin.call('admin.revokeInvite', { invite: id })
    await admin.call('admin.rooms')
    await admin.call('admin.connections')
    await admin.call('admin.audit')
    const { id: room } = await admin.call('rooms.create', { name: 'To be deleted', kind: 'private' })
    await admin.call('admin.deleteRoom', { room })
  })

  it('schemas: every procedure was answered', () => {
    const answered = new Set(recorded.map(({ path }) => path))
    expect((Object.keys(procedureContracts) as ProcedurePath[]).filter((path) => !answered.has(path))).toEqual([])
  })

  it('schemas: every answer and event fits its schema, and has no other keys', () => {
    const { judge } = createStrictJudges(describeProcedures())
    const faults = recorded.flatMap(({ path, data }) =>
      judge(`/procedures/${path}/output`)
        .faults(data)
        .map((fault) => `${path} ${fault}`),
    )
    expect([...new Set(faults)]).toEqual([])
  })

  it('schemas: an answer with another key, without one, or with another type does not fit', () => {
    const { judge } = createStrictJudges(describeProcedures())
    const { faults } = judge('/procedures/chat.send/output')
    const message = recorded.find(({ path }) => path === 'chat.send')?.data as Record<string, unknown>
    const { version: _, ...without } = message
    expect(faults(message)).toEqual([])
    for (const wrong of [{ ...message, more: 1 }, without, { ...message, seq: '1' }, { ...message, time: 'yesterday' }]) {
      expect(faults(wrong)).not.toEqual([])
    }
  })
})
