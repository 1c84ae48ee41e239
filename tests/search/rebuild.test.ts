import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { untilExit } from '../../src/launch/running'
import { type IndexedMessage, indexedColumns } from '../../src/server/search/term-rows'
import { connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'
import { searchAll, untilIndexed } from './searches'

const count = 20_000

/** Runs `npm run search:rebuild`. */
function startRebuild({ config }: { config: Pick<Roomline['config'], 'databaseUrl'> }) {
  const tsx = createRequire(import.meta.url).resolve('tsx')
  const child = spawn(process.execPath, ['--import', tsx, 'src/launch/rebuild-search.ts'], {
    env: { ...process.env, DATABASE_URL: config.databaseUrl },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  return { child, output: () => output, exited: untilExit(child) }
}

async function makeMessages({ pool }: Roomline, room: string, userId: string) {
  await pool.query(
    `WITH raised AS (UPDATE rooms SET last_seq = last_seq + $3, last_version = last_version + $3 WHERE id = $1 RETURNING last_seq - $3 AS before)
     INSERT INTO messages (room_id, seq, version, author_id, text, deleted_at, time)
     SELECT $1, before + n, before + n, $2, CASE WHEN n % 10 = 0 THEN '' ELSE 'walnut number ' || n END, CASE WHEN n % 10 = 0 THEN now() END,
       '2024-01-01'::timestamptz + n * interval '1 s'
     FROM raised, generate_series(1, $3::int) n`,
    [room, userId, count],
  )
}

/** Messages without the terms that they should have, and terms of messages that are gone. */
async function findWrong({ pool }: Roomline) {
  const { rows } = await pool.query<IndexedMessage & { terms: string | null; known: boolean }>(
    `SELECT ${indexedColumns}, s.terms::text, s.seq IS NOT NULL AS known FROM messages m
     LEFT JOIN message_search s ON s.room_id = m.room_id AND s.seq = m.seq WHERE m.kind = 'text'`,
  )
  const { rows: leftovers } = await pool.query(
    'SELECT room_id, seq FROM message_search s WHERE NOT EXISTS (SELECT FROM messages m WHERE m.room_id = s.room_id AND m.seq = s.seq)',
  )
  return [
    ...rows.filter(({ is_removed, terms, known }) => !known || (terms === null) !== is_removed || terms?.includes('old')),
    ...leftovers,
  ]
}

const indexesOf = async ({ pool }: Roomline) =>
  (
    await pool.query(
      `SELECT pg_get_indexdef(indexrelid) AS definition, indisvalid FROM pg_index WHERE indrelid = 'message_search'::regclass ORDER BY 1`,
    )
  ).rows

it('a rebuild makes all messages findable, and can be killed and run again while people write', async () => {
  await using roomline = await startRoomline()
  const ada = await connectPerson(roomline)
  const room = await makeRoom('private', ada)
  const { user } = await ada.trpc.session.me.query()
  const indexes = await indexesOf(roomline)
  await makeMessages(roomline, room, user.id)
  // Nothing has terms, as after a restore without them: the indexes are made at the end.
  const killed = startRebuild(roomline)
  await until(() => killed.output().includes(' messages'), 30_000)
  killed.child.kill('SIGKILL')
  await killed.exited

  let isOver = false
  const sent: string[] = []
  const writing = (async () => {
    while (!isOver) {
      const text = `walnut, new ${sent.length}`
      await ada.trpc.chat.send.mutate({ room, text })
      sent.push(text)
    }
  })()
  const rebuild = startRebuild(roomline)
  expect(await rebuild.exited, rebuild.output()).toMatchObject({ code: 0 })
  isOver = true
  await writing
  await untilIndexed(roomline)
  expect(rebuild.output()).toContain(`All messages can be found.`)
  expect(await findWrong(roomline)).toEqual([])
  expect(await indexesOf(roomline)).toEqual(indexes)
  expect((await searchAll(ada, { query: 'walnut new', limit: 100 })).sort()).toEqual(sent.sort())
  expect(await searchAll(ada, { query: 'walnut 17', room })).toContain('walnut number 17')
})

it('a rebuild replaces what an earlier release made, and removes what messages left that are gone', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const { rows } = await roomline.pool.query<{ id: string }>(
    `INSERT INTO users (username, display_name) VALUES ('somebody', 'Somebody') RETURNING id`,
  )
  await makeMessages(roomline, 'general', rows[0]?.id ?? '')
  const first = startRebuild(roomline)
  expect(await first.exited, first.output()).toMatchObject({ code: 0 })
  await roomline.pool.query(`UPDATE message_search SET terms = 'old' WHERE seq % 3 = 0 AND terms IS NOT NULL`)
  await roomline.pool.query(`INSERT INTO message_search (room_id, seq, version, time, terms) VALUES ('general', 99999999, 1, now(), 'old')`)
  // A newer version than the message has, as when a node is quicker than the rebuild.
  await roomline.pool.query(`UPDATE message_search SET version = version + 1, terms = 'newer' WHERE seq = 1`)
  const second = startRebuild(roomline)
  expect(await second.exited, second.output()).toMatchObject({ code: 0 })
  expect(second.output()).toMatch(/20,000 of 20,000 messages, [\d,]+ a second, 0 s left/)
  expect(await findWrong(roomline)).toEqual([])
  const { rows: newer } = await roomline.pool.query('SELECT terms FROM message_search WHERE seq = 1')
  expect(newer).toEqual([{ terms: "'newer'" }])
})

it('a rebuild that is interrupted says that it has to run again', async () => {
  await using roomline = await startRoomline({ nodes: 0 })
  const { rows } = await roomline.pool.query<{ id: string }>(
    `INSERT INTO users (username, display_name) VALUES ('somebody', 'Somebody') RETURNING id`,
  )
  await makeMessages(roomline, 'general', rows[0]?.id ?? '')
  const rebuild = startRebuild(roomline)
  await until(() => rebuild.output().includes(' messages'), 30_000)
  rebuild.child.kill('SIGINT')
  expect(await rebuild.exited, rebuild.output()).toMatchObject({ code: 1 })
  expect(rebuild.output()).toContain('Run it again')
})

it('a rebuild that cannot reach the database says why, without the URL', async () => {
  const rebuild = startRebuild({ config: { databaseUrl: 'postgresql://somebody:secret@127.0.0.1:1/roomline' } })
  expect(await rebuild.exited, rebuild.output()).toMatchObject({ code: 1 })
  expect(rebuild.output()).toBe('Could not make the messages searchable: connect ECONNREFUSED 127.0.0.1:1\n')
})
