import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { findRefusal, findServerRefusal, type RightName, rights, type Standing } from '../../src/contract/rights'
import { type Person, type Roomline, startRoomline } from '../support/roomline'
import { createStockClient, type StockClient, until } from '../support/stock-client'
import { addBotAndHook, callProcedure, inputs, procedures, type Stage } from './procedures'

type Kind = 'owner' | 'moderator' | 'member' | 'guest' | 'stranger' | 'admin'
const kinds: readonly Kind[] = ['owner', 'moderator', 'member', 'guest', 'stranger', 'admin']
/** In a public room. The guest is a member of it, the admin and the stranger are not. */
const standings: Record<Kind, Standing> = {
  owner: { server: 'member', room: 'owner', sees: true },
  moderator: { server: 'member', room: 'moderator', sees: true },
  member: { server: 'member', room: 'member', sees: true },
  guest: { server: 'guest', room: 'member', sees: true },
  stranger: { server: 'member', room: null, sees: true },
  admin: { server: 'admin', room: null, sees: true },
}

const everybody = 'owner moderator member guest stranger admin'
const inRoom = 'owner moderator member guest'
const moderators = 'owner moderator admin'
const owners = 'owner admin'
const notGuests = 'owner moderator member stranger admin'

/** Who may do what, written a second time, so that a right cannot be given or taken away by accident. */
const allowed: Record<RightName, string> = {
  'session.me': everybody,
  'session.list': everybody,
  'session.revoke': everybody,
  'session.revokeOthers': everybody,
  'security.show': everybody,
  'security.askToConfirm': everybody,
  'security.confirm': everybody,
  'security.startPasskey': everybody,
  'security.addPasskey': everybody,
  'security.renamePasskey': everybody,
  'security.removePasskey': everybody,
  'security.startTwoStep': everybody,
  'security.enableTwoStep': everybody,
  'security.disableTwoStep': everybody,
  'security.renewRecoveryCodes': everybody,
  'users.search': notGuests,
  'users.get': notGuests,
  'users.named': everybody,
  'users.me': everybody,
  'users.update': everybody,
  'users.changePassword': everybody,
  'users.deleteAccount': everybody,
  'rooms.list': everybody,
  'rooms.get': everybody,
  'rooms.onChange': everybody,
  'rooms.browse': notGuests,
  'rooms.create': notGuests,
  'rooms.direct': notGuests,
  'rooms.join': notGuests,
  'rooms.leave': inRoom,
  'rooms.members': inRoom,
  'rooms.setNotify': inRoom,
  'rooms.setFavorite': inRoom,
  'rooms.invite': 'owner moderator member admin',
  'rooms.showInvite': everybody,
  'rooms.acceptInvite': everybody,
  'rooms.createInvite': moderators,
  'rooms.invites': moderators,
  'rooms.revokeInvite': moderators,
  'rooms.update': moderators,
  'rooms.mute': moderators,
  'rooms.unmute': moderators,
  'rooms.remove': moderators,
  'rooms.ban': moderators,
  'rooms.unban': moderators,
  'rooms.bans': moderators,
  'rooms.setRole': owners,
  'rooms.archive': owners,
  'chat.send': inRoom,
  'chat.onMessage': inRoom,
  'chat.history': inRoom,
  'chat.thread': inRoom,
  'chat.at': inRoom,
  'chat.pins': inRoom,
  'chat.readers': inRoom,
  'chat.edit': inRoom,
  'chat.remove': inRoom,
  'chat.react': inRoom,
  'chat.unreact': inRoom,
  'chat.pin': inRoom,
  'chat.unpin': inRoom,
  'chat.markRead': inRoom,
  'chat.markUnread': inRoom,
  'chat.typing': inRoom,
  'chat.search': inRoom,
  'bots.create': notGuests,
  'bots.list': notGuests,
  'bots.rotate': notGuests,
  'bots.remove': notGuests,
  'hooks.create': moderators,
  'hooks.createOutgoing': moderators,
  'hooks.list': moderators,
  'hooks.remove': moderators,
  'presence.onChange': inRoom,
  'presence.update': everybody,
  'admin.people': 'admin',
  'admin.disable': 'admin',
  'admin.enable': 'admin',
  'admin.setRole': 'admin',
  'admin.resetLink': 'admin',
  'admin.removeSecondFactors': 'admin',
  'admin.endSessions': 'admin',
  'admin.deletePerson': 'admin',
  'admin.settings': 'admin',
  'admin.updateSettings': 'admin',
  'admin.createInvite': 'admin',
  'admin.invites': 'admin',
  'admin.revokeInvite': 'admin',
  'admin.audit': 'admin',
  'admin.rooms': 'admin',
  'admin.deleteRoom': 'admin',
  'admin.connections': 'admin',
}
const isAllowed = (right: RightName, kind: Kind) => allowed[right].split(' ').includes(kind)

