import { describe, expect, it } from 'vitest'
import { findSetupLink } from '../../src/server/admin/setup-link'
import { connectPerson, makeRoom } from '../support/connected-people'
import { password } from '../support/people'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { failureOf } from '../support/stock-client'

const elsewhere = { PUBLIC_URL: 'https://chat.example.com' }

let count = 0
/** @returns the failure that somebody new gets, null when they get an account */
async function register({ web }: Roomline, extra: object = {}, username = `new-${++count}`): Promise<string | null> {
  const response = await web.register(postJson('/api/register', { username, password, ...extra }))
  return response.status === 201 ? null : (await response.json()).error.code
}
const roleOf = async ({ pool }: Roomline, username: string) =>
  (await pool.query('SELECT role FROM users WHERE username = $1', [username])).rows[0]?.role
const setupTokenOf = async ({ pool, config }: Roomline) => {
  const link = await findSetupLink(pool, config)
  return link && new URL(link).searchParams.get('setup')
}

describe('the first account', () => {
  it('on this machine: needs nothing, and is the admin; of two at once one is', async () => {
    await using roomline = await startRoomline()
    expect(await Promise.all([register(roomline, {}, 'ada'), register(roomline, {}, 'bob')])).toEqual([null, null])
    expect([await roleOf(roomline, 'ada'), await roleOf(roomline, 'bob')].sort()).toEqual(['admin', 'member'])
  })

  it('elsewhere: needs the setup link, which works for one account only', async () => {
    await using roomline = await startRoomline({ env: elsewhere })
    const setup = await setupTokenOf(roomline)
    expect(await register(roomline)).toBe('SETUP_NEEDED')
    expect(await register(roomline, { setup: 'x'.repeat(32) })).toBe('SETUP_NEEDED')
    expect(await register(roomline, { invite: 'x'.repeat(32) })).toBe('SETUP_NEEDED')
    const both = await Promise.all([register(roomline, { setup }, 'ada'), register(roomline, { setup }, 'bob')])
    expect(both.sort()).toEqual(['INVITE_NOT_FOUND', null])
    expect((await roomline.pool.query('SELECT role FROM users')).rows).toEqual([{ role: 'admin' }])
    expect(await register(roomline, { setup })).toBe('INVITE_NOT_FOUND')
    expect(await register(roomline)).toBe('INVITATION_NEEDED')
    expect(await setupTokenOf(roomline)).toBeNull()
  })
})

describe('registration', () => {
  it('modes: an admin changes them while the server runs, and each refuses what it has to', async () => {
    await using roomline = await startRoomline()
    const admin = await connectPerson(roomline)
    const { token: invite } = await admin.trpc.admin.createInvite.mutate({ maxUses: null })
    expect(await admin.trpc.admin.settings.query()).toMatchObject({ registration: 'open', registrationIsFixed: false })
    expect(await register(roomline)).toBeNull()
    await admin.trpc.admin.updateSettings.mutate({ registration: 'invite' })
    expect(await register(roomline)).toBe('INVITATION_NEEDED')
    expect(await register(roomline, { invite })).toBeNull()
    await admin.trpc.admin.updateSettings.mutate({ registration: 'closed' })
    expect(await register(roomline)).toBe('REGISTRATION_CLOSED')
    expect(await register(roomline, { invite })).toBe('REGISTRATION_CLOSED')
    // Nobody learns which usernames there are.
    expect(await register(roomline, {}, admin.username)).toBe('REGISTRATION_CLOSED')
  })

  it('the variable REGISTRATION: wins over what admins have set, and they cannot change it', async () => {
    await using roomline = await startRoomline({ env: { REGISTRATION: 'closed' } })
    const admin = await connectPerson(roomline)
    expect(await register(roomline)).toBe('REGISTRATION_CLOSED')
    expect(await failureOf(admin.trpc.admin.updateSettings.mutate({ registration: 'open' }))).toBe('BAD_REQUEST')
    await roomline.pool.query(`UPDATE server_settings SET registration = 'open'`)
    expect(await admin.trpc.admin.settings.query()).toMatchObject({ registration: 'closed', registrationIsFixed: true })
    expect(await register(roomline)).toBe('REGISTRATION_CLOSED')
  })

  it('a form: keeps the invitation when it has to be filled in again', async () => {
    await using roomline = await startRoomline()
    await roomline.signUp('ada')
    const body = new URLSearchParams({ username: 'ada', password, invite: 'a-token', setup: '' })
    const response = await roomline.web.register(new Request('http://localhost:3000/api/register', { method: 'POST', body }))
    expect(response.headers.get('location')).toMatch(/^\/register\?error=INVITE_NOT_FOUND&username=ada&invite=a-token$/)
  })
})

