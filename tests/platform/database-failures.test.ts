import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { isUnavailable, openDatabase } from '../../src/server/platform/database'
import { type DatabaseTrouble, findTrouble } from '../../src/server/platform/database-troubles'
import { type Roomline, startRoomline } from '../support/roomline'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 0 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

const databases: ReturnType<typeof openDatabase>[] = []
afterAll(() => Promise.all(databases.map((database) => database.close())))

function open(change: (url: URL) => void = () => {}) {
  const url = new URL(roomline.config.databaseUrl ?? '')
  change(url)
  const database = openDatabase(url.href, { onError: () => {} })
  databases.push(database)
  return database
}

const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  )

/** What Prisma and pg themselves throw, asked in every way in which Roomline asks. */
async function errorsOf({ prisma, pool }: ReturnType<typeof openDatabase>) {
  const person = { username: 'nobody', displayName: 'Nobody', passwordHash: '' }
  return {
    pg: await errorOf(pool.query(`INSERT INTO users (username, display_name) VALUES ('nobody', 'Nobody')`)),
    'Prisma, raw': await errorOf(prisma.$executeRaw`INSERT INTO users (username, display_name) VALUES ('nobody', 'Nobody')`),
    'Prisma, a model': await errorOf(prisma.user.create({ data: person })),
    'Prisma, a transaction': await errorOf(prisma.$transaction((transaction) => transaction.user.create({ data: person }))),
  }
}

async function expectTrouble(database: ReturnType<typeof openDatabase>, trouble: DatabaseTrouble) {
  for (const [library, error] of Object.entries(await errorsOf(database)))
    expect([library, findTrouble(error), isUnavailable(error)]).toEqual([library, trouble, true])
}

describe('the database is to blame, and not the call, whichever library asked', () => {
  it('when it is read-only', () =>
    expectTrouble(
      open((url) => url.searchParams.set('options', '-c default_transaction_read_only=on')),
      'read-only',
    ))

  it('when a table is not there', async () => {
    await roomline.pool.query('ALTER TABLE users RENAME TO moved')
    await expectTrouble(open(), 'not migrated')
    await roomline.pool.query('ALTER TABLE moved RENAME TO users')
  })

  it('when a column is not there', async () => {
    await roomline.pool.query('ALTER TABLE users RENAME display_name TO moved')
    await expectTrouble(open(), 'not migrated')
    await roomline.pool.query('ALTER TABLE users RENAME moved TO display_name')
  })

  it('when it has no such name, or another password', async () => {
    await expectTrouble(
      open((url) => {
        url.pathname = '/no_such_database'
      }),
      'refused',
    )
    await expectTrouble(
      open((url) => {
        url.password = 'another'
      }),
      'refused',
    )
  })

  it('when its user may not write', async () => {
    const admin = new pg.Client({ connectionString: inject('templateUrl') })
    await admin.connect()
    await admin.query(`CREATE ROLE "only-reads" LOGIN PASSWORD 'a password of this test'`)
    await expectTrouble(
      open((url) => {
        url.username = 'only-reads'
        url.password = 'a password of this test'
      }),
      'refused',
    )
    await Promise.all(databases.splice(0).map((database) => database.close()))
    await admin.query('DROP ROLE "only-reads"')
    await admin.end()
  })

  it('when it has no connection left for one more', async () => {
    const name = new URL(roomline.config.databaseUrl ?? '').pathname.slice(1)
    await roomline.pool.query(`CREATE ROLE "one-of-none" LOGIN PASSWORD 'a password of this test' CONNECTION LIMIT 0`)
    await roomline.pool.query(`GRANT ALL ON DATABASE ${name} TO "one-of-none"`)
    await expectTrouble(
      open((url) => {
        url.username = 'one-of-none'
        url.password = 'a password of this test'
      }),
      'overloaded',
    )
    await Promise.all(databases.splice(0).map((database) => database.close()))
    await roomline.pool.query('DROP OWNED BY "one-of-none"')
    await roomline.pool.query('DROP ROLE "one-of-none"')
  })
})

it('a call that is wrong itself stays so', async () => {
  const { prisma, pool } = open()
  const errors = {
    syntax: await errorOf(pool.query('SELEKT 1')),
    'a value of another type': await errorOf(pool.query(`SELECT 'x'::int`)),
    'division by zero': await errorOf(pool.query('SELECT 1 / 0')),
    'a key that leads nowhere': await errorOf(
      prisma.$executeRaw`INSERT INTO memberships (room_id, user_id, version) VALUES ('nowhere', gen_random_uuid(), 1)`,
    ),
    'Prisma, a syntax': await errorOf(prisma.$queryRaw`SELEKT 1`),
    'a bug of ours': new TypeError('x is not a function'),
  }
  for (const [what, error] of Object.entries(errors)) expect([what, isUnavailable(error)]).toEqual([what, false])
})
