import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RoomListEvent } from '../../src/contract/room'
import { startEmbeddedPostgres } from '../../src/launch/embedded-postgres'
import { startChangeTail, type TailChanges } from '../../src/server/fanout/change-tail'
import { createLog } from '../../src/server/platform/log'
import { migrate } from '../../src/server/platform/migrations'
import { makeQuickFolder } from '../support/quick-folder'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 0 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

/** A node's tail, and what it said. */
async function openTail(pool = roomline.pool, pruneEveryMs?: number) {
  const looks: (TailChanges | 'anything')[] = []
  const tail = startChangeTail({ pool, log: createLog({ logLevel: 'silent' }, 'test'), pruneEveryMs })
  tail.onChanges((changes) => looks.push(changes))
  await until(() => looks.length > 0)
  const all = () => looks.flatMap((look) => (look === 'anything' ? [] : [look]))
  return {
    looks,
    /** How often each version of a room was told, as "room version". */
    versions: () => all().flatMap(({ rooms }) => [...rooms].map(([room, version]) => `${room} ${version}`)),
    memberships: (room: string) => all().flatMap(({ memberships }) => memberships.filter((each) => each.room === room)),
    [Symbol.asyncDispose]: () => tail.close(),
  }
}

async function makeRooms(count: number): Promise<string[]> {
  const rooms = Array.from({ length: count }, () => randomUUID())
  await roomline.pool.query(`INSERT INTO rooms (id, kind, name) SELECT id, 'private', 'Room' FROM unnest($1::text[]) id`, [rooms])
  return rooms
}

async function makePerson(): Promise<string> {
  const { rows } = await roomline.pool.query<{ id: string }>('INSERT INTO users (username, display_name) VALUES ($1, $1) RETURNING id', [
    `p${randomUUID().slice(0, 8)}`,
  ])
  return rows[0]?.id ?? ''
}

const raise = (room: string | undefined, querying: Pick<pg.Pool, 'query'> = roomline.pool) =>
  querying.query('UPDATE rooms SET last_version = last_version + 1 WHERE id = $1', [room])

async function openTransaction() {
  const client = await roomline.pool.connect()
  await client.query('BEGIN')
  return {
    query: client.query.bind(client) as unknown as pg.Pool['query'],
    commit: async () => {
      await client.query('COMMIT')
      client.release()
    },
  }
}

const readPlace = async (known: unknown = null) => {
  const { rows } = await roomline.pool.query<{ place: { snapshot: string; at: string; epoch: string }; changes: unknown[] | null }>(
    'SELECT place, changes FROM read_change_tail($1)',
    [known],
  )
  if (!rows[0]) throw new Error('no row')
  return rows[0]
}

