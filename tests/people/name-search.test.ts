import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits, roomRoles } from '../../src/contract/rules'
import { createSeeded } from '../faults/seeded'
import { type ConnectedPerson, connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'

let roomline: Roomline
let ada: ConnectedPerson
beforeAll(async () => {
  roomline = await startRoomline()
  ada = await connectPerson(roomline, { name: 'ada' })
})
afterAll(() => roomline[Symbol.asyncDispose]())

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const chance = createSeeded(seed)
const pick = <Value>(values: readonly Value[]): Value => values[chance.between(0, values.length - 1)] as Value

const addPeople = (people: { username: string; displayName: string }[]) =>
  roomline.pool.query('INSERT INTO users (username, display_name) SELECT * FROM unnest($1::text[], $2::text[])', [
    people.map(({ username }) => username),
    people.map(({ displayName }) => displayName),
  ])
const addMembers = (room: string, usernames: string[]) =>
  roomline.pool.query('INSERT INTO memberships (room_id, user_id) SELECT $1, id FROM users WHERE username = ANY($2)', [room, usernames])
const countOf = async (room: string) =>
  (await roomline.pool.query<{ count: number }>('SELECT member_count AS count FROM rooms WHERE id = $1', [room])).rows[0]?.count

/** What the database folds, by other means. */
const fold = (name: string) => name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('ß', 'ss')
const compare = (a: string, b: string) => Number(a > b) - Number(a < b)

/** A cursor's pages, one after the other. @param between runs before each further page */
async function readAll<Row>(
  read: (cursor: string | null) => Promise<{ rows: Row[]; cursor: string | null }>,
  between: () => Promise<unknown> = async () => {},
): Promise<Row[]> {
  const all: Row[] = []
  for (let cursor: string | null = null, isFirst = true; isFirst || cursor !== null; isFirst = false) {
    if (!isFirst) await between()
    const page = await read(cursor)
    all.push(...page.rows)
    cursor = page.cursor
  }
  return all
}

const membersOf = (room: string, query = '', between?: () => Promise<unknown>) =>
  readAll(async (cursor) => {
    const page = await ada.trpc.rooms.members.query({ room, query, cursor })
    return { rows: page.members, cursor: page.cursor }
  }, between)

const firstNames = ['Anna', 'Björn', 'Chloé', 'Grete', 'Jürgen', 'Łucja', 'María', 'Zoë']
const lastNames = ['Ångström', 'Berg', 'Groß', 'Hermann', 'Ivanov', 'Müller', 'Olsen', 'Strauß']
const crowd = Array.from({ length: 3_000 }, (_, index) => {
  const username = pick([`${fold(pick(firstNames)).replace('ł', 'l')}.${index}`, `user${index}`, `${index}-${pick(['x', 'qt', 'berg'])}`])
  return { username, displayName: `${pick(['Quentin', ...firstNames])} ${pick(lastNames)}` }
})

describe('searching for people', () => {
  it('finds everybody for an empty query, and for one of which nothing is left', async () => {
    for (const query of ['', ' ', '\u0301']) {
      expect((await ada.trpc.users.search.query({ query })).users.map(({ username }) => username)).toEqual(['ada'])
    }
  })
})

describe('searching for people among thousands', () => {
  it('finds the same as reading all names, common and rare, with one letter or many', { timeout: 60_000 }, async () => {
    await addPeople(crowd)
    const everybody = [...crowd, { username: 'ada', displayName: 'ada' }]
    const expected = (query: string) => {
      const wanted = fold(query).replaceAll('ł', 'l')
      const shownOf = ({ displayName }: { displayName: string }) => fold(displayName).replaceAll('ł', 'l')
      const rankOf = (person: (typeof everybody)[number]) => {
        const [username, shown] = [person.username, shownOf(person)]
        if (username.startsWith(wanted)) return 0
        if (shown.startsWith(wanted)) return 1
        return username.includes(wanted) || shown.includes(wanted) ? 2 : 3
      }
      return everybody
        .filter((person) => rankOf(person) < 3)
        .sort((a, b) => rankOf(a) - rankOf(b) || (rankOf(a) === 1 ? compare(shownOf(a), shownOf(b)) : 0) || compare(a.username, b.username))
        .map(({ username }) => username)
    }
    const partOf = (name: string) => {
      const start = chance.between(0, name.length - 1)
      return name.slice(start, start + chance.between(1, 6)).trim()
    }
    const random = Array.from({ length: 200 }, () => partOf(pick([pick(crowd).username, pick(crowd).displayName])))
    const queries = [
      '',
      'e',
      'é',
      'er',
      'ser',
      'q',
      'qt',
      'quen',
      'berg',
      'gross',
      'GROSS',
      'jurgen m',
      'łu',
      'lu',
      'nobody',
      'ann',
      ' ',
      '.',
      ...random,
    ]
    const sizes = new Set<string>()
    for (const query of queries) {
      const all = expected(query)
      sizes.add(all.length > 1_000 ? 'many' : all.length > 50 ? 'some' : all.length > 0 ? 'few' : 'none')
      const { users } = await ada.trpc.users.search.query({ query, limit: 50 })
      expect(
        users.map(({ username }) => username),
        `"${query}", seed ${seed}`,
      ).toEqual(all.slice(0, 50))
    }
    expect([...sizes].sort()).toEqual(['few', 'many', 'none', 'some'])
  })

  it.each([
    ['José', 'jose'],
    ['jose', 'JOSÉ'],
    ['Jose\u0301', 'josé'],
    ['José', 'jose\u0301'],
    ['Straße', 'STRASSE'],
    ['Łódź', 'lodz'],
    ['Søren Ærø', 'soren aero'],
    ['ＷＩＤＥ', 'wide'],
    ['王小明', '小明'],
    ['王小明', '明'],
    ['Ελένη Οδός', 'οδοσ'],
    ['Наталья', 'наталья'],
    ['한국', '국'],
    ['สมชาย', 'ชาย'],
    ['100 % \\o/ _', '% \\o/ _'],
  ])('finds %s by %s', async (displayName, query) => {
    const username = `found${chance.between(0, 10 ** 9)}`
    await addPeople([{ username, displayName: `${displayName} ${username}` }])
    const find = async (text: string) => (await ada.trpc.users.search.query({ query: text, limit: 50 })).users.map((user) => user.username)
    expect(await find(`${query} ${username}`)).toEqual([username])
    await roomline.pool.query('UPDATE users SET display_name = $2 WHERE username = $1', [username, 'another name'])
    expect(await find(`${query} ${username}`)).toEqual([])
  })

  it('does not take half a syllable or another sound for the same', async () => {
    await addPeople([
      { username: 'hangul', displayName: '각' },
      { username: 'kana', displayName: 'がっこう' },
    ])
    expect((await ada.trpc.users.search.query({ query: '가' })).users).toEqual([])
    expect((await ada.trpc.users.search.query({ query: 'か' })).users).toEqual([])
    expect((await ada.trpc.users.search.query({ query: 'が' })).users).toMatchObject([{ username: 'kana' }])
  })
})

describe('the members of a large room', () => {
  it('by name: each page goes on where the last one ended, common names and rare ones', { timeout: 60_000 }, async () => {
    const room = await makeRoom('private', ada)
    const usernames = crowd.slice(0, 2_700).map(({ username }) => username)
    await addMembers(room, usernames)
    await roomline.pool.query(
      `UPDATE memberships SET role = 'moderator' WHERE room_id = $1 AND user_id IN (SELECT id FROM users WHERE username LIKE '%7')`,
      [room],
    )
    const everybody = await membersOf(room)
    const orderOf = ({ role, user }: (typeof everybody)[number]) => [roomRoles.length - roomRoles.indexOf(role), user.username] as const
    const sorted = everybody.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    expect(everybody).toEqual(sorted)
    expect(new Set(everybody.map(({ user }) => user.username))).toEqual(new Set(['ada', ...usernames]))
    for (const query of ['e', 'er', 'qt', 'berg', 'gross', 'Chloé Ång', 'user12', 'nobody', 'ada']) {
      const wanted = fold(query)
      const expected = everybody.filter(({ user }) => user.username.includes(wanted) || fold(user.displayName).includes(wanted))
      expect(await membersOf(room, query), `"${query}", seed ${seed}`).toEqual(expected)
    }
    const [{ count, members } = { count: 0, members: [] }] = [await ada.trpc.rooms.members.query({ room, query: 'nobody' })]
    expect([count, members]).toEqual([2_701, []])
  })

  it('while people join, leave and change roles between the pages: all others are listed once', { timeout: 60_000 }, async () => {
    const room = await makeRoom('private', ada)
    const inside = crowd.slice(0, 900).map(({ username }) => username)
    const outside = crowd.slice(900).map(({ username }) => username)
    await addMembers(room, inside)
    const moved = new Set<string>()
    const listed = await membersOf(room, '', async () => {
      const leaving = Array.from({ length: 10 }, () => pick(inside))
      const joining = Array.from({ length: 10 }, () => pick(outside))
      const promoted = Array.from({ length: 10 }, () => pick(inside))
      for (const username of [...leaving, ...joining, ...promoted]) moved.add(username)
      const ids = 'user_id IN (SELECT id FROM users WHERE username = ANY($2))'
      await roomline.pool.query(`UPDATE memberships SET role = 'moderator' WHERE room_id = $1 AND ${ids}`, [room, promoted])
      await roomline.pool.query(`DELETE FROM memberships WHERE room_id = $1 AND ${ids}`, [room, leaving])
      await roomline.pool.query(
        'INSERT INTO memberships (room_id, user_id) SELECT $1, id FROM users WHERE username = ANY($2) ON CONFLICT DO NOTHING',
        [room, joining],
      )
    })
    const names = listed.map(({ user }) => user.username)
    const still = names.filter((username) => !moved.has(username) && username !== 'ada')
    expect(still.toSorted()).toEqual(inside.filter((username) => !moved.has(username)).toSorted())
    expect(names.length).toBeGreaterThan(limits.membersPage)
  })

  it('are counted: every way in and out, an operator’s SQL too', async () => {
    const room = await makeRoom('public', ada)
    const ben = await connectPerson(roomline, { name: 'ben' })
    const counts = async () => {
      const { rooms } = await ada.trpc.rooms.browse.query({ query: 'Room of ada' })
      return [rooms.find(({ id }) => id === room)?.memberCount, (await ada.trpc.rooms.members.query({ room })).count, await countOf(room)]
    }
    expect(await counts()).toEqual([1, 1, 1])
    await ben.trpc.rooms.join.mutate({ room })
    await ben.trpc.rooms.join.mutate({ room })
    expect(await counts()).toEqual([2, 2, 2])
    await ada.trpc.rooms.ban.mutate({ room, username: 'ben' })
    expect(await counts()).toEqual([1, 1, 1])
    await addMembers(room, ['ben', ...crowd.slice(0, 5).map(({ username }) => username)])
    expect(await counts()).toEqual([7, 7, 7])
    await roomline.pool.query('DELETE FROM users WHERE username = ANY($1)', [[crowd[0]?.username, crowd[1]?.username]])
    expect(await counts()).toEqual([5, 5, 5])
  })

  it('a new username is listed in its place', async () => {
    const room = await makeRoom('private', ada)
    await addPeople([
      { username: 'was-first', displayName: 'x' },
      { username: 'was-second', displayName: 'x' },
    ])
    await addMembers(room, ['was-first', 'was-second'])
    await roomline.pool.query(`UPDATE users SET username = 'zuletzt' WHERE username = 'was-first'`)
    expect((await membersOf(room)).map(({ user }) => user.username)).toEqual(['ada', 'was-second', 'zuletzt'])
  })
})

describe('public rooms among thousands', () => {
  it('by name or topic: the same as reading all, in pages', { timeout: 60_000 }, async () => {
    const names = Array.from({ length: 2_500 }, (_, index) => ({
      id: `many-${index}`,
      name: `${pick(['Garten', 'Süd', 'Projekt', '研究'])} ${chance.between(1, 400)}`,
      topic: pick(['', 'Planung', 'Das Café', 'qz']),
    }))
    await roomline.pool.query(
      `INSERT INTO rooms (id, kind, name, topic) SELECT id, 'public', name, topic FROM unnest($1::text[], $2::text[], $3::text[]) r(id, name, topic)`,
      [names.map(({ id }) => id), names.map(({ name }) => name), names.map(({ topic }) => topic)],
    )
    await roomline.pool.query(`INSERT INTO bans (room_id, user_id) SELECT 'many-0', id FROM users WHERE username = 'ada'`)
    for (const query of ['a', 'sud', 'Süd 3', 'garten 39', 'cafe', 'qz', '研', 'n', 'nothing like it']) {
      const wanted = fold(query)
      const expected = names.filter(
        ({ id, name, topic }) => id !== 'many-0' && (fold(name).includes(wanted) || fold(topic).includes(wanted)),
      )
      const found = await readAll(async (cursor) => {
        const page = await ada.trpc.rooms.browse.query({ query, cursor })
        return { rows: page.rooms, cursor: page.cursor }
      })
      const ours = found.filter(({ id }) => id.startsWith('many-'))
      expect(ours.map(({ id }) => id).toSorted(), `"${query}", seed ${seed}`).toEqual(expected.map(({ id }) => id).toSorted())
      expect(ours.map(({ name }) => name)).toEqual(
        ours
          .map(({ name }) => name)
          .toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : a.toLowerCase() > b.toLowerCase() ? 1 : 0)),
      )
    }
  })
})
