import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resealAll } from '../../src/server/security/reseal'
import { createSealing } from '../../src/server/security/sealing'
import { createSecurityParts } from '../../src/server/security/security-parts'
import { type ConnectedPerson, connectPerson } from '../support/connected-people'
import { password } from '../support/people'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { failureOf } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline()
})
afterAll(() => roomline[Symbol.asyncDispose]())

const login = (username: string, word = password) => roomline.web.login(postJson('/api/login', { username, password: word }))
const sendCode = (body: unknown) => roomline.web.secondFactor(postJson('/api/login/second-factor', body))
const confirm = async ({ trpc }: ConnectedPerson) => (await trpc.security.confirm.mutate({ password })).confirmation

/** The code that an app shows, so many steps of 30 seconds from now. */
const codeOf = (secret: string, steps = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 })

/** Far enough from the end of a step that the test's codes stay what they are. */
async function awaitStepStart() {
  const left = 30_000 - (Date.now() % 30_000)
  if (left < 5_000) await new Promise((resolve) => setTimeout(resolve, left))
}

/** Somebody whose two-step sign-in is on. Their code of this step, and those before, count as used. */
async function withTwoStep() {
  await awaitStepStart()
  const person = await connectPerson(roomline)
  const { secret, uri } = await person.trpc.security.startTwoStep.mutate({ confirmation: await confirm(person) })
  const { recoveryCodes } = await person.trpc.security.enableTwoStep.mutate({ code: codeOf(secret, -1) })
  return { person, secret, uri, recoveryCodes }
}

/** The ticket of a right password. */
async function ticketFor(username: string): Promise<string> {
  const response = await login(username)
  const { error } = await response.json()
  expect(error).toMatchObject({ code: 'SECOND_FACTOR_REQUIRED', ticket: expect.stringMatching(/^[\w-]{43}$/) })
  return error.ticket
}

const codeOfFailure = async (response: Response) => (await response.json()).error.code

