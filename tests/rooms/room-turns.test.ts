import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConnectedPerson, connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

/** More than a node has connections to Postgres for ordinary work. */
const joining = 24

let roomline: Roomline
let owner: ConnectedPerson
let newcomers: ConnectedPerson[]
let room: string
beforeAll(async () => {
  roomline = await startRoomline()
  owner = await connectPerson(roomline)
  newcomers = await Promise.all(Array.from({ length: joining }, () => connectPerson(roomline)))
  room = await makeRoom('public', owner)
})
afterAll(() => roomline[Symbol.asyncDispose]())

describe('a crowd that changes one room', () => {
  it('leaves connections to everybody else while it waits, and then all of it has its turn', async () => {
    const lock = new pg.Client({ connectionString: roomline.config.databaseUrl })
    await lock.connect()
    await lock.query('BEGIN')
    await lock.query('SELECT FROM rooms WHERE id = $1 FOR UPDATE', [room])
    let joined = 0
    const joins = newcomers.map(async ({ trpc }) => {
      await trpc.rooms.join.mutate({ room })
      joined++
    })
    const waiting = async () => {
      const { rows } = await roomline.pool.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )
      return rows[0]?.count ?? 0
    }
    await until(async () => (await waiting()) > 0)
    // Each of these needs a connection, and would wait for one longer than the lock is held.
    expect(await owner.trpc.chat.send.mutate({ room: 'general', text: 'still here' })).toMatchObject({ text: 'still here' })
    expect((await owner.trpc.chat.history.query({ room, limit: 10 })).messages).toEqual([])
    expect(await waiting()).toBeLessThanOrEqual(3)
    expect(joined).toBe(0)
    await lock.query('COMMIT')
    await lock.end()
    await Promise.all(joins)
    expect((await owner.trpc.rooms.members.query({ room })).members).toHaveLength(joining + 1)
  })
})
