import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRateLimitsJob } from '../../src/server/auth/housekeeping'
import { createTicketStore } from '../../src/server/security/ticket-store'
import { type ConnectedPerson, connectPerson } from '../support/connected-people'
import { password } from '../support/people'
import { report } from '../support/report'
import { postJson, type Roomline, startRoomline } from '../support/roomline'

let roomline: Roomline
let admin: ConnectedPerson
beforeAll(async () => {
  roomline = await startRoomline()
  admin = await connectPerson(roomline)
})
afterAll(() => roomline[Symbol.asyncDispose]())

const from = (ip: string, cookie = '') => ({ 'x-roomline-client-address': ip, cookie })
const logIn = (username: string, word: string, headers: Record<string, string> = {}) =>
  roomline.web.login(postJson('/api/login', { username, password: word }, headers))
const sendCode = (ticket: string, code: string, headers: Record<string, string> = {}) =>
  roomline.web.secondFactor(postJson('/api/login/second-factor', { ticket, code }, headers))
const countOf = (responses: Response[], status: number) => responses.filter((response) => response.status === status).length
const addresses = (count: number) => Array.from({ length: count }, (_, index) => `10.${index}.9.1`)
const deviceOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .find((cookie) => cookie.startsWith('X-Device='))
    ?.split(';')[0] ?? ''
const later = (seconds: number) => roomline.pool.query(`UPDATE rate_limits SET resets_at = resets_at - $1 * interval '1 s'`, [seconds])

async function withTwoStep(name: string) {
  const person = await connectPerson(roomline, { name })
  const { confirmation } = await person.trpc.security.confirm.mutate({ password })
  const { secret } = await person.trpc.security.startTwoStep.mutate({ confirmation })
  const codeOf = (steps = 0) => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 })
  await person.trpc.security.enableTwoStep.mutate({ code: codeOf(-1) })
  return { person, codeOf }
}

async function ticketFor(username: string, headers: Record<string, string> = {}): Promise<string> {
  const { error } = await (await logIn(username, password, headers)).json()
  expect(error.code).toBe('SECOND_FACTOR_REQUIRED')
  return error.ticket
}

describe('the second step, by somebody who knows the password', () => {
  it('60 codes at once, with as many tickets and addresses: at most 5 are checked, and the owner gets in on a known device', async () => {
    const { person, codeOf } = await withTwoStep('two-steps')
    const first = await sendCode(await ticketFor(person.username, from('192.0.2.5')), codeOf(), from('192.0.2.5'))
    const device = deviceOf(first)
    expect(device).not.toBe('')
    const { rows } = await roomline.pool.query<{ id: string; hash: string }>(
      'SELECT id, password_hash AS hash FROM users WHERE username = $1',
      [person.username],
    )
    const [{ id = '', hash = '' } = {}] = rows
    const store = createTicketStore(roomline.pool)
    const tickets = await Promise.all(addresses(60).map(() => store.open(id, hash)))
    const mine = await ticketFor(person.username, from('192.0.2.6', device))
    const answers = await Promise.all(tickets.map((ticket, index) => sendCode(ticket, '000000', from(addresses(60)[index] ?? ''))))
    report('60 codes at once', { checked: countOf(answers, 401), refused: countOf(answers, 429) })
    expect(countOf(answers, 401)).toBeGreaterThan(0)
    expect(countOf(answers, 401)).toBeLessThanOrEqual(5)
    expect(countOf(answers, 401) + countOf(answers, 429)).toBe(60)
    const [, owner] = await Promise.all([
      Promise.all(tickets.map((ticket) => sendCode(ticket, '000001', from('10.99.9.1')))),
      sendCode(mine, codeOf(1), from('192.0.2.6', device)),
    ])
    expect(owner.status).toBe(200)
  })

  it('a right password does not make the guesses at codes free again', async () => {
    const { person } = await withTwoStep('two-steps-more')
    let checked = 0
    for (let round = 0; round < 4; round++) {
      const ticket = await ticketFor(person.username, from('198.51.100.3'))
      for (let guess = 0; guess < 4; guess++) checked += Number((await sendCode(ticket, '000000', from('198.51.100.3'))).status === 401)
    }
    expect(checked).toBeLessThanOrEqual(6)
  })

  it('being told to wait uses up no ticket', async () => {
    const { person, codeOf } = await withTwoStep('two-steps-wait')
    const guessed = await Promise.all([1, 2].map(() => ticketFor(person.username, from('198.51.100.4'))))
    const mine = await ticketFor(person.username, from('203.0.113.4'))
    for (let guess = 0; guess < 6; guess++) await sendCode(guessed[guess % 2] ?? '', '000000', from('198.51.100.4'))
    for (let round = 0; round < 8; round++) expect((await sendCode(mine, codeOf(), from('203.0.113.4'))).status).toBe(429)
    await later(40)
    expect((await sendCode(mine, codeOf(1), from('203.0.113.4'))).status).toBe(200)
  })
})

describe('an account that thousands of addresses guess at', () => {
  it('is opened by a reset link, on a device that it was never used on', async () => {
    const owner = await connectPerson(roomline, { name: 'besieged-owner' })
    const flood = () => Promise.all(addresses(40).map((ip) => logIn(owner.username, 'wrong guess', from(ip))))
    await flood()
    expect((await logIn(owner.username, password, from('203.0.113.50'))).status).toBe(429)
    const { url } = await admin.trpc.admin.resetLink.mutate({ username: owner.username })
    const token = url.split('/').at(-1) ?? ''
    const reset = await roomline.web.reset(postJson('/api/reset', { token, password: 'a fresh and long passphrase' }, from('203.0.113.50')))
    expect(reset.status).toBe(204)
    const device = deviceOf(reset)
    const [, entered] = await Promise.all([flood(), logIn(owner.username, 'a fresh and long passphrase', from('203.0.113.50', device))])
    expect(entered.status).toBe(200)
  })

  it('leaves no rows behind that a housekeeping does not remove, and a bounded number of lines in the audit log', async () => {
    const before = await roomline.pool.query<{ count: number }>('SELECT count(*)::int FROM audit_log')
    await roomline.pool.query('DELETE FROM rate_limits')
    let checked = 0
    for (let round = 0; round < 2; round++) {
      const names = Array.from({ length: 17 }, (_, index) => `nobody-${round}-${index}`)
      checked += countOf(await Promise.all(names.map((name) => logIn(name, 'wrong guess', from('10.1.1.1')))), 401)
    }
    expect(checked).toBe(34)
    const after = await roomline.pool.query<{ count: number }>('SELECT count(*)::int FROM audit_log')
    const lines = (after.rows[0]?.count ?? 0) - (before.rows[0]?.count ?? 0)
    report('34 sign-ins of nobody from one address', { 'audit lines': lines })
    expect(lines).toBe(30 + 1)
    const { rows } = await roomline.pool.query(`SELECT count(*)::int AS notes FROM audit_log WHERE detail ? 'furtherNotListed'`)
    expect(rows).toEqual([{ notes: 1 }])

    await roomline.pool.query(`UPDATE rate_limits SET resets_at = now() - interval '1 s'`)
    await createRateLimitsJob(roomline.pool).run({}, new AbortController().signal)
    expect((await roomline.pool.query('SELECT FROM rate_limits')).rowCount).toBe(0)
  })
})