describe('the tail of changes', () => {
  it('tells every node of every changed room, with its newest version', async () => {
    await using one = await openTail()
    await using two = await openTail()
    const [first, second, third] = await makeRooms(3)
    await roomline.pool.query('UPDATE rooms SET last_version = 7 WHERE id = ANY($1)', [[first, second]])
    await raise(second)
    for (const tail of [one, two]) {
      await until(() => tail.versions().includes(`${first} 7`) && tail.versions().includes(`${second} 8`))
      expect(tail.versions().filter((each) => each.startsWith(`${third}`))).toEqual([])
    }
  })

  it('tells of memberships that began, changed or ended, whoever wrote them', async () => {
    const [room] = await makeRooms(1)
    const userId = await makePerson()
    await using tail = await openTail()
    const key = [room, userId]
    const statements = [
      'INSERT INTO memberships (room_id, user_id) VALUES ($1, $2)',
      `UPDATE memberships SET notify = 'mentions' WHERE room_id = $1 AND user_id = $2`,
      `UPDATE memberships SET role = 'moderator' WHERE room_id = $1 AND user_id = $2`,
      'UPDATE memberships SET muted_until = now() WHERE room_id = $1 AND user_id = $2',
      'UPDATE memberships SET read_seq = read_seq + 1 WHERE room_id = $1 AND user_id = $2',
      'DELETE FROM memberships WHERE room_id = $1 AND user_id = $2',
    ]
    for (const [index, statement] of statements.entries()) {
      await roomline.pool.query(statement, key)
      await until(() => tail.memberships(room ?? '').length === index + 1)
    }
    expect(tail.memberships(room ?? '')).toEqual(statements.map(() => ({ room, userId })))
  })

  it('tells of a send as a change of its room and of no membership', async () => {
    const [room] = await makeRooms(1)
    const userId = await makePerson()
    await roomline.pool.query('INSERT INTO memberships (room_id, user_id) VALUES ($1, $2)', [room, userId])
    await using tail = await openTail()
    const send = { place: 0, room, author: userId, uid: null, client_id: null, text: 'hello', reply_to: null, mentions: null }
    await roomline.pool.query('SELECT * FROM store_sends($1, false)', [JSON.stringify([send])])
    await until(() => tail.versions().includes(`${room} 1`))
    expect(tail.memberships(room ?? '')).toEqual([])
  })

  it('says that everybody may be concerned when a room is restored', async () => {
    const [room] = await makeRooms(1)
    await roomline.pool.query('UPDATE rooms SET archived_at = now() WHERE id = $1', [room])
    await using tail = await openTail()
    await roomline.pool.query('UPDATE rooms SET archived_at = NULL, last_version = 5 WHERE id = $1', [room])
    await until(() => tail.memberships(room ?? '').length > 0)
    expect(tail.memberships(room ?? '')).toEqual([{ room, userId: null }])
    expect(tail.versions()).toContain(`${room} 5`)
  })

  it('says that anything may have changed after a statement that changed very many rows', async () => {
    const rooms = await makeRooms(10_001)
    await using tail = await openTail()
    await roomline.pool.query('UPDATE rooms SET last_version = 1 WHERE id = ANY($1)', [rooms])
    await until(() => tail.looks.length > 1)
    expect(tail.looks[1]).toBe('anything')
    await roomline.pool.query('DELETE FROM rooms WHERE id = ANY($1)', [rooms])
  })

  it('misses nothing and repeats nothing when an older transaction commits after a younger one', async () => {
    const [older, younger, last] = await makeRooms(3)
    await using tail = await openTail()
    const open = await openTransaction()
    await raise(older, open)
    await raise(younger)
    await until(() => tail.versions().includes(`${younger} 1`))
    const looks = tail.looks.length
    await raise(last)
    await until(() => tail.looks.length > looks)
    expect(tail.versions()).not.toContain(`${older} 1`)
    await open.commit()
    await until(() => tail.versions().includes(`${older} 1`))
    await raise(last)
    await until(() => tail.versions().includes(`${last} 2`))
    const told = tail.versions().filter((each) => [older, younger, last].some((room) => each.startsWith(`${room}`)))
    expect(told.sort()).toEqual([`${older} 1`, `${younger} 1`, `${last} 1`, `${last} 2`].sort())
  })

  it('reads only rows that are new, however many there are and however long a transaction stays open', async () => {
    const [room] = await makeRooms(1)
    const { place: before } = await readPlace()
    const open = await openTransaction()
    await raise(room, open)
    const rooms = await makeRooms(1_000)
    for (const each of rooms) await raise(each)
    const { place, changes } = await readPlace(before)
    expect(changes).toHaveLength(rooms.length)
    const reader = await openTransaction()
    const countRows = async () => {
      const { rows } = await reader.query<{ scans: number; found: number }>(
        `SELECT seq_scan::int AS scans, idx_tup_fetch::int AS found FROM pg_stat_xact_user_tables WHERE relname = 'change_tail'`,
      )
      return rows[0] ?? { scans: 0, found: 0 }
    }
    const readRows = async () => {
      const already = await countRows()
      const { rows } = await reader.query<{ changes: unknown[] }>('SELECT changes FROM read_change_tail($1)', [place])
      const { scans, found } = await countRows()
      return { changes: rows[0]?.changes.length, scans: scans - already.scans, found: found - already.found }
    }
    expect(await readRows()).toEqual({ changes: 0, scans: 0, found: 0 })
    await open.commit()
    expect(await readRows()).toEqual({ changes: 1, scans: 0, found: 1 })
    await reader.commit()
  })

  it('cannot be followed from a position that is older than what is kept, of another table or of another database', async () => {
    await openTail().then((tail) => tail[Symbol.asyncDispose]())
    const { place } = await readPlace()
    expect((await readPlace(place)).changes).toEqual([])
    const xmax = BigInt(place.snapshot.split(':')[1] ?? 0)
    for (const other of [
      { at: new Date(Date.parse(place.at) - 30_000).toISOString() },
      { epoch: randomUUID() },
      { epoch: null },
      { snapshot: `${xmax + 1_000n}:${xmax + 1_000n}:` },
    ])
      expect((await readPlace({ ...place, ...other })).changes).toBeNull()
  })

  it('is pruned of what was committed a while ago, never of what was committed since', async () => {
    const prune = (before: string, pruned: string | null) =>
      roomline.pool.query<{ deleted: number }>('SELECT prune_change_tail($1, $2) AS deleted', [before, pruned])
    const kept = async () =>
      (await roomline.pool.query<{ room: string }>('SELECT unnest(rooms) AS room FROM change_tail')).rows.map(({ room }) => room)
    const [older, younger, late] = await makeRooms(3)
    const open = await openTransaction()
    await raise(older, open)
    await raise(younger)
    const first = (await readPlace()).place.snapshot
    await open.commit()
    await raise(late)
    await prune(first, null)
    expect(await kept()).not.toContain(younger)
    expect(await kept()).toEqual(expect.arrayContaining([older, late]))
    await prune((await readPlace()).place.snapshot, first)
    expect(await kept()).toEqual([])
  })

  it('is pruned by the nodes, one beside the other', async () => {
    const [room] = await makeRooms(1)
    await using _one = await openTail(roomline.pool, 20)
    await using _two = await openTail(roomline.pool, 20)
    await raise(room)
    await until(async () => (await roomline.pool.query('SELECT FROM change_tail')).rowCount === 0)
  })

  it('says that anything may have changed after Postgres has crashed', async () => {
    const dataDir = await makeQuickFolder('roomline-tail-')
    const postgres = await startEmbeddedPostgres({ dataDir })
    await migrate(postgres.url)
    const pool = new pg.Pool({ connectionString: postgres.url })
    pool.on('error', () => {})
    {
      await using tail = await openTail(pool)
      await raise('general', pool)
      await until(() => tail.versions().includes('general 1'))
      await raise('general', pool)
      const told = tail.looks.length
      const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      // The others are ended too, and the unlogged tables are emptied; the main process stays.
      process.kill(rows[0]?.pid ?? 0, 'SIGKILL')
      await until(() => tail.looks.slice(told).includes('anything'))
      await until(async () => (await pool.query('SELECT FROM change_tail_epoch')).rowCount === 1)
      const again = tail.looks.length
      await raise('general', pool)
      await until(() => tail.versions().includes('general 3'))
      expect(again).toBeGreaterThan(told)
    }
    await pool.end()
    await postgres.close()
  })
})

