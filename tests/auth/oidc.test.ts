import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findSetupLink } from '../../src/server/admin/setup-link'
import { findOrCreateOutsidePerson } from '../../src/server/auth/outside-people'
import { ticketCookie } from '../../src/server/auth/session-cookie'
import { createSessionStore } from '../../src/server/auth/session-store'
import { type Issuer, startIssuer } from '../support/issuer'
import { password } from '../support/people'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { failureOf } from '../support/stock-client'

let issuer: Issuer
let roomline: Roomline
beforeAll(async () => {
  issuer = await startIssuer()
  roomline = await startRoomline({ nodes: 1, env: { ...issuer.client, REGISTRATION: 'closed' } })
  issuer.allow(`${roomline.config.publicUrl}/api/oidc/callback`)
})
afterAll(async () => {
  await roomline[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

/** A browser without pages: it keeps cookies by origin and follows redirects, but says where it comes back to Roomline. */
function createBrowser() {
  const jar = new Map<string, Map<string, string>>()
  const cookiesOf = (origin: string) => {
    const cookies = jar.get(origin) ?? new Map<string, string>()
    jar.set(origin, cookies)
    return cookies
  }
  const keep = (origin: string, response: Response) => {
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) cookiesOf(origin).delete(name)
      else cookiesOf(origin).set(name, value)
    }
  }
  const header = (origin: string) => [...cookiesOf(origin)].map(([name, value]) => `${name}=${value}`).join('; ')
  const atRoomline = async (act: 'start' | 'callback', url: string) => {
    const response = await roomline.web.oidc[act](new Request(url, { headers: { cookie: header(roomline.config.publicUrl) } }))
    keep(roomline.config.publicUrl, response)
    return response
  }
  const atIssuer = async (url: string, form?: Record<string, string>): Promise<Response> => {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: header(issuer.url), ...(form && { 'content-type': 'application/x-www-form-urlencoded' }) },
      ...(form && { method: 'POST', body: new URLSearchParams(form).toString() }),
    })
    keep(issuer.url, response)
    return response
  }
  return {
    cookies: cookiesOf,
    start: (next = '/') => atRoomline('start', `${roomline.config.publicUrl}/api/oidc/start?next=${encodeURIComponent(next)}`),
    finish: (url: string) => atRoomline('callback', url),
    /** Signs in at the issuer and allows what it asks. @returns where it sends the browser in the end */
    signInAtIssuer: async (authorizationUrl: string, login: string): Promise<string> => {
      let response = await atIssuer(authorizationUrl)
      for (let step = 0; step < 12; step++) {
        const location = response.headers.get('location')
        if (location?.startsWith(roomline.config.publicUrl)) return location
        if (location) {
          response = await atIssuer(new URL(location, issuer.url).href)
          continue
        }
        const page = await response.text()
        const action = /action="([^"]+)"/.exec(page)?.[1] ?? ''
        const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1] ?? ''
        response = await atIssuer(new URL(action, issuer.url).href, { prompt, ...(prompt === 'login' && { login, password: 'any' }) })
      }
      throw new Error(`the issuer did not send the browser back: ${response.status}`)
    },
  }
}

async function signIn(login: string, browser = createBrowser(), next = '/') {
  const started = await browser.start(next)
  const back = await browser.signInAtIssuer(started.headers.get('location') ?? '', login)
  const finished = await browser.finish(back)
  return { browser, back, finished }
}

const sessionOf = async (browser: ReturnType<typeof createBrowser>) => {
  const cookie = `X-Token=${browser.cookies(roomline.config.publicUrl).get('X-Token')}`
  const response = await roomline.web.session(new Request('http://localhost:3000/api/session', { headers: { cookie } }))
  return response.status === 200 ? ((await response.json()) as { user: { id: string; username: string; displayName: string } }).user : null
}

