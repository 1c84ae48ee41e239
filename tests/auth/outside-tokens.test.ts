import { createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { proposeNames } from '../../src/server/auth/outside-people'
import { acceptOutsideTokens } from '../../src/server/auth/outside-tokens'
import { createSessionStore } from '../../src/server/auth/session-store'
import { createSessionTokens } from '../../src/server/auth/session-token'
import { createLog } from '../../src/server/platform/log'
import { createDoors } from '../abuse/doors'
import { report } from '../support/report'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

const issuer = 'https://id.example'
const audience = 'roomline-of-the-tests'

async function makeKey(alg: 'RS256' | 'ES256' | 'EdDSA', kid: string | undefined) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk: JWK = { ...(await exportJWK(publicKey)), alg, use: 'sig', ...(kid && { kid }) }
  return { alg, kid, publicKey, privateKey, jwk }
}
type Key = Awaited<ReturnType<typeof makeKey>>

/** The keys of an issuer, on a server that can be away, slow or wrong. */
async function startKeyServer() {
  const state = { keys: [] as JWK[], answer: 'keys' as 'keys' | 'error' | 'never' | 'junk', asked: 0 }
  const server = createServer((_, response) => {
    state.asked++
    if (state.answer === 'never') return
    response.writeHead(state.answer === 'error' ? 500 : 200, { 'content-type': 'application/json' })
    response.end(state.answer === 'junk' ? '{"keys":' : JSON.stringify({ keys: state.keys }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const now = () => Math.floor(Date.now() / 1000)
const claimsOf = (sub: string, more: JWTPayload = {}) => ({ iss: issuer, aud: audience, sub, exp: now() + 600, iat: now(), ...more })
const signed = ({ alg, kid, privateKey }: Key, payload: JWTPayload, header = {}) =>
  new SignJWT(payload).setProtectedHeader({ alg, ...(kid && { kid }), ...header }).sign(privateKey)

let keyServer: Awaited<ReturnType<typeof startKeyServer>>
let roomline: Roomline
let rsa: Key
let ec: Key
let ed: Key
beforeAll(async () => {
  keyServer = await startKeyServer()
  ;[rsa, ec, ed] = await Promise.all([makeKey('RS256', 'rsa'), makeKey('ES256', 'ec'), makeKey('EdDSA', 'ed')])
  keyServer.state.keys = [rsa.jwk, ec.jwk, ed.jwk]
  roomline = await startRoomline({ env: { AUTH_JWKS_URL: keyServer.url, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } })
})
afterAll(async () => {
  await roomline[Symbol.asyncDispose]()
  keyServer.close()
})

const session = (headers: Record<string, string>) => roomline.web.session(new Request('http://localhost:3000/api/session', { headers }))
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const overHttp = (token: string) => fetch(`${roomline.urls[0]?.replace('ws', 'http')}/session.me`, { headers: bearer(token) })

describe('an outside token', () => {
  it('is accepted wherever a session is: web routes, HTTP, and sockets by cookie, header and first frame', async () => {
    const username = `ada-${randomUUID().slice(0, 6)}`
    const picture = 'https://id.example/ada.png'
    const token = await signed(
      rsa,
      claimsOf('subject of Ada', { preferred_username: username.toUpperCase(), name: `Ada ${username}`, picture }),
    )
    const first = await session(bearer(token))
    expect(first.status).toBe(200)
    const { user } = (await first.json()) as { user: { id: string } }
    expect(user).toMatchObject({ username, displayName: `Ada ${username}`, avatar: picture })
    expect((await session({ cookie: `X-Token=${token}` })).status).toBe(200)
    expect((await overHttp(token)).status).toBe(200)
    for (const options of [{ cookie: `X-Token=${token}` }, { headers: bearer(token) }, { connectionParams: { token } }]) {
      const { trpc } = roomline.connect(null, options)
      const me = await trpc.session.me.query()
      expect(me.user.id).toBe(user.id)
      await trpc.chat.send.mutate({ room: 'general', text: 'hello from outside' })
    }
    for (const key of [ec, ed]) {
      const other = await session(bearer(await signed(key, claimsOf('subject of Ada'), { typ: 'at+jwt' })))
      expect(((await other.json()) as { user: { id: string } }).user.id).toBe(user.id)
    }
    const { rows } = await roomline.pool.query('SELECT role, password_hash FROM users WHERE id = $1', [user.id])
    expect(rows).toEqual([{ role: 'member', password_hash: null }])
    // It cannot be made to live longer here.
    const renewed = await roomline.web.refresh(postJson('/api/refresh', {}, bearer(token)))
    expect(renewed.headers.getSetCookie()[0]).toContain(`X-Token=${token};`)
  })

  it('in every forged form is refused: by web routes, HTTP and sockets', async () => {
    const sub = randomUUID()
    const good = claimsOf(sub)
    const { exp: _, ...endless } = good
    const { sub: __, ...nameless } = good
    const stranger = await makeKey('RS256', 'rsa')
    const token = await signed(rsa, good)
    const [header = '', payload = '', signature = ''] = token.split('.')
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const hmac = (secret: string | Buffer, head = encode({ alg: 'HS256', kid: 'rsa' })) =>
      `${head}.${payload}.${createHmac('sha256', secret).update(`${head}.${payload}`).digest('base64url')}`
    const forged = {
      'another issuer': await signed(rsa, { ...good, iss: 'https://evil.example' }),
      'an issuer with a slash': await signed(rsa, { ...good, iss: `${issuer}/` }),
      'a list of issuers': await signed(rsa, { ...good, iss: [issuer] as unknown as string }),
      'another audience': await signed(rsa, { ...good, aud: 'another-client' }),
      'no audience': await signed(rsa, { ...good, aud: undefined } as JWTPayload),
      expired: await signed(rsa, { ...good, exp: now() - 7 }),
      'no end': await signed(rsa, endless),
      'an end that is text': await signed(rsa, { ...good, exp: '9999999999' as unknown as number }),
      'not begun': await signed(rsa, { ...good, nbf: now() + 60 }),
      'no subject': await signed(rsa, nameless),
      'an empty subject': await signed(rsa, { ...good, sub: '' }),
      'a subject with NUL': await signed(rsa, { ...good, sub: 'a\0b' }),
      "a stranger's key": await signed(stranger, good),
      'an unknown key id': await signed({ ...rsa, kid: 'nobody' }, good),
      'a key id of another kind': await signed({ ...rsa, kid: 'ec' }, good),
      'its own key in the header': await signed(stranger, good, { jwk: stranger.jwk }),
      'a key from elsewhere': await signed(stranger, good, { jku: keyServer.url, x5u: keyServer.url }),
      'no algorithm': new UnsecuredJWT(good).encode(),
      'no algorithm, with a signature': `${encode({ alg: 'none' })}.${payload}.${signature}`,
      'an HMAC with the public key': hmac(await exportSPKI(rsa.publicKey)),
      "an HMAC with the public key's modulus": hmac(Buffer.from(rsa.jwk.n ?? '', 'base64url')),
      'an HMAC with nothing': hmac(''),
      'an algorithm that is not pinned': await new SignJWT(good)
        .setProtectedHeader({ alg: 'PS256', kid: 'rsa' })
        .sign((await generateKeyPair('PS256')).privateKey),
      'the header changed': `${encode({ alg: 'ES256', kid: 'ec' })}.${payload}.${signature}`,
      'the subject changed': `${header}.${encode({ ...good, sub: 'admin' })}.${signature}`,
      'no signature': `${header}.${payload}.`,
      'a logout token': await signed(rsa, good, { typ: 'logout+jwt' }),
      'a critical header': await signed(rsa, good, { crit: ['exp'] }).catch(
        () => `${encode({ alg: 'RS256', kid: 'rsa', crit: ['x'], x: 1 })}.${payload}.${signature}`,
      ),
      "bound to its client's key": await signed(rsa, { ...good, cnf: { jkt: 'thumbprint' } }),
    }
    const doors = Object.entries(createDoors(roomline))
    const tries = Object.entries(forged).flatMap(([form, each]) => doors.map(([door, enter]) => ({ form, door, answering: enter(each) })))
    const open: string[] = []
    for (const { form, door, answering } of tries) if ((await answering) !== 'UNAUTHORIZED') open.push(`${form} at ${door}`)
    report('forged outside tokens', { forms: Object.keys(forged).length, doors: doors.length, 'got in': open.length })
    expect(open).toEqual([])
    expect((await roomline.pool.query('SELECT FROM users WHERE external_subject = ANY($1)', [[sub, 'admin', '']])).rowCount).toBe(0)
    // The head of a request is not that long.
    const long = await signed(rsa, { ...good, filler: 'x'.repeat(20_000) })
    expect((await session(bearer(long))).status).toBe(401)
    expect((await overHttp(long)).status).toBe(431)
    expect(await Promise.all(doors.map(async ([, enter]) => (await enter(token)).startsWith('in')))).toEqual(doors.map(() => true))
    // Clocks may differ a little.
    expect((await session(bearer(await signed(rsa, { ...good, exp: now() - 2, nbf: now() + 3 })))).status).toBe(200)
  })

  it('stays out once it was signed out, in each way of writing its signature, and its sockets close', async () => {
    const token = await signed(ec, claimsOf(randomUUID()))
    const client = roomline.connect(null, { connectionParams: { token } })
    await client.trpc.session.me.query()
    expect((await roomline.web.logout(postJson('/api/logout', {}, { cookie: `X-Token=${token}` }))).status).toBe(204)
    await until(() => client.closed[0] === 4401)
    // With an ECDSA signature (r, s), (r, n - s) is one too.
    const signature = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url')
    const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const s = (n - BigInt(`0x${signature.subarray(32).toString('hex')}`)).toString(16).padStart(64, '0')
    const twin = `${token.slice(0, token.lastIndexOf('.'))}.${Buffer.concat([signature.subarray(0, 32), Buffer.from(s, 'hex')]).toString('base64url')}`
    expect(twin).not.toBe(token)
    for (const each of [token, twin]) expect((await session(bearer(each))).status).toBe(401)
  })

  it('ends with its account: disabled at once, and deleted without a new account for the same token', async () => {
    const sub = randomUUID()
    const token = await signed(rsa, claimsOf(sub))
    const client = roomline.connect(null, { headers: bearer(token) })
    const { user } = await client.trpc.session.me.query()
    await roomline.pool.query('UPDATE users SET disabled_at = now() WHERE id = $1', [user.id])
    await until(() => client.closed[0] === 4401)
    expect((await session(bearer(token))).status).toBe(401)
    expect((await session(bearer(await signed(rsa, claimsOf(sub, { exp: now() + 900 }))))).status).toBe(401)
    await roomline.pool.query('UPDATE users SET disabled_at = NULL WHERE id = $1', [user.id])
    expect((await session(bearer(await signed(rsa, claimsOf(sub, { exp: now() + 800 }))))).status).toBe(200)
    expect((await session(bearer(await signed(rsa, claimsOf(sub, { exp: now() + 900 }))))).status).toBe(200)
  })

  it('never opens an account that is here already, whatever names it brings', async () => {
    const ada = await roomline.signUp()
    const tokens = [ada.username, `${ada.username}@example.org`, ` ${ada.username.toUpperCase()} `].map((preferred_username) =>
      signed(rsa, claimsOf(randomUUID(), { preferred_username, name: ada.username, email: `${ada.username}@example.org` })),
    )
    const people = await Promise.all(
      tokens.map(
        async (token) => (await (await session(bearer(await token))).json()) as { user: { username: string; displayName: string } },
      ),
    )
    const names = people.map(({ user }) => user.username)
    expect(new Set([ada.username, ...names]).size).toBe(4)
    for (const name of names) expect(name).toMatch(new RegExp(`^${ada.username}-`))
    expect(new Set(people.map(({ user }) => user.displayName)).size).toBe(3)
    // Reserved and impossible names.
    for (const preferred_username of ['admin', 'everyone', '.', '管理者', 'a\u202Eb', 'x'.repeat(400), 'deleted-1234']) {
      const answer = await session(bearer(await signed(rsa, claimsOf(randomUUID(), { preferred_username, name: 'Deleted user' }))))
      expect(answer.status, preferred_username).toBe(200)
    }
  })

  it('that is used many times at once at first sight makes one account', async () => {
    const sub = randomUUID()
    const token = await signed(rsa, claimsOf(sub, { preferred_username: 'racer' }))
    const answers = await Promise.all(Array.from({ length: 12 }, () => session(bearer(token))))
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200))
    expect((await roomline.pool.query('SELECT FROM users WHERE external_subject = $1', [sub])).rowCount).toBe(1)
  })
})

describe("an issuer's keys", () => {
  const parts = () => ({ store: createSessionStore(roomline.pool), announceJoin: () => {}, log: createLog({ logLevel: 'silent' }, 'test') })
  const own = createSessionTokens(['a secret of the tests that is long enough'])

  it('are looked up again for a new key, one request at a time and with pauses, and a key without an id is found', async () => {
    const server = await startKeyServer()
    try {
      const [old, unnamed] = await Promise.all([makeKey('RS256', 'old'), makeKey('RS256', undefined)])
      server.state.keys = [old.jwk]
      const tokens = acceptOutsideTokens(own, { jwksUrl: server.url, issuer, audience }, parts())
      const many = await Promise.all(Array.from({ length: 10 }, async () => tokens.parse(await signed(old, claimsOf(randomUUID())))))
      expect(many.every((claims) => claims !== null)).toBe(true)
      expect(server.state.asked).toBe(1)
      const junk = Array.from({ length: 20 }, async (_, round) => tokens.parse(await signed({ ...old, kid: `k${round}` }, claimsOf('x'))))
      expect((await Promise.all(junk)).every((claims) => claims === null)).toBe(true)
      expect(server.state.asked).toBeLessThanOrEqual(3)

      const [rotated, another] = await Promise.all([makeKey('RS256', 'rotated'), makeKey('RS256', 'another')])
      server.state.keys = [old.jwk, rotated.jwk]
      expect(await tokens.parse(await signed(rotated, claimsOf(randomUUID())))).not.toBeNull()
      server.state.keys = [another.jwk, unnamed.jwk]
      expect(await tokens.parse(await signed(another, claimsOf(randomUUID())))).not.toBeNull()
      expect(await tokens.parse(await signed(unnamed, claimsOf(randomUUID())))).not.toBeNull()
      expect(await tokens.parse(await signed(old, claimsOf(randomUUID())))).toBeNull()
      // What is known goes on while the issuer is away, and what is not known cannot be judged.
      server.state.answer = 'error'
      expect(await tokens.parse(await signed(another, claimsOf(randomUUID())))).not.toBeNull()
      expect(await failureNameOf(tokens.parse(await signed(rotated, claimsOf(randomUUID()))))).toBe('UNAVAILABLE')
    } finally {
      server.close()
    }
  })

  it.each(['error', 'never', 'junk'] as const)(
    'that cannot be read (%s): UNAVAILABLE in bounded time, and our own sessions do not wait',
    async (answer) => {
      const server = await startKeyServer()
      try {
        server.state.answer = answer
        const tokens = acceptOutsideTokens(own, { jwksUrl: server.url, issuer, audience }, parts())
        const key = await makeKey('ES256', 'new')
        const token = await signed(key, claimsOf(randomUUID()))
        const waiting = failureNameOf(tokens.parse(token))
        const mine = await own.sign({ userId: randomUUID(), sessionId: randomUUID(), expiresAt: new Date(Date.now() + 60_000) })
        expect(await tokens.parse(mine)).not.toBeNull()
        if (answer === 'never') expect(await Promise.race([waiting, Promise.resolve('still waiting')])).toBe('still waiting')
        expect(await tokens.parse(await signed(key, claimsOf('x', { iss: 'https://elsewhere.example' })))).toBeNull()
        expect(await waiting).toBe('UNAVAILABLE')
        // Junk does not make it ask again and again.
        for (let round = 0; round < 5; round++) expect(await failureNameOf(tokens.parse(token))).toBe('UNAVAILABLE')
        expect(server.state.asked).toBe(1)
      } finally {
        server.close()
      }
    },
  )
})

const failureNameOf = (call: Promise<unknown>) =>
  call.then(
    () => 'answered',
    (error: Error) => error.name,
  )

it('names for new accounts: from what the issuer proposes, always possible ones, and each time another', () => {
  const first = (preferredUsername?: string, name?: string) => proposeNames({ preferredUsername, name }).next().value
  expect(first('Zoë.Smith@example.org', ' Zoë  Smith ')).toEqual({ username: 'zoe.smith', displayName: 'Zoë Smith' })
  expect(first(undefined, 'Grace Hopper')).toEqual({ username: 'grace-hopper', displayName: 'Grace Hopper' })
  expect(first('李', '李小龙')).toEqual({ username: 'person', displayName: '李小龙' })
  expect(first('@ada', 'a\nb')).toEqual({ username: 'ada', displayName: 'ada' })
  const all = [...proposeNames({ preferredUsername: 'x'.repeat(60), name: 'y'.repeat(500) })]
  expect(all.every(({ username }) => /^[a-z0-9_.-]{2,32}$/.test(username))).toBe(true)
  expect(new Set(all.map(({ username }) => username)).size).toBeGreaterThan(8)
})