describe('what changes by SQL alone, so that no node gets any news of it', () => {
  it('reaches followers and room lists on every node', async () => {
    await using roomline = await startRoomline({ nodes: 2 })
    const [ada, ben] = [await roomline.signUp(), await roomline.signUp()]
    const clients = [0, 1].map((node) => roomline.connect(ada, { node }))
    const followed = await Promise.all(clients.map((client) => client.follow('general')))
    const lists = clients.map((client) => {
      const events: RoomListEvent[] = []
      client.trpc.rooms.onChange.subscribe(undefined, { onData: (event) => events.push(event) })
      return events
    })
    for (const events of lists) await until(() => events.length > 0)
    const shows = async (matches: (event: RoomListEvent) => boolean) => {
      for (const events of lists) await until(() => events.some(matches))
    }
    const idOf = `(SELECT id FROM users WHERE username = $1)`
    const { rows } = await roomline.pool.query<{ id: string }>(`SELECT ${idOf} AS id`, [ben.username])
    const send = { place: 0, room: 'general', author: rows[0]?.id, uid: null, client_id: null, text: 'silently', reply_to: null }
    await roomline.pool.query('SELECT * FROM store_sends($1, true)', [JSON.stringify([{ ...send, mentions: null }])])
    for (const room of followed) expect((await room.until(1))[0]?.text).toBe('silently')
    await shows((event) => event.type === 'room' && event.room.unread === 1)

    await roomline.pool.query(`UPDATE memberships SET read_seq = 1 WHERE user_id = ${idOf}`, [ada.username])
    await shows((event) => event.type === 'room' && event.room.readSeq === 1)
    await roomline.pool.query(`INSERT INTO rooms (id, kind, name, archived_at) VALUES ('silent', 'private', 'Silent', now())`)
    await roomline.pool.query(`INSERT INTO memberships (room_id, user_id) VALUES ('silent', ${idOf})`, [ada.username])
    await roomline.pool.query(`UPDATE rooms SET archived_at = NULL WHERE id = 'silent'`)
    await shows((event) => event.type === 'room' && event.room.id === 'silent')
    await roomline.pool.query(`DELETE FROM rooms WHERE id = 'silent'`)
    await shows((event) => event.type === 'gone' && event.room === 'silent')
  })
})
