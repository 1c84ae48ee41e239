import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PasskeyRequest } from '../../src/contract/security'
import { type ConnectedPerson, connectPerson } from '../support/connected-people'
import { password } from '../support/people'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { type AuthenticatorOptions, SoftwareAuthenticator } from '../support/software-authenticator'
import { failureOf } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ env: { PUBLIC_URL: 'http://localhost:3000' } })
})
afterAll(() => roomline[Symbol.asyncDispose]())

async function askToSignIn(): Promise<PasskeyRequest> {
  const response = await roomline.web.passkeyOptions(postJson('/api/login/passkey/options', {}))
  expect(response.status).toBe(200)
  return response.json()
}

const signIn = (passkey: unknown) => roomline.web.passkeyLogin(postJson('/api/login/passkey', { passkey }))

const confirm = async ({ trpc }: ConnectedPerson) => (await trpc.security.confirm.mutate({ password })).confirmation

/** Somebody with a passkey. */
async function withPasskey(authenticator = new SoftwareAuthenticator(), options?: AuthenticatorOptions) {
  const person = await connectPerson(roomline)
  const request = await person.trpc.security.startPasskey.mutate({ confirmation: await confirm(person) })
  const passkey = await person.trpc.security.addPasskey.mutate({ name: 'Test key', passkey: authenticator.make(request, options) })
  return { person, authenticator, passkey }
}

describe('passkeys: signing in', () => {
  it('works without a username or password, and the session says how', async () => {
    const { person, authenticator } = await withPasskey()
    const response = await signIn(authenticator.answer(await askToSignIn()))
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ user: { username: person.username } })
    expect(response.headers.getSetCookie()[0]).toMatch(/^X-Token=[\w.-]+; /)
    const sessions = await person.trpc.session.list.query()
    expect(sessions.map(({ method }) => method).sort()).toEqual(['passkey', 'password'])
    const { passkeys } = await person.trpc.security.show.query()
    expect(passkeys).toMatchObject([{ name: 'Test key', lastUsed: expect.any(String) }])
  })

  it('what is asked: tells nothing about accounts, and is never the same twice', async () => {
    const { authenticator } = await withPasskey()
    const [first, second] = [await askToSignIn(), await askToSignIn()]
    expect(first).toMatchObject({ rpId: 'localhost', userVerification: 'required', allowCredentials: [] })
    expect(first.challenge).not.toBe(second.challenge)
    expect(JSON.stringify(first)).not.toContain(authenticator.id.toString('base64url'))
  })

  it('an answer counts once, also when it comes twice at once', async () => {
    const { authenticator } = await withPasskey()
    const answer = authenticator.answer(await askToSignIn())
    const statuses = await Promise.all(Array.from({ length: 5 }, async () => (await signIn(answer)).status))
    expect(statuses.sort()).toEqual([200, 401, 401, 401, 401])
    // A synced passkey always counts 0, so only the challenge tells that it was used.
    const synced = await withPasskey()
    const again = synced.authenticator.answer(await askToSignIn(), { counter: 0 })
    expect((await signIn(again)).status).toBe(200)
    expect((await signIn(again)).status).toBe(401)
  })

  const request = (change: Partial<PasskeyRequest>) => async () => ({ ...(await askToSignIn()), ...change })
  const wrong: [string, AuthenticatorOptions, (() => Promise<PasskeyRequest>)?][] = [
    ['without the person’s PIN, finger or face', { verifiesUser: false }],
    ['from another site', { origin: 'https://evil.example' }],
    ['from another port of this machine', { origin: 'http://localhost:4000' }],
    ['for another domain', { rpId: 'evil.example' }],
    ['in a frame of another site', { crossOrigin: true }],
    ['to a challenge of its own', { challenge: Buffer.alloc(54).toString('base64url') }],
    ['to an altered challenge', {}, request({ challenge: `A${'a'.repeat(71)}` })],
    ['that belongs to a registration', { type: 'webauthn.create' }],
    ['with a counter that went back', { counter: 1 }],
  ]
  it.each(wrong)('an answer %s is refused like any other', async (_, options, ask = askToSignIn) => {
    const { authenticator } = await withPasskey()
    expect((await signIn(authenticator.answer(await askToSignIn(), { counter: 5 }))).status).toBe(200)
    const refused = await signIn(authenticator.answer(await ask(), { counter: 6, ...options }))
    const unknown = await signIn(new SoftwareAuthenticator().answer(await askToSignIn()))
    expect(refused.status).toBe(401)
    expect(refused.headers.getSetCookie()).toEqual([])
    const body = await refused.text()
    expect(body).toBe(await unknown.text())
    expect(JSON.parse(body).error.code).toBe('INVALID_PASSKEY')
    expect((await signIn(authenticator.answer(await askToSignIn(), { counter: 7 }))).status).toBe(200)
  })

  it('a signature by another key, or of another person, is refused', async () => {
    const { authenticator } = await withPasskey()
    const other = await withPasskey()
    const answer = authenticator.answer(await askToSignIn())
    const { signature } = other.authenticator.answer(await askToSignIn()).response
    expect((await signIn({ ...answer, response: { ...answer.response, signature } })).status).toBe(401)
    const { userHandle } = other.authenticator
    expect((await signIn({ ...answer, response: { ...answer.response, userHandle } })).status).toBe(401)
    expect((await signIn(answer)).status).toBe(200)
  })

  it('a challenge for something else is refused', async () => {
    const { person, authenticator } = await withPasskey()
    const toConfirm = await person.trpc.security.askToConfirm.mutate()
    expect((await signIn(authenticator.answer(toConfirm))).status).toBe(401)
  })

  it('a challenge that is too old is refused', async () => {
    const { authenticator } = await withPasskey()
    const asked = await askToSignIn()
    const realNow = Date.now
    Date.now = () => realNow() + 5 * 60_000 + 1
    const status = await signIn(authenticator.answer(asked))
      .then((response) => response.status)
      .finally(() => {
        Date.now = realNow
      })
    expect(status).toBe(401)
  })

  it('a disabled or deleted person, and a removed passkey, do not get in', async () => {
    const { person, authenticator, passkey } = await withPasskey()
    await roomline.pool.query('UPDATE users SET disabled_at = now() WHERE username = $1', [person.username])
    expect((await signIn(authenticator.answer(await askToSignIn()))).status).toBe(401)
    await roomline.pool.query('UPDATE users SET disabled_at = NULL WHERE username = $1', [person.username])
    expect((await signIn(authenticator.answer(await askToSignIn()))).status).toBe(200)
    const again = { ...person, ...roomline.connect(await roomline.signIn(person.username)) }
    await again.trpc.security.removePasskey.mutate({ id: passkey.id, confirmation: await confirm(again) })
    expect((await signIn(authenticator.answer(await askToSignIn()))).status).toBe(401)

    const leaving = await withPasskey()
    await leaving.person.trpc.users.deleteAccount.mutate({ password })
    expect((await signIn(leaving.authenticator.answer(await askToSignIn()))).status).toBe(401)
    const { rows } = await roomline.pool.query('SELECT FROM passkeys WHERE credential_id = $1', [leaving.authenticator.id])
    expect(rows).toEqual([])
  })

  it('a request from another site, or with keys that nobody knows, is refused', async () => {
    const { authenticator } = await withPasskey()
    const passkey = authenticator.answer(await askToSignIn())
    const foreign = postJson('/api/login/passkey', { passkey }, { origin: 'https://evil.example' })
    expect((await roomline.web.passkeyLogin(foreign)).status).toBe(403)
    expect((await signIn({ ...passkey, admin: true })).status).toBe(400)
    expect((await signIn({ ...passkey, id: 'not base64!' })).status).toBe(400)
    for (const broken of ['AAAA', '_w', 'e30']) {
      const response = { ...passkey.response, clientDataJSON: broken }
      expect((await signIn({ ...passkey, response })).status).toBe(401)
      expect((await signIn({ ...passkey, response: { ...passkey.response, authenticatorData: broken } })).status).toBe(401)
      expect((await signIn({ ...passkey, response: { ...passkey.response, signature: broken } })).status).toBe(401)
    }
    expect((await signIn(passkey)).status).toBe(200)
  })
})

