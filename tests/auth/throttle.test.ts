import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { password } from '../support/people'
import { report } from '../support/report'
import { postJson, type Roomline, startRoomline } from '../support/roomline'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 0 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

const from = (ip: string, cookie?: string) => ({ 'x-roomline-client-address': ip, ...(cookie && { cookie }) })
const logIn = (username: string, word: string, headers: Record<string, string> = {}) =>
  roomline.web.login(postJson('/api/login', { username, password: word }, headers))
const addresses = (count: number) => Array.from({ length: count }, (_, index) => `10.${index}.7.1`)
const cookiesOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')

/** Registers somebody. @returns the cookies of their browser */
async function meet(username: string): Promise<string> {
  const response = await roomline.web.register(postJson('/api/register', { username, password }, from('192.0.2.1')))
  expect(response.status).toBe(201)
  return cookiesOf(response)
}
const countOf = (responses: Response[], status: number) => responses.filter((response) => response.status === status).length
/** Lets the time pass that all limits need. */
const later = (seconds: number) => roomline.pool.query(`UPDATE rate_limits SET resets_at = resets_at - $1 * interval '1 s'`, [seconds])

describe('guessing at an account', () => {
  it.each(['guessed', 'nobody-at-all'])('%s: of 60 at once from 60 addresses, at most 5 are checked', async (username) => {
    if (username === 'guessed') await meet(username)
    const answers = await Promise.all(addresses(60).map((ip) => logIn(username, 'wrong guess', from(ip))))
    report('60 guesses at once', { account: username, checked: countOf(answers, 401), refused: countOf(answers, 429) })
    expect(countOf(answers, 401)).toBeLessThanOrEqual(5)
    expect(countOf(answers, 401)).toBeGreaterThan(0)
    expect(countOf(answers, 401) + countOf(answers, 429)).toBe(60)
    expect(new Set(await Promise.all(answers.filter(({ status }) => status === 429).map((answer) => answer.text()))).size).toBe(1)
  })

  it('goes on from known devices meanwhile, with no more than their own guesses against them', async () => {
    const home = await meet('owner')
    const flood = async () => countOf(await Promise.all(addresses(60).map((ip) => logIn('owner', 'wrong guess', from(ip)))), 401)
    expect(await flood()).toBeLessThanOrEqual(5)
    const [attack, owner] = await Promise.all([flood(), logIn('owner', password, from('10.0.7.1', home))])
    expect([attack, owner.status]).toEqual([0, 200])
    // The session's cookie may be gone: that of the device stays.
    const device = home.split('; ').find((cookie) => cookie.startsWith('X-Device=')) ?? ''
    expect((await logIn('owner', password, from('10.0.7.1', device))).status).toBe(200)
    expect((await logIn('owner', password, from('10.0.7.1', 'X-Device=made-up'))).status).toBe(429)
    // A device is known to those only who signed in on it.
    expect((await logIn('guessed', password, from('10.0.7.1', device))).status).toBe(429)
    const guesses = []
    for (let guess = 0; guess < 12; guess++) guesses.push((await logIn('owner', 'wrong guess', from('10.0.7.1', device))).status)
    expect(guesses).toEqual([...Array(10).fill(401), 429, 429])
  })

  it('from two addresses does not keep the owner out, on a new device in a new network either', async () => {
    await meet('besieged')
    for (let guess = 0; guess < 20; guess++) await logIn('besieged', 'wrong guess', from(`198.51.${guess % 2}.1`))
    const locked = await logIn('besieged', password, from('203.0.113.9'))
    expect(locked.status).toBe(429)
    expect(Number(locked.headers.get('retry-after'))).toBeLessThanOrEqual(30)
    await later(31)
    expect((await logIn('besieged', password, from('203.0.113.9'))).status).toBe(200)
    // Those two slow down more and more, up to a quarter of an hour, and use up less than is free again.
    const statuses = []
    for (let round = 0; round < 60; round++) {
      statuses.push((await logIn('besieged', 'wrong guess', from('198.51.0.1'))).status)
      await later(60)
    }
    expect(statuses.slice(30).filter((status) => status === 401).length).toBeLessThanOrEqual(2)
  })

  it('counts an IPv6 /64 as one, a /48 nearly so, and each of 12 ways to write an address as the same', async () => {
    const guesses = async (username: string, ips: string[]) => {
      const statuses = []
      for (const ip of ips) {
        statuses.push((await logIn(username, 'wrong guess', from(ip))).status)
        // The limit over all networks is not what is tested here.
        await roomline.pool.query(`DELETE FROM rate_limits WHERE key !~ ' from '`)
      }
      return statuses.filter((status) => status === 401).length
    }
    expect(
      await guesses(
        'of-one-64',
        Array.from({ length: 12 }, (_, index) => `2001:db8:1:1:${index}::${index}`),
      ),
    ).toBe(5)
    expect(
      await guesses(
        'of-one-48',
        Array.from({ length: 20 }, (_, index) => `2001:db8:1:${index}::1`),
      ),
    ).toBe(10)
    expect(
      await guesses(
        'of-many',
        Array.from({ length: 12 }, (_, index) => `2001:db8:${index}::1`),
      ),
    ).toBe(12)
  })

  it('lets many right ones in at once, and mistakes in between cost nothing', async () => {
    await meet('many-devices')
    const answers = await Promise.all(Array.from({ length: 12 }, () => logIn('many-devices', password, from('203.0.113.20'))))
    expect(countOf(answers, 200)).toBe(12)
    for (let round = 0; round < 3; round++) {
      for (let mistake = 0; mistake < 4; mistake++) {
        expect((await logIn('many-devices', 'mistyped', from('203.0.113.20'))).status).toBe(401)
      }
      expect((await logIn('many-devices', password, from('203.0.113.20'))).status).toBe(200)
      await later(150)
    }
  })

  it('leaves lines in the audit log: each wrong one, and one for a lock', async () => {
    await meet('audited')
    await Promise.all(addresses(20).map((ip) => logIn('audited', 'wrong guess', from(ip))))
    await logIn('My Secret Password!', 'x', from('203.0.113.30'))
    const { rows } = await roomline.pool.query<{ kind: string; ip: string; username: string | null; count: number }>(
      `SELECT a.action AS kind, a.detail->>'username' AS username, count(*)::int FROM audit_log a JOIN users u ON u.id = a.subject_id
       WHERE u.username = 'audited' AND a.actor_id IS NULL GROUP BY 1, 2 ORDER BY 1`,
    )
    expect(rows).toEqual([
      { kind: 'signIn.failed', username: 'audited', count: 5 },
      { kind: 'signIn.locked', username: null, count: 1 },
    ])
    const { rows: strangers } = await roomline.pool.query(
      `SELECT actor_id, subject_id, detail FROM audit_log WHERE ip = '203.0.113.30' ORDER BY id`,
    )
    expect(strangers).toEqual([{ actor_id: null, subject_id: null, detail: { device: null } }])
    const { rows: succeeded } = await roomline.pool.query(
      `SELECT a.action FROM audit_log a JOIN users u ON u.id = a.actor_id WHERE u.username = 'audited' ORDER BY a.id`,
    )
    expect(succeeded.map(({ action }) => action)).toEqual(['account.registered', 'signIn.succeeded'])
  })
})

describe('the limit of an address', () => {
  it('does not keep out people who share it, on their known devices', async () => {
    await using office = await startRoomline({ nodes: 0, env: { LOGINS_PER_MINUTE: '3' } })
    const enter = (route: 'login' | 'register', username: string, word: string, cookie?: string) =>
      office.web[route](postJson(`/api/${route}`, { username, password: word }, from('192.0.2.77', cookie)))
    const ada = cookiesOf(await enter('register', 'ada', password))
    for (let index = 0; index < 3; index++) expect((await enter('login', `other${index}`, 'wrong')).status).toBe(401)
    expect((await enter('login', 'ada', password)).status).toBe(429)
    expect((await enter('login', 'ada', password, ada)).status).toBe(200)
  })
})
