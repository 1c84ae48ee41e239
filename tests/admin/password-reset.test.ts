import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConnectedPerson, connectPerson } from '../support/connected-people'
import { password } from '../support/people'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'

let roomline: Roomline
let admin: ConnectedPerson
beforeAll(async () => {
  roomline = await startRoomline()
  admin = await connectPerson(roomline)
})
afterAll(() => roomline[Symbol.asyncDispose]())

const newPassword = 'another good long passphrase'
const login = async (username: string, word: string) =>
  (await roomline.web.login(postJson('/api/login', { username, password: word }))).status
const makeLink = async (username: string) => (await admin.trpc.admin.resetLink.mutate({ username })).url.split('/').at(-1) ?? ''
const reset = (token: string, word = newPassword, headers = {}) =>
  roomline.web.reset(postJson('/api/reset', { token, password: word }, headers))
const badLink = { status: 404, code: 'RESET_LINK_NOT_FOUND' }
async function answerTo(token: string, word?: string) {
  const response = await reset(token, word)
  return { status: response.status, code: response.status === 204 ? null : (await response.json()).error.code }
}

describe('POST /api/reset', () => {
  it('a link: sets the password once and signs the person out everywhere', async () => {
    const ada = await connectPerson(roomline)
    await ada.trpc.session.me.query()
    const token = await makeLink(ada.username)
    expect((await reset(token)).status).toBe(204)
    await until(() => ada.closed.includes(4401))
    expect([await login(ada.username, password), await login(ada.username, newPassword)]).toEqual([401, 200])
    expect(await answerTo(token)).toEqual(badLink)
    const { rows } = await roomline.pool.query(
      `SELECT action FROM audit_log WHERE action = 'account.passwordReset' AND actor_id = (SELECT id FROM users WHERE username = $1)`,
      [ada.username],
    )
    expect(rows).toHaveLength(1)
  })

  it('a link: is stored as a hash only', async () => {
    const { username } = await roomline.signUp()
    const token = await makeLink(username)
    const { rows } = await roomline.pool.query<{ text: string }>(
      'SELECT p::text AS text FROM password_resets p UNION ALL SELECT l::text FROM audit_log l',
    )
    expect(rows.filter(({ text }) => text.includes(token))).toEqual([])
  })

  it('a bad password: is refused, and the link still works', async () => {
    const { username } = await roomline.signUp()
    const token = await makeLink(username)
    for (const word of ['short', 'password123', username]) expect((await answerTo(token, word)).status, word).toBe(400)
    expect(await answerTo(token)).toEqual({ status: 204, code: null })
  })

  it('a link that never was, was replaced, has expired, or whose person is disabled or deleted: gets the same answer', async () => {
    const bodies = new Set<string>()
    const note = async (token: string) => {
      const response = await reset(token)
      bodies.add(`${response.status} ${await response.text()}`)
    }
    const [replaced, expired, disabled, deleted] = await Promise.all(Array.from({ length: 4 }, () => roomline.signUp()))
    await note('x'.repeat(32))
    const old = await makeLink(replaced?.username ?? '')
    await makeLink(replaced?.username ?? '')
    await note(old)
    const late = await makeLink(expired?.username ?? '')
    await roomline.pool.query(
      `UPDATE password_resets SET expires_at = now() - interval '1 second' WHERE user_id = (SELECT id FROM users WHERE username = $1)`,
      [expired?.username],
    )
    await note(late)
    const ofDisabled = await makeLink(disabled?.username ?? '')
    await roomline.pool.query('UPDATE users SET disabled_at = now() WHERE username = $1', [disabled?.username])
    await note(ofDisabled)
    const ofDeleted = await makeLink(deleted?.username ?? '')
    await admin.trpc.admin.deletePerson.mutate({ username: deleted?.username ?? '' })
    await note(ofDeleted)
    expect(bodies.size).toBe(1)
    expect(await login(replaced?.username ?? '', newPassword)).toBe(401)
  })

  it('used twenty times at once: works once', async () => {
    const { username } = await roomline.signUp()
    const token = await makeLink(username)
    const answers = await Promise.all(Array.from({ length: 20 }, () => answerTo(token)))
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
  })

  it('an account without a password: gets one', async () => {
    await roomline.pool.query(`INSERT INTO users (username, display_name) VALUES ('no-password', 'Nobody')`)
    expect(await answerTo(await makeLink('no-password'))).toEqual({ status: 204, code: null })
    expect(await login('no-password', newPassword)).toBe(200)
  })

  it('another site: cannot use a link', async () => {
    const { username } = await roomline.signUp()
    const token = await makeLink(username)
    expect((await reset(token, newPassword, { origin: 'https://evil.example' })).status).toBe(403)
    expect(await answerTo(token)).toEqual({ status: 204, code: null })
  })

  it('a disabled person: gets no link', async () => {
    const { username } = await roomline.signUp()
    await admin.trpc.admin.disable.mutate({ username })
    expect(await failureOf(admin.trpc.admin.resetLink.mutate({ username }))).toBe('NOT_ALLOWED')
  })
})