describe('signing in with an OpenID Connect issuer', () => {
  it('makes an account at first, even with registration closed, and finds it again, whatever its names are by then', async () => {
    const login = `grace-${randomUUID().slice(0, 8)}`
    issuer.people.set(login, { preferred_username: login, name: `Grace ${login}`, picture: 'https://id.example/grace.png' })
    const first = await signIn(login, createBrowser(), '/rooms/general?seq=3')
    expect(first.finished.status).toBe(303)
    expect(first.finished.headers.get('location')).toBe('/rooms/general?seq=3')
    const user = await sessionOf(first.browser)
    expect(user).toMatchObject({ username: login, displayName: `Grace ${login}`, avatar: 'https://id.example/grace.png' })
    expect(first.browser.cookies(roomline.config.publicUrl).has('X-Issuer')).toBe(false)

    issuer.people.set(login, { preferred_username: 'somebody-else', name: 'Renamed there' })
    expect((await sessionOf((await signIn(login)).browser))?.id).toBe(user?.id)
    const { rows } = await roomline.pool.query(
      `SELECT detail->>'method' AS method FROM audit_log WHERE action = 'signIn.succeeded' AND actor_id = $1`,
      [user?.id],
    )
    expect(rows).toEqual([{ method: 'oidc' }, { method: 'oidc' }])
  })

  it('never makes an admin of the first to come, and leaves the setup link to whoever runs the server', async () => {
    await using fresh = await startRoomline({ nodes: 0, env: { ...issuer.client, PUBLIC_URL: 'https://chat.example.com' } })
    const parts = { store: createSessionStore(fresh.pool), announceJoin: () => {} }
    const person = { issuer: issuer.url, subject: 'first', preferredUsername: 'first', name: 'First', picture: undefined }
    await findOrCreateOutsidePerson(parts, person, '192.0.2.8')
    expect((await fresh.pool.query('SELECT role FROM users')).rows).toEqual([{ role: 'member' }])
    const link = await findSetupLink(fresh.pool, fresh.config)
    expect(link).not.toBeNull()
    const register = (body: object) => fresh.web.register(postJson('/api/register', { username: 'operator', password, ...body }))
    expect((await register({})).status).toBe(403)
    expect((await register({ setup: new URL(link ?? '').searchParams.get('setup') })).status).toBe(201)
    expect((await fresh.pool.query(`SELECT role FROM users WHERE username = 'operator'`)).rows).toEqual([{ role: 'admin' }])
    expect(await findSetupLink(fresh.pool, fresh.config)).toBeNull()
    const { rows } = await fresh.pool.query(`SELECT ip, detail FROM audit_log WHERE action = 'account.registered' ORDER BY id LIMIT 1`)
    expect(rows).toEqual([{ ip: '192.0.2.8', detail: { by: 'outside issuer', issuer: issuer.url } }])
  })

  it('keeps its place in a cookie of its own: entering a password and a code meanwhile does not lose it', async () => {
    const browser = createBrowser()
    await browser.start()
    const [name = ''] = [...browser.cookies(roomline.config.publicUrl).keys()]
    expect(ticketCookie('a ticket', roomline.config.publicUrl).startsWith(`${name}=`)).toBe(false)
  })

  it('asks the issuer for a code with PKCE, state and nonce, and shows the browser no secret', async () => {
    const browser = createBrowser()
    const started = await browser.start()
    const { searchParams, origin } = new URL(started.headers.get('location') ?? '')
    expect(origin).toBe(issuer.url)
    expect(Object.fromEntries(searchParams)).toEqual({
      client_id: 'roomline',
      response_type: 'code',
      redirect_uri: `${roomline.config.publicUrl}/api/oidc/callback`,
      scope: 'openid profile',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    })
    const [cookie = ''] = started.headers.getSetCookie()
    expect(cookie).toMatch(/^X-Issuer=[\w.-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/)
    expect(cookie).not.toContain(searchParams.get('state'))
    expect(cookie).not.toContain(Buffer.from(searchParams.get('nonce') ?? '').toString('base64url'))
  })

  it('signs nobody in with an answer that this browser did not ask for, or that was used or changed', async () => {
    const login = randomUUID()
    const isRefused = async (finishing: Promise<Response>, browser: ReturnType<typeof createBrowser>) => {
      const finished = await finishing
      expect(finished.headers.get('location')).toMatch(/^\/login\?error=OUTSIDE_SIGN_IN_FAILED$/)
      expect(await sessionOf(browser)).toBeNull()
    }
    const attacker = createBrowser()
    const stolen = await attacker.signInAtIssuer((await attacker.start()).headers.get('location') ?? '', login)
    const victim = createBrowser()
    await isRefused(victim.finish(stolen), victim)
    await victim.start()
    await isRefused(victim.finish(stolen), victim)

    const browser = createBrowser()
    const back = new URL(await browser.signInAtIssuer((await browser.start()).headers.get('location') ?? '', login))
    const changed = (name: string, value: string) => {
      const url = new URL(back)
      url.searchParams.set(name, value)
      return url.href
    }
    const cookies = new Map(browser.cookies(roomline.config.publicUrl))
    for (const [name, value] of [
      ['state', 'another'],
      ['code', 'another'],
      ['iss', 'https://evil.example'],
      ['error', 'access_denied'],
    ] as const) {
      const other = createBrowser()
      for (const [key, kept] of cookies) other.cookies(roomline.config.publicUrl).set(key, kept)
      await isRefused(other.finish(changed(name, value)), other)
    }
    const forged = createBrowser()
    forged.cookies(roomline.config.publicUrl).set('X-Issuer', `${cookies.get('X-Issuer')?.slice(0, -4)}AAAA`)
    await isRefused(forged.finish(back.href), forged)
  })

  it.each(['//evil.example', 'https://evil.example', '/..//evil.example', '/\\evil.example', 'javascript:alert(1)', ''])(
    'never leads to another site afterwards: %s',
    async (next) => {
      const { finished } = await signIn(randomUUID(), createBrowser(), next)
      const location = finished.headers.get('location') ?? ''
      expect(new URL(location, 'http://here').origin).toBe('http://here')
    },
  )

  it('never opens an account of this server that has the same name', async () => {
    await roomline.pool.query(`INSERT INTO users (username, display_name) VALUES ('root-person', 'Root Person')`)
    issuer.people.set('root', { preferred_username: 'root-person', name: 'Root Person', email: 'root-person@example.org' })
    expect((await sessionOf((await signIn('root')).browser))?.username).toBe('root-person-2')
  })

  it('refuses somebody who is disabled, and signing out ends only the session here', async () => {
    const login = randomUUID()
    const { browser } = await signIn(login)
    const user = await sessionOf(browser)
    const cookie = `X-Token=${browser.cookies(roomline.config.publicUrl).get('X-Token')}`
    expect((await roomline.web.logout(postJson('/api/logout', {}, { cookie }))).status).toBe(204)
    expect(await sessionOf(browser)).toBeNull()
    await roomline.pool.query('UPDATE users SET disabled_at = now() WHERE id = $1', [user?.id])
    const { finished } = await signIn(login)
    expect(finished.headers.get('location')).toBe('/login?error=OUTSIDE_SIGN_IN_FAILED')
    expect(finished.headers.getSetCookie().join()).not.toContain('X-Token=ey')
  })

  it('says what to do when an act needs a password that the account does not have', async () => {
    const { browser } = await signIn(randomUUID())
    const cookie = `X-Token=${browser.cookies(roomline.config.publicUrl).get('X-Token')}`
    const { trpc } = roomline.connect(null, { cookie })
    expect(await failureOf(trpc.users.deleteAccount.mutate({ password: '' }))).toBe('NO_PASSWORD')
    expect(await failureOf(trpc.users.changePassword.mutate({ current: '', password: 'a-new-and-unusual-one' }))).toBe('NO_PASSWORD')
  })

  it('says so when the issuer is away, and when none is configured there is no such page', async () => {
    await using away = await startRoomline({ nodes: 0, env: { ...issuer.client, OIDC_ISSUER: 'http://127.0.0.1:9' } })
    const started = await away.web.oidc.start(new Request('http://localhost:3000/api/oidc/start'))
    expect(started.headers.get('location')).toBe('/login?error=ISSUER_AWAY')
    await using without = await startRoomline({ nodes: 0 })
    expect((await without.web.oidc.start(new Request('http://localhost:3000/api/oidc/start'))).status).toBe(404)
    expect(without.web.issuerName).toBeNull()
  })
})