describe('passkeys: adding and removing', () => {
  it('needs a fresh confirmation of the same session', async () => {
    const person = await connectPerson(roomline)
    const elsewhere = { ...person, ...roomline.connect(await roomline.signIn(person.username)) }
    const other = await connectPerson(roomline)
    const confirmation = await confirm(person)
    const start = ({ trpc }: ConnectedPerson, value: string) => failureOf(trpc.security.startPasskey.mutate({ confirmation: value }))
    expect(await start(person, 'not one')).toBe('CONFIRMATION_REQUIRED')
    expect(await start(elsewhere, confirmation)).toBe('CONFIRMATION_REQUIRED')
    expect(await start(other, confirmation)).toBe('CONFIRMATION_REQUIRED')
    expect(await failureOf(person.trpc.security.confirm.mutate({ password: 'a wrong guess' }))).toBe('WRONG_PASSWORD')
    const request = await person.trpc.security.startPasskey.mutate({ confirmation })
    // What one session was asked to make, another cannot add.
    const passkey = new SoftwareAuthenticator().make(request)
    expect(await failureOf(elsewhere.trpc.security.addPasskey.mutate({ name: 'x', passkey }))).toBe('INVALID_PASSKEY')
    const added = await person.trpc.security.addPasskey.mutate({ name: 'x', passkey })
    expect(await failureOf(other.trpc.security.removePasskey.mutate({ id: added.id, confirmation: await confirm(other) }))).toBe(
      'PASSKEY_NOT_FOUND',
    )
    expect(await failureOf(other.trpc.security.renamePasskey.mutate({ id: added.id, name: 'mine' }))).toBe('PASSKEY_NOT_FOUND')
    expect(await failureOf(person.trpc.security.removePasskey.mutate({ id: added.id, confirmation: 'not one' }))).toBe(
      'CONFIRMATION_REQUIRED',
    )
  })

  it('a passkey confirms too, but only its owner', async () => {
    const { person, authenticator, passkey } = await withPasskey()
    const other = await withPasskey()
    const answer = authenticator.answer(await person.trpc.security.askToConfirm.mutate())
    expect(await failureOf(other.person.trpc.security.confirm.mutate({ passkey: answer }))).toBe('INVALID_PASSKEY')
    const theirs = other.authenticator.answer(await person.trpc.security.askToConfirm.mutate())
    expect(await failureOf(person.trpc.security.confirm.mutate({ passkey: theirs }))).toBe('INVALID_PASSKEY')
    const { confirmation } = await person.trpc.security.confirm.mutate({ passkey: answer })
    expect(await failureOf(person.trpc.security.confirm.mutate({ passkey: answer }))).toBe('INVALID_PASSKEY')
    expect(await person.trpc.security.renamePasskey.mutate({ id: passkey.id, name: 'My phone' })).toMatchObject({ name: 'My phone' })
    expect(await person.trpc.security.removePasskey.mutate({ id: passkey.id, confirmation })).toEqual({ id: passkey.id })
    expect((await person.trpc.security.show.query()).passkeys).toEqual([])
  })

  it('names the passkeys that exist, and takes each once over all accounts', async () => {
    const { person, authenticator } = await withPasskey()
    const request = await person.trpc.security.startPasskey.mutate({ confirmation: await confirm(person) })
    expect(request.excludeCredentials).toMatchObject([{ id: authenticator.id.toString('base64url') }])
    expect(request.authenticatorSelection).toMatchObject({ residentKey: 'required', userVerification: 'required' })
    const other = await connectPerson(roomline)
    const asked = await other.trpc.security.startPasskey.mutate({ confirmation: await confirm(other) })
    expect(await failureOf(other.trpc.security.addPasskey.mutate({ name: 'x', passkey: authenticator.make(asked) }))).toBe('PASSKEY_TAKEN')
  })

  it('an answer that does not fit is refused', async () => {
    const person = await connectPerson(roomline)
    const confirmation = await confirm(person)
    const wrong: AuthenticatorOptions[] = [
      { verifiesUser: false },
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { crossOrigin: true },
      { type: 'webauthn.get' },
      { challenge: 'AAAA' },
    ]
    for (const options of wrong) {
      const request = await person.trpc.security.startPasskey.mutate({ confirmation })
      const passkey = new SoftwareAuthenticator().make(request, options)
      expect(await failureOf(person.trpc.security.addPasskey.mutate({ name: 'x', passkey })), JSON.stringify(options)).toBe(
        'INVALID_PASSKEY',
      )
    }
    const request = await person.trpc.security.startPasskey.mutate({ confirmation })
    await person.trpc.security.addPasskey.mutate({ name: 'x', passkey: new SoftwareAuthenticator().make(request) })
    const again = new SoftwareAuthenticator().make(request)
    expect(await failureOf(person.trpc.security.addPasskey.mutate({ name: 'x', passkey: again }))).toBe('INVALID_PASSKEY')
  })

  it('a maker’s statement is not read: its certificates could name any address', async () => {
    const fetched: unknown[] = []
    const realFetch = globalThis.fetch
    globalThis.fetch = async (input) => {
      fetched.push(input)
      throw new Error('no')
    }
    try {
      const attStmt = new Map<string, unknown>([
        ['alg', -7],
        ['sig', Uint8Array.of(1, 2, 3)],
        ['x5c', [Uint8Array.of(0x30, 0)]],
      ])
      await withPasskey(new SoftwareAuthenticator(), { statement: { fmt: 'packed', attStmt } } as AuthenticatorOptions)
    } finally {
      globalThis.fetch = realFetch
    }
    expect(fetched).toEqual([])
  })

  it('nobody has more than 20, also when several are added at once', async () => {
    const person = await connectPerson(roomline)
    const confirmation = await confirm(person)
    const add = async () => {
      const request = await person.trpc.security.startPasskey.mutate({ confirmation })
      return person.trpc.security.addPasskey.mutate({ name: 'x', passkey: new SoftwareAuthenticator().make(request) }).then(
        () => 'added',
        (error) => error.data.failure,
      )
    }
    const results = await Promise.all(Array.from({ length: 23 }, add))
    expect(results.filter((each) => each === 'added')).toHaveLength(20)
    expect(results.filter((each) => each === 'TOO_MANY_PASSKEYS')).toHaveLength(3)
  })

  it('is in the audit log', async () => {
    const { person, passkey } = await withPasskey()
    await person.trpc.security.removePasskey.mutate({ id: passkey.id, confirmation: await confirm(person) })
    const { rows } = await roomline.pool.query(
      `SELECT action FROM audit_log WHERE actor_id = (SELECT id FROM users WHERE username = $1) AND action LIKE '%passkey%' ORDER BY id`,
      [person.username],
    )
    expect(rows).toEqual([{ action: 'account.passkeyAdded' }, { action: 'account.passkeyRemoved' }])
  })
})