describe('invitations', () => {
  it('to the server: are counted when many use one at once, and make guests', async () => {
    await using roomline = await startRoomline({ env: { REGISTRATION: 'invite' } })
    const admin = await connectPerson(roomline)
    const invite = await admin.trpc.admin.createInvite.mutate({ maxUses: 3, role: 'guest' })
    expect(invite).toMatchObject({ by: admin.username, uses: 0, maxUses: 3, role: 'guest', url: expect.stringContaining(invite.token) })
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) => register(roomline, { invite: invite.token }, `guest-${index}`)),
    )
    expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(3)
    expect(new Set(outcomes)).toEqual(new Set([null, 'INVITE_NOT_FOUND']))
    const { rows } = await roomline.pool.query(`SELECT role, count(*)::int FROM users WHERE username LIKE 'guest-%' GROUP BY role`)
    expect(rows).toEqual([{ role: 'guest', count: 3 }])
    expect((await admin.trpc.admin.invites.query()).invites).toEqual([])
  })

  it('that are unknown, expired, revoked or used up: get the same answer', async () => {
    await using roomline = await startRoomline()
    const admin = await connectPerson(roomline)
    const room = await makeRoom('private', admin)
    const make = (maxUses: number | null = null) => admin.trpc.admin.createInvite.mutate({ maxUses })
    const [expired, revoked, used] = [await make(), await make(), await make(1)]
    const ofRoom = await admin.trpc.rooms.createInvite.mutate({ room })
    await admin.trpc.rooms.revokeInvite.mutate({ room, invite: ofRoom.id })
    const ofGeneral = await admin.trpc.rooms.createInvite.mutate({ room: 'general' })
    await admin.trpc.rooms.revokeInvite.mutate({ room: 'general', invite: ofGeneral.id })
    await roomline.pool.query(`UPDATE server_invites SET expires_at = now() - interval '1 second' WHERE id = $1`, [expired.id])
    await admin.trpc.admin.revokeInvite.mutate({ invite: revoked.id })
    expect(await failureOf(admin.trpc.admin.revokeInvite.mutate({ invite: revoked.id }))).toBe('INVITE_NOT_FOUND')
    expect(await register(roomline, { invite: used.token })).toBeNull()
    const bodies = new Set<string>()
    for (const invite of ['unknown-to-all', expired.token, revoked.token, used.token, ofRoom.token, ofGeneral.token]) {
      const response = await roomline.web.register(postJson('/api/register', { username: `late-${++count}`, password, invite }))
      bodies.add(`${response.status} ${await response.text()}`)
    }
    expect([...bodies]).toEqual([expect.stringMatching(/^404 .*INVITE_NOT_FOUND/)])
    const { rows } = await roomline.pool.query(`SELECT FROM users WHERE username LIKE 'late-%'`)
    expect(rows).toEqual([])
  })

  it('to a room: make an account where an invitation is needed, and a member of the room', async () => {
    await using roomline = await startRoomline({ env: { REGISTRATION: 'invite' } })
    const admin = await connectPerson(roomline)
    const room = await makeRoom('private', admin)
    const { token: invite } = await admin.trpc.rooms.createInvite.mutate({ room, maxUses: 1 })
    expect(await register(roomline, { invite }, 'ada')).toBeNull()
    expect(await register(roomline, { invite }, 'bob')).toBe('INVITE_NOT_FOUND')
    const { members } = await admin.trpc.rooms.members.query({ room })
    expect(members.map(({ user }) => user.username)).toContain('ada')
    expect((await admin.trpc.chat.history.query({ room })).messages.at(-1)).toMatchObject({ kind: 'joined' })
    expect(await roleOf(roomline, 'ada')).toBe('member')
  })

  it('of a guest to a room: make guests', async () => {
    await using roomline = await startRoomline({ env: { REGISTRATION: 'invite' } })
    const admin = await connectPerson(roomline)
    const room = await makeRoom('private', admin)
    const { token: invite } = await admin.trpc.rooms.createInvite.mutate({ room })
    await roomline.pool.query(`INSERT INTO users (username, display_name, role) VALUES ('a-guest', 'A guest', 'guest')`)
    await roomline.pool.query(`UPDATE invites SET created_by = (SELECT id FROM users WHERE username = 'a-guest')`)
    expect(await register(roomline, { invite }, 'ada')).toBeNull()
    expect(await roleOf(roomline, 'ada')).toBe('guest')
  })
})
