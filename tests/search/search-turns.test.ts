import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createSearchTurns } from '../../src/server/search/search-turns'
import { connectPerson } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

/** Searches that end when the test says so. */
function createSearches(places: number) {
  const turns = createSearchTurns(places)
  const running: { name: string; end: () => void; fail: (error: Error) => void }[] = []
  return {
    running,
    names: () => running.map(({ name }) => name),
    start: (person: string, name: string) =>
      turns.run(person, () =>
        new Promise<string>((resolve, reject) => {
          running.push({ name, end: () => resolve(name), fail: reject })
        }).finally(() => {
          running.splice(
            running.findIndex((one) => one.name === name),
            1,
          )
        }),
      ),
  }
}

describe('search turns', () => {
  it('a person with many searches takes one place, and others overtake those that wait', async () => {
    const { start, names, running } = createSearches(2)
    const all = ['a1', 'a2', 'a3', 'b1', 'c1'].map((name) => start(name.charAt(0), name))
    await until(() => running.length === 2)
    expect(names()).toEqual(['a1', 'b1'])
    running[0]?.end()
    await all[0]
    await until(() => running.length === 2)
    expect(names()).toEqual(['b1', 'c1'])
    running[0]?.end()
    await until(() => names().includes('a2'))
    expect(names()).toEqual(['c1', 'a2'])
    running[1]?.end()
    await until(() => names().includes('a3'))
    for (const { end } of [...running]) end()
    expect(await Promise.all(all)).toEqual(['a1', 'a2', 'a3', 'b1', 'c1'])
  })

  it('quick searches run one after the other, and a slow one holds up nobody', async () => {
    let turns = createSearchTurns(2, { quickMs: 60_000 })
    let running = 0
    let most = 0
    const quick = async () => {
      running++
      most = Math.max(most, running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
    }
    await Promise.all(Array.from({ length: 50 }, (_, person) => turns.run(`person ${person}`, quick)))
    expect(most).toBe(1)
    turns = createSearchTurns(2, { quickMs: 5 })
    let end = () => {}
    const slow = turns.run('slow', () => new Promise<void>((resolve) => (end = resolve)))
    await Promise.all(Array.from({ length: 50 }, (_, person) => turns.run(`person ${person}`, quick)))
    end()
    await slow
  })

  it('searches rest for a part of the time that they took, and their answers do not wait for it', async () => {
    let rested = 0
    let endRest = () => {}
    const turns = createSearchTurns(2, {
      quickMs: 60_000,
      rest: (ms) => {
        rested += ms
        return new Promise<void>((resolve) => {
          endRest = resolve
        })
      },
    })
    const search = async () => {
      for (const since = performance.now(); performance.now() - since < 20; );
      return 'found'
    }
    expect(await turns.run('a', search)).toBe('found')
    await until(() => rested > 0)
    expect(rested).toBeGreaterThanOrEqual(5)
    let hasStarted = false
    const next = turns.run('b', async () => {
      hasStarted = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(hasStarted).toBe(false)
    endRest()
    await next
    expect(hasStarted).toBe(true)
  })

  it('a search that fails gives its place to the next one', async () => {
    const { start, names, running } = createSearches(1)
    const failing = start('a', 'a1').catch((error: Error) => error.message)
    const next = start('a', 'a2')
    await until(() => running.length === 1)
    running[0]?.fail(new Error('broken'))
    expect(await failing).toBe('broken')
    await until(() => names().includes('a2'))
    running[0]?.end()
    expect(await next).toBe('a2')
  })

  it('who has waited too long is told so, and holds up nobody', async () => {
    const { start, running } = createSearches(1)
    const first = start('a', 'a1')
    const late = ['b1', 'c1'].map((name) => start(name.charAt(0), name).catch((error) => error))
    await until(() => running.length === 1)
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 11_000)
    const next = start('d', 'd1')
    running[0]?.end()
    expect(await first).toBe('a1')
    expect(await Promise.all(late)).toMatchObject(late.map(() => ({ failure: 'UNAVAILABLE' })))
    clock.mockRestore()
    await until(() => running.length === 1)
    running[0]?.end()
    expect(await next).toBe('d1')
  })

  it('who has many searches waiting is refused another one, until they have fewer', async () => {
    const { start, running } = createSearches(2)
    const mine = Array.from({ length: 9 }, (_, index) => start('a', `a${index}`))
    await expect(start('a', 'one more')).rejects.toMatchObject({ failure: 'TOO_MANY_REQUESTS', detail: { retryAfterMs: 1_000 } })
    const other = start('b', 'b0')
    await until(() => running.length === 2)
    running[1]?.end()
    expect(await other).toBe('b0')
    for (const search of mine) {
      await until(() => running.length > 0)
      running[0]?.end()
      await search
    }
    const again = start('a', 'again')
    await until(() => running.length === 1)
    running[0]?.end()
    expect(await again).toBe('again')
  })
})

describe('searches that hang', () => {
  let roomline: Roomline
  beforeAll(async () => {
    roomline = await startRoomline()
  })
  afterAll(() => roomline[Symbol.asyncDispose]())

  it('hold up neither other look-ups nor sends, and those beyond the bound are refused', async () => {
    const [ada, other] = [await connectPerson(roomline), await connectPerson(roomline)]
    // One connection runs only a few calls at a time.
    const clients = [ada, roomline.connect(ada), roomline.connect(ada), roomline.connect(ada)]
    // Connected before the first search runs: one that hangs is given up after some seconds.
    await Promise.all(clients.map(({ trpc }) => trpc.session.me.query()))
    const lock = new pg.Client({ connectionString: roomline.config.databaseUrl })
    await lock.connect()
    await lock.query('BEGIN; LOCK TABLE message_search IN ACCESS EXCLUSIVE MODE')
    const answers: string[] = []
    const searches = clients.flatMap(({ trpc }) =>
      Array.from({ length: 8 }, () =>
        trpc.chat.search.query({ query: 'anything' }).then(
          () => answers.push('found'),
          (error) => answers.push(error.data.failure),
        ),
      ),
    )
    await until(() => answers.includes('TOO_MANY_REQUESTS'))
    // Before it, at most a search that was given up on a busy machine.
    expect(answers.filter((answer) => answer !== 'TOO_MANY_REQUESTS' && answer !== 'UNAVAILABLE')).toEqual([])
    expect((await other.trpc.users.search.query({ query: ada.username })).users).toHaveLength(1)
    expect(await other.trpc.chat.send.mutate({ room: 'general', text: 'still here' })).toMatchObject({ text: 'still here' })
    await lock.query('COMMIT')
    await lock.end()
    await Promise.all(searches)
    expect(answers.filter((answer) => answer === 'found').length).toBeGreaterThan(0)
    expect(await other.trpc.chat.search.query({ query: 'anything' })).toEqual({ hits: [], cursor: null })
  })
})
