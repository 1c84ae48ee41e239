import { describe, expect, it } from 'vitest'
import { createFairQueue } from '../../src/server/auth/fair-queue'
import { password } from '../support/people'
import { report } from '../support/report'
import { postJson, startRoomline } from '../support/roomline'

const settings = { atOnce: 1, maxPerLine: 20, maxWaiting: 60, workMs: 20 }
const stranger = (line: string) => ({ line, isKnown: false })

/** A queue whose work ends when it is told to. */
function createStepped(options: Partial<typeof settings> = {}) {
  const queue = createFairQueue({ ...settings, ...options })
  const begun: string[] = []
  const ends: (() => void)[] = []
  const refused: string[] = []
  return {
    queue,
    begun,
    refused,
    add: (name: string, asker = stranger(name)) =>
      void queue
        .run(asker, () => {
          begun.push(name)
          return new Promise<void>((end) => ends.push(end))
        })
        .catch((error: Error) => refused.push(`${name} ${error.name}`)),
    step: async () => {
      ends.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

describe('the queue for hashing', () => {
  it('takes turns: a burst delays somebody else by a turn', async () => {
    const { add, begun, step } = createStepped()
    for (let index = 0; index < 20; index++) add('burst')
    add('other')
    for (let round = 0; round < 3; round++) await step()
    expect(begun).toEqual(['burst', 'burst', 'other', 'burst'])
  })

  it('gives every other turn to people who are known, however many strangers wait', async () => {
    const { add, begun, step } = createStepped()
    for (let index = 0; index < 30; index++) add(`stranger ${index}`)
    add('known', { line: 'device', isKnown: true })
    await step()
    await step()
    expect(begun.slice(0, 3)).toContain('known')
  })

  it('is bounded for each, and makes room for newcomers by sending those away who have most waiting', async () => {
    const { add, refused, queue } = createStepped()
    for (let index = 0; index < 25; index++) add('first')
    await new Promise((resolve) => setImmediate(resolve))
    expect(refused).toEqual(Array(4).fill('first TOO_MANY_REQUESTS'))
    for (let index = 0; index < 40; index++) add(index % 2 ? 'second' : 'third')
    expect(queue.waiting()).toBe(60)
    add('newcomer')
    await new Promise((resolve) => setImmediate(resolve))
    expect(queue.waiting()).toBe(60)
    expect(refused.slice(4)).toEqual(['second UNAVAILABLE'])
  })

  it('lets somebody known in when strangers from as many addresses as it holds have filled it', async () => {
    const { add, refused, queue, begun, step } = createStepped()
    for (let index = 0; index < 61; index++) add(`stranger ${index}`)
    expect(queue.waiting()).toBe(60)
    add('known', { line: 'device', isKnown: true })
    await step()
    await step()
    expect(begun).toContain('known')
    expect(refused).toEqual(['stranger 60 UNAVAILABLE'])
  })

  it('ends empty, whatever the work does', async () => {
    const queue = createFairQueue({ ...settings, atOnce: 2 })
    const runs = Array.from({ length: 15 }, (_, index) =>
      queue.run(stranger(`${index % 4}`), async () => (index % 3 ? index : Promise.reject(new Error('no')))),
    )
    const settled = await Promise.allSettled(runs)
    expect(settled.filter(({ status }) => status === 'rejected').length).toBe(5)
    expect(queue.waiting()).toBe(0)
    expect(await queue.run(stranger('later'), async () => 'works')).toBe('works')
  })
})

describe('signing in', () => {
  it('does not wait for 200 others at once, neither on a known device nor elsewhere', async () => {
    await using roomline = await startRoomline({ nodes: 0 })
    const logIn = (username: string, ip: string, cookie = '') =>
      roomline.web.login(postJson('/api/login', { username, password }, { 'x-roomline-client-address': ip, cookie }))
    const registered = await roomline.web.register(postJson('/api/register', { username: 'ada', password }))
    const device = registered.headers.getSetCookie().find((each) => each.startsWith('X-Device=')) ?? ''
    const timed = async (work: Promise<Response>) => {
      const startedAt = performance.now()
      const { status } = await work
      return { status, ms: Math.round(performance.now() - startedAt) }
    }
    const alone = await timed(logIn('ada', '192.0.2.1', device))
    let left = 200
    const burst = Array.from({ length: 200 }, (_, index) => logIn(`guess${index}`, '198.51.100.7').finally(() => left--))
    const known = await timed(logIn('ada', '198.51.100.7', device))
    const leftAfterKnown = left
    const elsewhere = await timed(logIn('ada', '192.0.2.2'))
    const statuses = (await Promise.all(burst)).map(({ status }) => status)
    report('200 sign-ins at once', {
      'alone, ms': alone.ms,
      'known device, ms': known.ms,
      'another network, ms': elsewhere.ms,
      checked: statuses.filter((status) => status === 401).length,
      'sent away': statuses.filter((status) => status === 429).length,
    })
    expect([alone.status, known.status, elsewhere.status]).toEqual([200, 200, 200])
    expect(leftAfterKnown).toBeGreaterThan(0)
  }, 120_000)
})

describe('an unknown user and a wrong password', () => {
  it('get the same bytes after the same time: 200 each', async () => {
    await using roomline = await startRoomline({ nodes: 0 })
    const people = Array.from({ length: 20 }, (_, index) => `known${index}`)
    for (const username of people) await roomline.web.register(postJson('/api/register', { username, password }))
    await roomline.pool.query(`UPDATE users SET disabled_at = now() WHERE username IN ('known1', 'known2')`)
    await roomline.pool.query(`UPDATE users SET password_hash = NULL WHERE username IN ('known3', 'known4')`)
    const bodies = new Set<string>()
    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] }
    for (let round = 0; round < 200; round++) {
      for (const kind of round % 2 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)) {
        const username = kind === 'known' ? (people[round % 20] ?? '') : `stranger${round % 20}`
        const request = postJson(
          '/api/login',
          { username, password: 'not the passphrase' },
          { 'x-roomline-client-address': `10.1.${round}.1` },
        )
        const startedAt = performance.now()
        const response = await roomline.web.login(request)
        const body = await response.text()
        // Their name may be locked by now, both alike: that is measured apart.
        if (response.status === 401) times[kind].push(performance.now() - startedAt)
        bodies.add(JSON.stringify([response.status, [...response.headers].filter(([name]) => name !== 'retry-after'), body]))
        if (round % 4 === 3) await roomline.pool.query('DELETE FROM rate_limits')
      }
    }
    const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
    const [known, unknown] = [median(times.known), median(times.unknown)]
    report('sign-in', {
      'known median, ms': known.toFixed(2),
      'unknown median, ms': unknown.toFixed(2),
      'answers that differ': bodies.size - 1,
    })
    expect([...bodies].length).toBe(1)
    expect(times.known.length).toBe(200)
    expect(times.unknown.length).toBe(200)
    // Without a dummy hash for unknown names it would be many times as long.
    expect(known / unknown).toBeGreaterThan(0.5)
    expect(known / unknown).toBeLessThan(2)
  }, 120_000)

  it.each(['ADA ', ' ada', '\tAda\n'])('%j is ada', async (typed) => {
    await using roomline = await startRoomline({ nodes: 0 })
    expect((await roomline.web.register(postJson('/api/register', { username: typed, password }))).status).toBe(201)
    expect((await roomline.web.login(postJson('/api/login', { username: typed, password }))).status).toBe(200)
    expect((await (await roomline.web.login(postJson('/api/login', { username: 'ada', password }))).json()).user.username).toBe('ada')
  })
})
