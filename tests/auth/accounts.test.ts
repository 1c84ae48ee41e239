import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { password } from '../support/people'
import { postJson, type Roomline, startRoomline } from '../support/roomline'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 0 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

const register = (body: unknown, headers?: Record<string, string>) => roomline.web.register(postJson('/api/register', body, headers))
const login = (body: unknown, headers?: Record<string, string>) => roomline.web.login(postJson('/api/login', body, headers))
const postForm = (path: string, fields: Record<string, string>) =>
  new Request(`http://localhost:3000${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost:3000' },
    body: new URLSearchParams(fields).toString(),
  })

describe('signing up', () => {
  it('creates an account and a session, and adds the person to the first room', async () => {
    const response = await register({ username: 'Ada_L', password, displayName: ' Ada Lovelace ' })
    expect(response.status).toBe(201)
    const { user } = await response.json()
    expect(user).toEqual({ id: expect.any(String), username: 'ada_l', displayName: 'Ada Lovelace', avatar: null })
    const [cookie = ''] = response.headers.getSetCookie()
    expect(cookie).toMatch(/^X-Token=[\w.-]+; Path=\/; Max-Age=6047\d\d; HttpOnly; SameSite=Lax$/)
    const claims = JSON.parse(Buffer.from(cookie.split('.')[1] ?? '', 'base64url').toString())
    expect(claims).toEqual({
      sub: user.id,
      sid: expect.any(String),
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
    })
    const { rows } = await roomline.pool.query('SELECT room_id FROM memberships WHERE user_id = $1', [user.id])
    expect(rows).toEqual([{ room_id: 'general' }])
  })

  it('rejects a name that is taken in any letter case, with 409', async () => {
    await register({ username: 'taken', password })
    const response = await register({ username: 'TAKEN', password })
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({
      error: { code: 'USERNAME_TAKEN', message: expect.any(String), fields: { username: 'is taken' } },
    })
  })

  it.each(['room', 'everyone', 'Admin', 'system'])('refuses %s, which means something else than a person', async (username) => {
    const response = await register({ username, password })
    expect(response.status).toBe(409)
    expect((await response.json()).error.code).toBe('USERNAME_TAKEN')
  })

  it.each([
    ['a short name', { username: 'a', password }, 'username'],
    ['a name with a space', { username: 'ad a', password }, 'username'],
    ['a name in another script', { username: 'ада', password }, 'username'],
    ['a short password', { username: 'fine', password: '7 chars' }, 'password'],
    ['a long password', { username: 'fine', password: 'x'.repeat(129) }, 'password'],
    ['a common password', { username: 'fine', password: 'Password123' }, 'password'],
    ['the name as password', { username: 'finefinefine-ada', password: 'Finefinefine-Ada' }, 'password'],
    ['no password', { username: 'fine' }, 'password'],
    ['an unknown key', { username: 'fine', password, admin: true }, 'admin'],
    ['a number', 7, ''],
  ])('refuses %s with 400 and names the field', async (_, body, field) => {
    const response = await register(body)
    expect(response.status).toBe(400)
    const { error } = await response.json()
    expect(error.code).toBe('BAD_REQUEST')
    expect(Object.keys(error.fields)).toEqual([field])
  })

  it('rejects a body that is not JSON or is too big', async () => {
    const raw = (body: string, type = 'application/json') =>
      roomline.web.register(new Request('http://localhost:3000/api/register', { method: 'POST', headers: { 'content-type': type }, body }))
    expect((await raw('{')).status).toBe(400)
    expect((await raw('{}', 'text/plain')).status).toBe(400)
    expect((await raw(`"${'x'.repeat(20_000)}"`)).status).toBe(413)
  })
})

describe('signing in', () => {
  it('accepts the name in any letter case', async () => {
    await register({ username: 'grace', password })
    const response = await login({ username: 'GRACE', password })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ user: { username: 'grace' } })
  })

  it('reveals no existing names: same body, same time for unknown names', async () => {
    await register({ username: 'exists', password })
    const timed = async (username: string) => {
      const startedAt = performance.now()
      const response = await login({ username, password: 'not the passphrase' })
      return { body: await response.text(), status: response.status, ms: performance.now() - startedAt }
    }
    const known = await timed('exists')
    const unknown = await timed('nobody-here')
    expect(known.status).toBe(401)
    expect(unknown.body).toBe(known.body)
    expect(JSON.parse(known.body).error.code).toBe('INVALID_CREDENTIALS')
    const runs = []
    for (const name of ['exists', 'nobody-here', 'exists', 'nobody-here', 'exists', 'nobody-here']) runs.push(await timed(name))
    const median = (values: number[]) => values.sort((a, b) => a - b)[1] ?? 0
    const ratio =
      median(runs.filter((_, i) => i % 2 === 0).map(({ ms }) => ms)) / median(runs.filter((_, i) => i % 2 === 1).map(({ ms }) => ms))
    process.stdout.write(`wrong password / unknown user: ${ratio.toFixed(2)} of the time\n`)
    // Without a dummy hash for unknown names it would be 10 or more.
    expect(ratio).toBeGreaterThan(0.2)
    expect(ratio).toBeLessThan(5)
  })

  it('is rate limited for each address', async () => {
    await using limited = await startRoomline({ nodes: 0, env: { LOGINS_PER_MINUTE: '3', REGISTRATIONS_PER_HOUR: '1' } })
    const attempt = (ip: string, route: 'login' | 'register', username: string) =>
      limited.web[route](postJson(`/api/${route}`, { username, password }, { 'x-roomline-client-address': ip }))
    expect((await attempt('10.0.0.1', 'register', 'first')).status).toBe(201)
    const second = await attempt('10.0.0.1', 'register', 'second')
    expect(second.status).toBe(429)
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(3_000)
    for (let index = 0; index < 3; index++) expect((await attempt('10.0.0.1', 'login', 'first')).status).toBe(200)
    expect((await attempt('10.0.0.1', 'login', 'first')).status).toBe(429)
    expect((await attempt('10.0.0.2', 'login', 'first')).status).toBe(200)
  })

  it('works as a plain HTML form, and shows a rejection on the page', async () => {
    const signedUp = await roomline.web.register(postForm('/api/register', { username: 'formed', password, displayName: '' }))
    expect(signedUp.status).toBe(303)
    expect(signedUp.headers.get('location')).toBe('/')
    expect(signedUp.headers.getSetCookie()[0]).toMatch(/^X-Token=./)
    const refused = await roomline.web.login(postForm('/api/login', { username: 'formed', password: 'wrong guess' }))
    expect(refused.status).toBe(303)
    expect(refused.headers.get('location')).toBe('/login?error=INVALID_CREDENTIALS&username=formed')
    const taken = await roomline.web.register(postForm('/api/register', { username: 'formed', password }))
    expect(taken.headers.get('location')).toBe('/register?error=USERNAME_TAKEN&username=formed&field=username&why=is+taken')
  })
})

describe('a session', () => {
  const withCookie = (path: string, cookie: string, method = 'POST') =>
    new Request(`http://127.0.0.1:3000${path}`, { method, headers: { cookie, host: '127.0.0.1:3000' } })

  it('can be read and renewed, and ends everywhere at sign-out', async () => {
    const ada = await roomline.signUp()
    const session = await roomline.web.session(withCookie('/api/session', ada.cookie, 'GET'))
    expect(await session.json()).toEqual({
      user: expect.objectContaining({ username: ada.username }),
      expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
      realtimeUrl: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+\/trpc$/),
    })
    const renewed = await roomline.web.refresh(withCookie('/api/refresh', ada.cookie))
    expect(renewed.status).toBe(200)
    const [cookie = ''] = renewed.headers.getSetCookie()
    const newer = cookie.slice(0, cookie.indexOf(';'))
    expect(newer).not.toBe(ada.cookie)
    expect((await roomline.web.logout(withCookie('/api/logout', newer))).status).toBe(204)
    for (const old of [ada.cookie, newer]) {
      expect((await roomline.web.session(withCookie('/api/session', old, 'GET'))).status).toBe(401)
      expect((await roomline.web.refresh(withCookie('/api/refresh', old))).status).toBe(401)
    }
    // Signing out without a session succeeds too.
    expect((await roomline.web.logout(postJson('/api/logout', {}))).status).toBe(204)
  })

  it('ends after thirty days at the latest', async () => {
    const ada = await roomline.signUp()
    await roomline.pool.query(`UPDATE sessions SET created_at = now() - interval '29 days'`)
    const renewed = await roomline.web.refresh(withCookie('/api/refresh', ada.cookie))
    const { expiresAt } = await renewed.json()
    expect(new Date(expiresAt).getTime() - Date.now()).toBeLessThan(24 * 60 * 60_000 + 1_000)
  })

  it('cannot be changed by another site', async () => {
    const ada = await roomline.signUp()
    const foreign = { origin: 'https://evil.example', cookie: ada.cookie }
    for (const route of ['login', 'register', 'logout', 'refresh'] as const) {
      const response = await roomline.web[route](postJson(`/api/${route}`, { username: 'x', password }, foreign))
      expect(response.status).toBe(403)
      expect((await response.json()).error.code).toBe('FOREIGN_ORIGIN')
    }
    expect((await roomline.web.session(withCookie('/api/session', ada.cookie, 'GET'))).status).toBe(200)
  })

  it('uses the __Host- cookie name and Secure on https', async () => {
    await using https = await startRoomline({ nodes: 0, env: { PUBLIC_URL: 'https://localhost' } })
    const response = await https.web.register(postJson('/api/register', { username: 'ada', password }))
    expect(response.headers.getSetCookie()[0]).toMatch(/^__Host-X-Token=.*; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/)
    expect(https.web.realtimeUrl('localhost')).toMatch(/^wss:\/\/localhost:/)
  })
})