/** The inputs confirm nothing and name no passkey. */
const securityFailures: Partial<Record<RightName, string>> = {
  'security.confirm': 'WRONG_PASSWORD',
  'security.startPasskey': 'CONFIRMATION_REQUIRED',
  'security.addPasskey': 'INVALID_PASSKEY',
  'security.renamePasskey': 'PASSKEY_NOT_FOUND',
  'security.removePasskey': 'CONFIRMATION_REQUIRED',
  'security.startTwoStep': 'CONFIRMATION_REQUIRED',
  'security.enableTwoStep': 'TWO_STEP_OFF',
  'security.disableTwoStep': 'CONFIRMATION_REQUIRED',
  'security.renewRecoveryCodes': 'CONFIRMATION_REQUIRED',
}

/** Why a call is rejected although the caller has the right to make it. */
function laterFailure(path: RightName, kind: Kind): string | null {
  if (path === 'users.changePassword' || path === 'users.deleteAccount') return 'WRONG_PASSWORD'
  if (securityFailures[path]) return securityFailures[path]
  // It shows only the caller's own rooms. For everybody else there is no such room, public or not.
  if (path === 'rooms.get' && standings[kind].room === null) return 'ROOM_NOT_FOUND'
  return path === 'rooms.leave' && kind === 'owner' ? 'LAST_OWNER' : null
}
const isForAdmins = (path: RightName) => path.startsWith('admin.')
/** About one room only when the input names one; these then check the membership themselves. */
const withOptionalRoom: readonly RightName[] = ['chat.search']

const paths = Object.keys(rights) as RightName[]

let roomline: Roomline
const people = {} as Record<Kind | 'other' | 'banned' | 'outsider', Person & { id: string }>
const clients = {} as Record<Kind, StockClient>
beforeAll(async () => {
  roomline = await startRoomline()
  for (const name of [...kinds, 'other', 'banned', 'outsider'] as const) {
    const person = await roomline.signUp(`the-${name}`)
    const role = name === 'guest' || name === 'admin' ? name : 'member'
    const { rows } = await roomline.pool.query<{ id: string }>(`UPDATE users SET role = $2::server_role WHERE username = $1 RETURNING id`, [
      person.username,
      role,
    ])
    people[name] = { ...person, id: rows[0]?.id ?? '' }
  }
  for (const kind of kinds) clients[kind] = roomline.connect(people[kind])
})
afterAll(() => roomline[Symbol.asyncDispose]())

/** A new room for each call, because many calls change it. */
async function setStage(kind: Kind, roomKind: 'public' | 'private'): Promise<Stage> {
  const room = randomUUID()
  const token = randomUUID()
  const { pool } = roomline
  await pool.query(`INSERT INTO rooms (id, kind, name, last_seq, last_version) VALUES ($1, $2, $1, 2, 2)`, [room, roomKind])
  for (const role of ['owner', 'moderator', 'member', 'guest', 'other'] as const) {
    await pool.query('INSERT INTO memberships (room_id, user_id, role) VALUES ($1, $2, $3::room_role)', [
      ...[room, people[role].id, role === 'owner' || role === 'moderator' ? role : 'member'],
    ])
  }
  await pool.query('INSERT INTO bans (room_id, user_id) VALUES ($1, $2)', [room, people.banned.id])
  const author = kind === 'stranger' || kind === 'admin' ? people.other.id : people[kind].id
  await pool.query(
    `INSERT INTO messages (room_id, seq, version, author_id, text) VALUES ($1, 1, 1, $2, 'hello from me'), ($1, 2, 2, $3, 'hello from another')`,
    [room, author, people.other.id],
  )
  const invite = await pool.query<{ id: string }>(
    'INSERT INTO invites (token_hash, room_id, created_by) VALUES ($1, $2, $3) RETURNING id',
    [...[createHash('sha256').update(token).digest(), room, people.owner.id]],
  )
  const session = await pool.query<{ id: string }>(
    `INSERT INTO sessions (user_id, expires_at) VALUES ($1, now() + interval '1 day') RETURNING id`,
    [people[kind].id],
  )
  const subject = `s${randomUUID().slice(0, 8)}`
  await pool.query('INSERT INTO users (username, display_name) VALUES ($1, $1)', [subject])
  const serverInvite = await pool.query<{ id: string }>(
    `INSERT INTO server_invites (token_hash, role) VALUES (sha256($1::bytea), 'member') RETURNING id`,
    [token],
  )
  return {
    room,
    other: people.other.username,
    banned: people.banned.username,
    outsider: people.outsider.username,
    ownSeq: 1,
    otherSeq: 2,
    inviteId: invite.rows[0]?.id ?? '',
    inviteToken: token,
    sessionId: session.rows[0]?.id ?? '',
    subject,
    serverInviteId: serverInvite.rows[0]?.id ?? '',
    ...(await addBotAndHook(pool, room, people[kind].id)),
  }
}

