import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'
import { searchAll, textsOf, untilIndexed } from './searches'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  await roomline.signUp()
})
afterAll(() => roomline[Symbol.asyncDispose]())

/** A message, and what somebody types who sees it. */
const visible: [text: string, query: string][] = [
  ['We have many options here', 'optio'],
  ['Deployment finished', 'deploy'],
  ['这个项目的进度很好', '项目'],
  ['我家在上海东边', '上海'],
  ['昨日東京タワーに行った', '東京'],
  ['오늘회의있어요', '회의'],
  ['สวัสดีครับทุกคน', 'สวัสดี'],
  ['see https://example.com/wiki/Some_Page?x=1#part for more', 'https://example.com/wiki/Some_Page?x=1#part'],
  ['see https://example.com/docs/Other_Page for more', 'docs/Other_Page'],
  ['it is in /usr/local/bin/foo', 'foo'],
  ['write to somebody@mail.example.org', 'mail.example.org'],
  ['Crème brûlée à la carte', 'crème brûlée'],
  ['Ｆｕｌｌｗｉｄｔｈ words', 'fullwidth'],
  ['Việt Nam xin chào', 'việt nam'],
]

it('what is visibly in a message is found, whether it was sent and typed composed or decomposed', async () => {
  const ada = await connectPerson(roomline)
  for (const form of ['NFC', 'NFD'] as const) {
    const room = await makeRoom('private', ada)
    for (const [text] of visible) await ada.trpc.chat.send.mutate({ room, text: text.normalize(form) })
    await untilIndexed(roomline)
    for (const [text, query] of visible) {
      for (const typed of ['NFC', 'NFD'] as const) {
        const { hits } = await ada.trpc.chat.search.query({ query: query.normalize(typed), room })
        expect(textsOf(hits), `${query}, sent ${form}, typed ${typed}`).toEqual([text.normalize(form)])
        for (const { excerpt, marks } of hits) expect(excerpt.slice(...(marks[0] ?? [])).length).toBeGreaterThan(0)
      }
    }
  }
})

it('pages skip and repeat nothing while others write, also among messages of the same millisecond in several rooms', async () => {
  const [ada, ben] = [await connectPerson(roomline), await connectPerson(roomline, { node: 1 })]
  const rooms = [await makeRoom('private', ada, ben), await makeRoom('private', ada, ben), await makeRoom('private', ada, ben)]
  const { user } = await ada.trpc.session.me.query()
  const perRoom = 20
  await roomline.pool.query(
    `WITH raised AS (UPDATE rooms SET last_seq = last_seq + $3, last_version = last_version + $3 WHERE id = ANY($1) RETURNING id, last_seq - $3 AS before),
     sent AS (
       INSERT INTO messages (room_id, seq, version, author_id, text, time)
       SELECT id, before + n, before + n, $2, 'cherry ' || id || n, '2024-05-01'::timestamptz + (n / 7) * interval '1 ms'
       FROM raised, generate_series(1, $3::int) n RETURNING room_id, seq, version
     )
     INSERT INTO after_commit (room_id, seq, version, what) SELECT room_id, seq, version, 'stored' FROM sent`,
    [rooms, user.id, perRoom],
  )
  await untilIndexed(roomline)
  const { rows } = await roomline.pool.query<{ text: string }>(
    `SELECT text FROM messages WHERE room_id = ANY($1) AND kind = 'text' ORDER BY time DESC, room_id DESC, seq DESC`,
    [rooms],
  )
  const expected = rows.map(({ text }) => text)
  expect(expected).toHaveLength(3 * perRoom)
  let isOver = false
  const writing = (async () => {
    for (let index = 0; !isOver; index++) await ben.trpc.chat.send.mutate({ room: rooms[index % 3] ?? '', text: `cherry, new ${index}` })
  })()
  const found: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page: Awaited<ReturnType<typeof ada.trpc.chat.search.query>> = await ada.trpc.chat.search.query({
      ...{ query: 'cherry', limit: 4 },
      ...(cursor && { cursor }),
    })
    // A full page, unless it is the last.
    expect(page.hits.length === 4 || page.cursor === null).toBe(true)
    found.push(...textsOf(page.hits))
    if (page.cursor === null) break
    cursor = page.cursor
  }
  isOver = true
  await writing
  expect(found.filter((text) => !text.includes('new'))).toEqual(expected)
  expect(new Set(found).size).toBe(found.length)
})

it('hits that turn out to be none do not end a page early', async () => {
  const ada = await connectPerson(roomline)
  const room = await makeRoom('private', ada)
  for (let index = 0; index < 12; index++) await ada.trpc.chat.send.mutate({ room, text: `plum ${index}` })
  await untilIndexed(roomline)
  // As if they had been edited a moment ago.
  await roomline.pool.query(`UPDATE messages SET text = 'pear' WHERE room_id = $1 AND text ~ '^plum ([2-9]|10)$'`, [room])
  expect(textsOf((await ada.trpc.chat.search.query({ query: 'plum', limit: 2 })).hits)).toEqual(['plum 11', 'plum 1'])
  expect(await searchAll(ada, { query: 'plum', limit: 2 })).toEqual(['plum 11', 'plum 1', 'plum 0'])
})

it('a message whose terms cannot be written holds up no other, and is found once they can', async () => {
  const ada = await connectPerson(roomline)
  const room = await makeRoom('private', ada)
  await roomline.pool.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON message_search FOR EACH ROW WHEN (NEW.terms @@ 'poison') EXECUTE FUNCTION refuse()`)
  await Promise.all(['apricot one', 'apricot poison', 'apricot two'].map((text) => ada.trpc.chat.send.mutate({ room, text })))
  await until(async () => (await searchAll(ada, { query: 'apricot', room })).length === 2)
  expect(await searchAll(ada, { query: 'poison' })).toEqual([])
  await roomline.pool.query('DROP TRIGGER refuse ON message_search')
  await roomline.pool.query('SELECT FROM graphile_worker.reschedule_jobs(ARRAY(SELECT id FROM graphile_worker.jobs), run_at => now())')
  await until(async () => (await searchAll(ada, { query: 'poison' })).length === 1, 20_000)
})