describe('two-step sign-in', () => {
  it('a password alone starts no session, and a code finishes the sign-in', async () => {
    const { person, secret } = await withTwoStep()
    const first = await login(person.username)
    expect(first.status).toBe(401)
    expect(first.headers.getSetCookie().join()).not.toContain('X-Token')
    const ticket = await ticketFor(person.username)
    const done = await sendCode({ ticket, code: codeOf(secret) })
    expect(done.status).toBe(200)
    expect(await done.json()).toMatchObject({ user: { username: person.username } })
    expect(done.headers.getSetCookie()[0]).toMatch(/^X-Token=[\w.-]+; /)
    const methods = (await person.trpc.session.list.query()).map(({ method }) => method)
    expect(methods.sort()).toEqual(['password', 'password and code'])
  })

  it('a wrong password gets the same answer with and without it', async () => {
    const { person } = await withTwoStep()
    const plain = await roomline.signUp()
    const [guarded, unguarded] = await Promise.all([login(person.username, 'a wrong guess'), login(plain.username, 'a wrong guess')])
    expect(guarded.status).toBe(401)
    expect(await guarded.text()).toBe(await unguarded.text())
    expect(guarded.headers.getSetCookie()).toEqual(unguarded.headers.getSetCookie())
  })

  it('a code counts once, whatever the ticket, also when it comes twice at once', async () => {
    const { person, secret } = await withTwoStep()
    const tickets = await Promise.all([1, 2, 3].map(() => ticketFor(person.username)))
    const code = codeOf(secret)
    const statuses = await Promise.all(tickets.map(async (ticket) => (await sendCode({ ticket, code })).status))
    expect(statuses.sort()).toEqual([200, 401, 401])
    const ticket = await ticketFor(person.username)
    expect(await codeOfFailure(await sendCode({ ticket, code }))).toBe('WRONG_CODE')
    // The code before it is older still, although the clock would allow it.
    expect(await codeOfFailure(await sendCode({ ticket, code: codeOf(secret, -1) }))).toBe('WRONG_CODE')
    expect((await sendCode({ ticket, code: codeOf(secret, 1) })).status).toBe(200)
  })

  it('codes of one step earlier or later count, others do not, and spaces and other digits do not matter', async () => {
    const { person, secret } = await withTwoStep()
    const ticket = await ticketFor(person.username)
    for (const steps of [2, 5, -3]) expect(await codeOfFailure(await sendCode({ ticket, code: codeOf(secret, steps) }))).toBe('WRONG_CODE')
    const wide = codeOf(secret, 1).replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))
    expect((await sendCode({ ticket, code: ` ${wide.slice(0, 3)} ${wide.slice(3)} ` })).status).toBe(200)
  })

  it('a ticket allows five tries, and gets one person in once', async () => {
    const { person, secret } = await withTwoStep()
    const tried = await ticketFor(person.username)
    const guesses = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => codeOfFailure(await sendCode({ ticket: tried, code: `00000${index}` }))),
    )
    expect(guesses.filter((code) => code === 'WRONG_CODE').length).toBe(5)
    await roomline.pool.query('DELETE FROM rate_limits')
    expect(await codeOfFailure(await sendCode({ ticket: tried, code: codeOf(secret) }))).toBe('SIGN_IN_EXPIRED')
    const used = await ticketFor(person.username)
    expect((await sendCode({ ticket: used, code: codeOf(secret) })).status).toBe(200)
    expect(await codeOfFailure(await sendCode({ ticket: used, code: codeOf(secret, 1) }))).toBe('SIGN_IN_EXPIRED')
  })

  it('guesses are throttled for the account, over all tickets', async () => {
    const { person } = await withTwoStep()
    const tickets = await Promise.all(Array.from({ length: 6 }, () => ticketFor(person.username)))
    const answers: string[] = []
    for (const ticket of tickets)
      for (let guess = 0; guess < 4; guess++) answers.push(await codeOfFailure(await sendCode({ ticket, code: '000000' })))
    expect(answers.filter((code) => code === 'WRONG_CODE').length).toBeLessThanOrEqual(6)
    expect(answers.at(-1)).toBe('TOO_MANY_REQUESTS')
  })

  it('a ticket is worthless after five minutes, with another password, or once the account is disabled', async () => {
    const { person, secret } = await withTwoStep()
    const late = await ticketFor(person.username)
    await roomline.pool.query(`UPDATE sign_in_tickets SET expires_at = expires_at - interval '5 minutes'`)
    expect(await codeOfFailure(await sendCode({ ticket: late, code: codeOf(secret) }))).toBe('SIGN_IN_EXPIRED')
    const old = await ticketFor(person.username)
    await person.trpc.users.changePassword.mutate({ current: password, password: 'another good long passphrase' })
    expect(await codeOfFailure(await sendCode({ ticket: old, code: codeOf(secret) }))).toBe('SIGN_IN_EXPIRED')
    const { error } = await (await login(person.username, 'another good long passphrase')).json()
    await roomline.pool.query('UPDATE users SET disabled_at = now() WHERE username = $1', [person.username])
    expect(await codeOfFailure(await sendCode({ ticket: error.ticket, code: codeOf(secret, 1) }))).toBe('SIGN_IN_EXPIRED')
  })

  it('no ticket, or a made-up one, gets nobody in', async () => {
    const { secret } = await withTwoStep()
    expect(await codeOfFailure(await sendCode({ code: codeOf(secret) }))).toBe('SIGN_IN_EXPIRED')
    expect(await codeOfFailure(await sendCode({ ticket: 'x'.repeat(43), code: codeOf(secret) }))).toBe('SIGN_IN_EXPIRED')
    expect((await sendCode({ ticket: 'x'.repeat(43), code: '123456', more: 1 })).status).toBe(400)
    const foreign = postJson('/api/login/second-factor', { ticket: 'x', code: '1' }, { origin: 'https://evil.example' })
    expect((await roomline.web.secondFactor(foreign)).status).toBe(403)
  })

  it('works as plain HTML forms', async () => {
    const { person, secret, recoveryCodes } = await withTwoStep()
    const form = (path: string, fields: Record<string, string>, cookie = '') =>
      new Request(`http://localhost:3000${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost:3000', cookie },
        body: new URLSearchParams(fields).toString(),
      })
    const first = await roomline.web.login(form('/api/login', { username: person.username, password }))
    expect(first.status).toBe(303)
    expect(first.headers.get('location')).toBe('/login/code')
    const [cookie = ''] = first.headers.getSetCookie()
    expect(cookie).toMatch(/^X-Sign-In=[\w-]{43}; Path=\/; Max-Age=300; HttpOnly; SameSite=Lax$/)
    const ticket = cookie.slice(0, cookie.indexOf(';'))
    const wrong = await roomline.web.secondFactor(form('/api/login/second-factor', { code: '000000' }, ticket))
    expect(wrong.status).toBe(303)
    expect(wrong.headers.get('location')).toBe('/login/code?error=WRONG_CODE')
    const right = await roomline.web.secondFactor(form('/api/login/second-factor', { code: codeOf(secret) }, ticket))
    expect(right.status).toBe(303)
    expect(right.headers.get('location')).toBe('/')
    expect(right.headers.getSetCookie().map((each) => each.slice(0, each.indexOf('=')))).toEqual(['X-Token', 'X-Device', 'X-Sign-In'])
    const next = '/invite/abc?d=e'
    const kept = await roomline.web.login(form('/api/login', { username: person.username, password, next }))
    expect(kept.headers.get('location')).toBe(`/login/code?next=${encodeURIComponent(next)}`)
    const [second = ''] = kept.headers.getSetCookie()
    const sendNext = (code: string, to = next) =>
      roomline.web.secondFactor(form('/api/login/second-factor', { code, next: to }, second.slice(0, second.indexOf(';'))))
    expect((await sendNext('000000')).headers.get('location')).toBe(`/login/code?error=WRONG_CODE&next=${encodeURIComponent(next)}`)
    expect((await sendNext('000000', '//evil.example')).headers.get('location')).toBe('/login/code?error=WRONG_CODE')
    expect((await sendNext(recoveryCodes[0] ?? '')).headers.get('location')).toBe(next)
    const again = await roomline.web.secondFactor(form('/api/login/second-factor', { code: codeOf(secret, 1) }, ticket))
    expect(again.headers.get('location')).toBe('/login?error=SIGN_IN_EXPIRED')
  })
})

describe('recovery codes', () => {
  it('there are ten, each works once, and it is in the audit log', async () => {
    const { person, recoveryCodes } = await withTwoStep()
    expect(new Set(recoveryCodes).size).toBe(10)
    for (const code of recoveryCodes) expect(code).toMatch(/^([0-9a-z]{4}-){3}[0-9a-z]{4}$/)
    const [first = '', second = ''] = recoveryCodes
    const tickets = await Promise.all([1, 2, 3].map(() => ticketFor(person.username)))
    const statuses = await Promise.all(tickets.map(async (ticket) => (await sendCode({ ticket, code: first })).status))
    expect(statuses.sort()).toEqual([200, 401, 401])
    const shouted = second.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O')
    expect((await sendCode({ ticket: await ticketFor(person.username), code: shouted })).status).toBe(200)
    expect((await person.trpc.security.show.query()).twoStep).toMatchObject({ recoveryCodesLeft: 8 })
    const { rows } = await roomline.pool.query<{ detail: unknown }>(
      `SELECT detail FROM audit_log WHERE action = 'account.recoveryCodeUsed' AND actor_id = (SELECT id FROM users WHERE username = $1) ORDER BY id`,
      [person.username],
    )
    expect(rows).toEqual([{ detail: { left: 9 } }, { detail: { left: 8 } }])
  })

  it('new ones end the old ones, and are shown to somebody who has confirmed who they are', async () => {
    const { person, recoveryCodes } = await withTwoStep()
    const other = await withTwoStep()
    expect(await failureOf(person.trpc.security.renewRecoveryCodes.mutate({ confirmation: 'not one' }))).toBe('CONFIRMATION_REQUIRED')
    const renewed = await person.trpc.security.renewRecoveryCodes.mutate({ confirmation: await confirm(person) })
    const ticket = await ticketFor(person.username)
    expect((await sendCode({ ticket, code: recoveryCodes[0] })).status).toBe(401)
    expect((await sendCode({ ticket, code: other.recoveryCodes[0] })).status).toBe(401)
    expect((await sendCode({ ticket, code: renewed.recoveryCodes[0] })).status).toBe(200)
  })

  it('are not in the database, and neither is the secret', async () => {
    const { person, secret, recoveryCodes } = await withTwoStep()
    const { rows } = await roomline.pool.query<{ everything: string }>(
      `SELECT (SELECT json_agg(a) FROM authenticators a)::text || (SELECT json_agg(r) FROM recovery_codes r)::text
         || (SELECT json_agg(l) FROM audit_log l)::text AS everything`,
    )
    const everything = rows[0]?.everything ?? ''
    expect(everything).toContain('\\\\x')
    for (const word of [secret, ...recoveryCodes, ...recoveryCodes.map((code) => code.replaceAll('-', ''))])
      expect(everything).not.toContain(word)
    const bytes = Secret.fromBase32(secret).hex.toLowerCase()
    expect(everything).not.toContain(bytes)
    expect(person.username).toBeTruthy()
  })
})

describe('turning two-step sign-in on and off', () => {
  it('needs a confirmation, and a code that shows that the app has the secret', async () => {
    await awaitStepStart()
    const person = await connectPerson(roomline)
    const { security } = person.trpc
    expect(await failureOf(security.startTwoStep.mutate({ confirmation: 'not one' }))).toBe('CONFIRMATION_REQUIRED')
    const { secret, uri } = await security.startTwoStep.mutate({ confirmation: await confirm(person) })
    expect(uri).toBe(
      `otpauth://totp/Roomline:${person.username}%40localhost%3A3000?issuer=Roomline&secret=${secret}&algorithm=SHA1&digits=6&period=30`,
    )
    expect(await failureOf(security.enableTwoStep.mutate({ code: '000000' }))).toBe('BAD_REQUEST')
    expect((await login(person.username)).status).toBe(200)
    const { recoveryCodes } = await security.enableTwoStep.mutate({ code: codeOf(secret) })
    expect(recoveryCodes).toHaveLength(10)
    // The code that turned it on is used up.
    expect((await sendCode({ ticket: await ticketFor(person.username), code: codeOf(secret) })).status).toBe(401)
    expect(await failureOf(security.startTwoStep.mutate({ confirmation: await confirm(person) }))).toBe('TWO_STEP_ON')
    expect(await failureOf(security.disableTwoStep.mutate({ confirmation: 'not one' }))).toBe('CONFIRMATION_REQUIRED')
    await security.disableTwoStep.mutate({ confirmation: await confirm(person) })
    expect((await login(person.username)).status).toBe(200)
    expect(await failureOf(security.disableTwoStep.mutate({ confirmation: await confirm(person) }))).toBe('TWO_STEP_OFF')
    expect(await failureOf(security.renewRecoveryCodes.mutate({ confirmation: await confirm(person) }))).toBe('TWO_STEP_OFF')
    const { rows } = await roomline.pool.query(
      `SELECT action, ip FROM audit_log WHERE actor_id = (SELECT id FROM users WHERE username = $1) AND action LIKE '%econdFactor%' ORDER BY id`,
      [person.username],
    )
    expect(rows).toEqual([
      { action: 'account.secondFactorAdded', ip: '127.0.0.1' },
      { action: 'account.secondFactorRemoved', ip: '127.0.0.1' },
    ])
  })

  it('is not for somebody who signs in through another service', async () => {
    const person = await connectPerson(roomline)
    const confirmation = await confirm(person)
    await roomline.pool.query('UPDATE users SET password_hash = NULL WHERE username = $1', [person.username])
    expect(await failureOf(person.trpc.security.startTwoStep.mutate({ confirmation }))).toBe('NO_PASSWORD')
    expect(await failureOf(person.trpc.security.startPasskey.mutate({ confirmation }))).toBe('NO_PASSWORD')
    expect(await person.trpc.security.show.query()).toMatchObject({ hasPassword: false, twoStep: null, passkeys: [] })
  })

  it('a new AUTH_SECRET opens what the old one sealed, and seals it again when it is used', async () => {
    const secrets = ['an old secret that is long enough to be one', 'a new secret that is long enough to be one']
    const [old = '', recent = ''] = secrets
    const sealed = createSealing([old], 'tests').seal(Buffer.from('a secret'), 'ada')
    const both = createSealing([recent, old], 'tests')
    const opened = both.open(sealed, 'ada')
    expect(opened).toEqual({ secret: Buffer.from('a secret'), isOutdated: true })
    expect(both.open(sealed, 'bob')).toBeNull()
    expect(createSealing([recent], 'tests').open(sealed, 'ada')).toBeNull()
    expect(createSealing([old], 'something else').open(sealed, 'ada')).toBeNull()
    expect(both.open(both.seal(Buffer.from('a secret'), 'ada'), 'ada')).toMatchObject({ isOutdated: false })

    const other = await withTwoStep()
    const me = await withTwoStep()
    const { rows } = await roomline.pool.query<{ database: string }>('SELECT current_database() AS database')
    const database = new URL(roomline.config.databaseUrl ?? '')
    database.pathname = `/${rows[0]?.database}`
    await using renewed = await startRoomline({
      nodes: 0,
      database: database.href,
      env: { AUTH_SECRET: `${recent},${roomline.config.authSecrets.join()}` },
    })
    const before = await roomline.pool.query('SELECT sealed_secret FROM authenticators')
    const { error } = await (await renewed.web.login(postJson('/api/login', { username: me.person.username, password }))).json()
    const body = { ticket: error.ticket, code: codeOf(me.secret) }
    expect((await renewed.web.secondFactor(postJson('/api/login/second-factor', body))).status).toBe(200)
    const after = await roomline.pool.query('SELECT sealed_secret FROM authenticators')
    expect(after.rows).not.toEqual(before.rows)
    // Of those who did not sign in, the housekeeping takes care.
    await resealAll(createSecurityParts(renewed.pool, { ...renewed.config, authSecrets: [recent, ...roomline.config.authSecrets] }))
    await using later = await startRoomline({ nodes: 0, database: database.href, env: { AUTH_SECRET: recent } })
    for (const { person, secret } of [me, other]) {
      const { error } = await (await later.web.login(postJson('/api/login', { username: person.username, password }))).json()
      const code = codeOf(secret, 1)
      expect((await later.web.secondFactor(postJson('/api/login/second-factor', { ticket: error.ticket, code }))).status).toBe(200)
    }
  })
})