describe('the table of rights', () => {
  it('rows: there is one for every procedure, and no other', () => {
    expect(Object.keys(procedures).sort()).toEqual([...paths].sort())
    expect(Object.keys(allowed).sort()).toEqual([...paths].sort())
  })

  it('rows: a procedure without one is refused', () => {
    expect(findServerRefusal('rooms.destroyAll', 'admin')).toBe('NOT_ALLOWED')
    expect(findRefusal('rooms.destroyAll', standings.owner)).toBe('NOT_ALLOWED')
    expect(findServerRefusal('toString', 'admin')).toBe('NOT_ALLOWED')
  })

  it('rows: allow each kind of caller what this test says', () => {
    for (const path of paths.filter((name) => !withOptionalRoom.includes(name))) {
      for (const kind of kinds) {
        const refusal = findServerRefusal(path, standings[kind].server) ?? findRefusal(path, standings[kind])
        expect(refusal === null, `${path} for ${kind}`).toBe(isAllowed(path, kind))
      }
    }
  })

  for (const path of paths) {
    it(`${path}: allows each kind of caller what its row says`, async () => {
      for (const kind of kinds) {
        const stage = await setStage(kind, 'public')
        const failure = await callProcedure(clients[kind], path, inputs[path](stage))
        if (isAllowed(path, kind)) expect(failure, kind).toBe(laterFailure(path, kind))
        else expect(failure, kind).toBe(kind === 'guest' || standings[kind].room || isForAdmins(path) ? 'NOT_ALLOWED' : 'NOT_A_MEMBER')
      }
    })
  }
})

describe('a room that the caller may not see', () => {
  // Admins may know of every room but direct ones.
  const aboutRooms = paths.filter((path) => !isForAdmins(path) && Object.hasOwn(inputs[path]({ room: 'x' } as Stage) ?? {}, 'room'))

  let asked = 1_000
  /** The exact frame that answers one call on a plain socket. */
  async function answerTo(socket: WebSocket, path: RightName, input: unknown): Promise<string> {
    const id = ++asked
    const frames: string[] = []
    const onMessage = (data: Buffer) => frames.push(data.toString())
    socket.on('message', onMessage)
    socket.send(JSON.stringify({ id, method: procedures[path]?._def.type, params: { path, input } }))
    await until(() => frames.some((frame) => frame.includes(`"id":${id}`)))
    socket.off('message', onMessage)
    return frames.join('\n').replaceAll(`"id":${id}`, '"id":"the same"')
  }

  it('procedures: most of them take a room', () => {
    expect(aboutRooms.length).toBeGreaterThan(25)
  })

  const strangers = [
    ['a stranger to a private room', 'stranger', 'private'],
    ['a guest who is not in a public room', 'guest', 'public'],
    ['somebody banned from a public room', 'stranger', 'public'],
    ['an admin who is not in a private room', 'admin', 'private'],
  ] as const
  for (const [who, kind, roomKind] of strangers) {
    it(`every procedure: answers ${who} byte for byte as if the room did not exist`, async () => {
      const socket = new WebSocket(roomline.urls[0] ?? '', { headers: { cookie: people[kind].cookie } })
      await new Promise((resolve) => socket.once('open', resolve))
      for (const path of aboutRooms) {
        const stage = await setStage(kind, roomKind)
        const { pool } = roomline
        await pool.query('DELETE FROM memberships WHERE room_id = $1 AND user_id = $2', [stage.room, people[kind].id])
        if (who.includes('banned')) await pool.query('INSERT INTO bans (room_id, user_id) VALUES ($1, $2)', [stage.room, people[kind].id])
        const hidden = await answerTo(socket, path, inputs[path](stage))
        const missing = await answerTo(socket, path, inputs[path]({ ...stage, room: randomUUID() }))
        expect(hidden, path).toBe(missing)
        expect(hidden, path).toMatch(/"failure":"(ROOM_NOT_FOUND|NOT_ALLOWED)"/)
        if (kind !== 'guest') expect(hidden, path).toContain('"failure":"ROOM_NOT_FOUND"')
      }
      socket.terminate()
    })
  }

  it('lists, search and browsing: do not show it', async () => {
    const stage = await setStage('stranger', 'private')
    const { trpc } = createStockClient({ url: roomline.urls[0] ?? '', cookie: people.stranger.cookie })
    expect((await trpc.rooms.list.query()).map(({ id }) => id)).not.toContain(stage.room)
    expect((await trpc.rooms.browse.query({ query: stage.room })).rooms).toEqual([])
    const { hits } = await trpc.chat.search.query({ query: 'hello' })
    expect(hits.filter(({ message }) => message.room === stage.room)).toEqual([])
  })
})
