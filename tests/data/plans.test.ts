import { createHash, randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answeredSeqs } from '../../bench/data/messages-sql'
import { type RightName, rights } from '../../src/contract/rights'
import { createSessionTokens } from '../../src/server/auth/session-token'
import { addBotAndHook, callProcedure, inputs, type Stage } from '../rooms/procedures'
import { password } from '../support/people'
import { type Person, type Roomline, startRoomline } from '../support/roomline'
import { type StockClient, until } from '../support/stock-client'
import { type LargeDatabases, startLargeDatabases, testSizes } from './large-database'
import { findFaults, type RanStatement, readStatements } from './statement-plans'

const bigRoom = 'the-big-room'
const { regulars, messagesInBigRoom: lastSeq } = testSizes
const answered = answeredSeqs(testSizes)

/** Statements that may read a large table, each with the reason. */
const allowed: { statement: RegExp; reason: string }[] = [
  { statement: /^SELECT NOT EXISTS \(SELECT FROM users\)/, reason: 'stops at the first row' },
  { statement: /^SELECT m\.user_id, u\.username, u\.hide_last_seen/, reason: 'returns a row for each member, here nearly everybody' },
]

/** What calls may be rejected with: they still run their statements up to there. */
const expectedFailures = [
  'WRONG_PASSWORD',
  'NO_PASSWORD',
  'LAST_OWNER',
  'CONFIRMATION_REQUIRED',
  'INVALID_PASSKEY',
  'PASSKEY_NOT_FOUND',
  'TWO_STEP_OFF',
]

let databases: LargeDatabases
beforeAll(async () => {
  databases = await startLargeDatabases()
}, 240_000)
afterAll(() => databases?.[Symbol.asyncDispose]())

for (const [kind, description] of [
  ['analysed', 'a large database'],
  ['outdated', 'a large database with the statistics of a small one'],
] as const) {
  describe(description, () => {
    /** What ran, by the procedure during which it ran. */
    const ran: { during: string; statement: RanStatement }[] = []
    const failures: string[] = []

    beforeAll(async () => {
      await using roomline = await startRoomline({ database: databases[kind], env: { MAX_SUBSCRIPTIONS_PER_CONNECTION: '0' } })
      await using people = await openPeople(databases[kind], roomline)
      const note = async (during: string) => {
        const statements = readStatements(await databases.readLog())
        ran.push(...statements.map((statement) => ({ during, statement })))
      }
      const run = async (caller: Caller, path: RightName, input: unknown) => {
        const failure = await callProcedure(caller.client, path, input)
        if (failure && !expectedFailures.includes(failure)) failures.push(`${path} ${JSON.stringify(input)}: ${failure}`)
        await note(path)
      }

      const regular = await people.signIn(1)
      const collector = await people.signIn(regulars + 1)
      const owner = await people.signIn(regulars + 2)
      const other = await people.signIn(2)
      await run(regular, 'session.me', undefined)
      await note('connecting')
      const lists = [regular, collector].map(({ client }) => followList(client, failures))
      await until(() => lists.every(({ isOpen }) => isOpen()))
      await note('rooms.onChange')

      const admin = await people.signIn(3)
      await people.makeAdmin(admin.id)
      const atTheEnd: readonly RightName[] = ['rooms.archive', 'admin.deleteRoom']
      const paths = (Object.keys(rights) as RightName[]).filter((path) => !atTheEnd.includes(path))
      const second = await people.largestRoomOf('private')
      for (const { room, ownerNumber } of [{ room: bigRoom, ownerNumber: regulars + 2 }, second]) {
        const caller = room === bigRoom ? owner : await people.signIn(ownerNumber)
        for (const path of paths) {
          await run(path.startsWith('admin.') ? admin : caller, path, inputs[path](await people.setStage(room, caller.id)))
        }
      }
      for (const [path, input] of furtherAdminInputs) await run(admin, path, input)
      for (const [path, input] of furtherInputs) {
        for (const caller of [regular, collector]) await run(caller, path, input)
      }
      await run(other, 'rooms.leave', { room: bigRoom })
      await run(other, 'rooms.join', { room: bigRoom })
      await run(owner, 'chat.send', { room: bigRoom, text: `@room and @${regular.username}`, replyTo: lastSeq - 1_000 })
      await until(() => lists.every(({ changes }) => changes() > 0))
      await note('telling lists')
      await run(owner, 'chat.edit', { room: bigRoom, seq: await people.answeredBy(owner.id), text: 'said better' })

      const leaving = await roomline.signUp()
      const leavingClient = roomline.connect(leaving)
      await leavingClient.trpc.rooms.join.mutate({ room: bigRoom })
      await leavingClient.trpc.chat.send.mutate({ room: bigRoom, text: 'good-bye' })
      await run({ ...leaving, id: '', client: leavingClient }, 'users.deleteAccount', { password })
      await run(owner, 'rooms.archive', { room: bigRoom, archived: true })
      await run(owner, 'rooms.archive', { room: bigRoom, archived: false })
      await until(async () => (await people.countOf('after_commit')) === 0)
      await note('after the commit')
      await run(admin, 'admin.deleteRoom', { room: second.room })
      for (const list of lists) list.close()
    }, 120_000)

    it('calls: every procedure was called, and did what it does', () => {
      expect(failures).toEqual([])
    })

    it('plans: statements of functions and of background work were seen too', () => {
      const texts = ran.map(({ statement }) => statement.text).join('\n')
      expect(texts).toContain('jsonb_to_recordset(sends)')
      expect(texts).toContain('after_commit')
      expect(new Set(ran.map(({ statement }) => statement.text)).size).toBeGreaterThan(60)
    })

    it('plans: no statement reads a whole large table, or far more of it than it returns', () => {
      const faults = ran.flatMap(({ during, statement }) =>
        allowed.some(({ statement: pattern }) => pattern.test(statement.text))
          ? []
          : findFaults(statement).map((fault) => `${during} ${fault}: ${statement.text.replace(/\s+/g, ' ').slice(0, 240)}`),
      )
      expect([...new Set(faults)]).toEqual([])
    })
  })
}

describe('the judge of plans', () => {
  it('a statement that reads a whole table, or counts much of it, is found', async () => {
    await databases.readLog()
    const client = new pg.Client({ connectionString: databases.analysed })
    await client.connect()
    await client.query(`SELECT seq FROM messages WHERE text LIKE '%nowhere%'`)
    await client.query('SELECT count(*) FROM memberships WHERE room_id = $1', [bigRoom])
    await client.query('SELECT seq FROM messages WHERE room_id = $1 AND seq = 5', [bigRoom])
    await client.end()
    const statements = readStatements(await databases.readLog())
    expect(statements.map(findFaults).map((faults) => faults.length > 0)).toEqual([true, true, false])
  })
})

/** Inputs that lead to other statements than those of the table of procedures. */
const furtherInputs: [RightName, object | undefined][] = [
  ['rooms.list', undefined],
  ['chat.history', { room: bigRoom, before: lastSeq }],
  ['chat.history', { room: bigRoom, before: 20_000, limit: 100 }],
  ['chat.history', { room: bigRoom, after: 0 }],
  ['chat.history', { room: bigRoom, around: 10_000 }],
  ['chat.thread', { room: bigRoom, seq: answered.many }],
  ['chat.thread', { room: bigRoom, seq: answered.many, before: answered.many + 60, limit: 100 }],
  ['chat.thread', { room: bigRoom, seq: answered.few }],
  ['chat.at', { room: bigRoom, time: '2000-01-01' }],
  ['chat.at', { room: bigRoom, time: new Date(Date.now() - 5 * 365 * 86_400_000).toISOString() }],
  ['chat.at', { room: bigRoom, time: '2900-01-01' }],
  ['users.update', { hideReads: true }],
  ['chat.markRead', { room: bigRoom, seq: lastSeq }],
  ['chat.markUnread', { room: bigRoom, seq: lastSeq - 100 }],
  ['chat.onMessage', { room: bigRoom, lastEventId: '10000' }],
  ['rooms.members', { room: bigRoom, query: 'an' }],
  ['rooms.members', { room: bigRoom, query: 'nobody-like-this' }],
  ['rooms.browse', {}],
  ['rooms.browse', { query: 'nesinter' }],
  ['rooms.browse', { query: 'nothing like this' }],
  ['users.search', { query: 'a' }],
  ['users.search', { query: 'chibalan' }],
  ['users.search', { query: 'nobody like this' }],
  ...[
    'the',
    'options',
    'quillfeather',
    'zzyzxqv',
    '"deploy the new build"',
    'optio',
    '项目',
    '东',
    'https://git.example.com/team/project-7',
    '-the options',
  ].flatMap((query): [RightName, object][] => [
    ['chat.search', { query }],
    ['chat.search', { query, room: bigRoom }],
  ]),
]

const furtherAdminInputs: [RightName, object | undefined][] = [
  ['admin.people', undefined],
  ['admin.people', { role: 'admin' }],
  ['admin.people', { query: 'an' }],
  ['admin.people', { query: 'nobody like this' }],
  ['admin.rooms', { query: 'nesinter' }],
  ['admin.rooms', { query: 'nothing like this' }],
  ['admin.connections', undefined],
]

interface Caller extends Person {
  id: string
  client: StockClient
}

/** People of the data, who have no passwords, and what calls need. */
async function openPeople(databaseUrl: string, roomline: Roomline) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  // Only what the server runs is judged.
  await client.query('SET auto_explain.log_min_duration = -1')
  const tokens = createSessionTokens(roomline.config.authSecrets)
  const expiresAt = new Date(Date.now() + 3_600_000)
  const value = async <Value>(sql: string, values: unknown[] = []) => (await client.query<{ value: Value }>(sql, values)).rows[0]?.value
  const require = async <Value>(sql: string, values: unknown[] = []) => {
    const found = await value<Value>(sql, values)
    if (found === undefined) throw new Error(`nothing found by ${sql}`)
    return found
  }
  const addSession = (userId: string) =>
    require<string>('INSERT INTO sessions (user_id, expires_at) VALUES ($1, $2) RETURNING id AS value', [userId, expiresAt])
  let turn = 0
  const memberOf = (room: string, caller: string) =>
    require<string>(`SELECT u.username AS value FROM memberships s JOIN users u ON u.id = s.user_id
       WHERE s.room_id = $1 AND s.role = 'member' AND s.user_id <> $2 AND u.username !~ '[a-z][1-9]$' ORDER BY u.id LIMIT 1`, [
      room,
      caller,
    ])
  const strangerTo = (room: string) =>
    require<string>(`SELECT u.username AS value FROM users u WHERE deleted_at IS NULL AND NOT EXISTS (SELECT FROM memberships s WHERE s.room_id = $1 AND s.user_id = u.id)
         AND NOT EXISTS (SELECT FROM bans b WHERE b.room_id = $1 AND b.user_id = u.id) ORDER BY u.id DESC OFFSET $2 LIMIT 1`, [
      room,
      ++turn,
    ])
  const addMessage = async (room: string, author: string) => {
    const [row] = (
      await client.query<{ seq: number; version: number }>(
        'UPDATE rooms SET last_seq = last_seq + 1, last_version = last_version + 1 WHERE id = $1 RETURNING last_seq AS seq, last_version AS version',
        [room],
      )
    ).rows
    if (!row) throw new Error(`no room ${room}`)
    await client.query(`INSERT INTO messages (room_id, seq, version, author_id, text) VALUES ($1, $2, $3, $4, 'to be changed')`, [
      ...[room, row.seq, row.version, author],
    ])
    return row.seq
  }

  return {
    /** @param number the person's in the data's making */
    signIn: async (number: number): Promise<Caller> => {
      const username = await require<string>('SELECT username AS value FROM users WHERE username ~ $1', [`[a-z]${number}$`])
      const id = await require<string>('SELECT id AS value FROM users WHERE username = $1', [username])
      const token = await tokens.sign({ userId: id, sessionId: await addSession(id), expiresAt })
      const person = { username, token, cookie: `X-Token=${token}` }
      return { ...person, id, client: roomline.connect(person) }
    },
    makeAdmin: (id: string) => client.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [id]),
    largestRoomOf: async (kind: string) => {
      const room =
        await require<string>(`SELECT r.id AS value FROM rooms r JOIN memberships s ON s.room_id = r.id WHERE r.kind = $1 AND r.archived_at IS NULL
         GROUP BY r.id ORDER BY count(*) DESC, r.id LIMIT 1`, [kind])
      const owner =
        await require<string>(`SELECT u.username AS value FROM memberships s JOIN users u ON u.id = s.user_id WHERE room_id = $1 AND s.role = 'owner'`, [
          room,
        ])
      const ownerNumber = Number(/\d+$/.exec(owner)?.[0])
      return { room, ownerNumber }
    },
    setStage: async (room: string, callerId: string): Promise<Stage> => {
      const token = randomUUID()
      const banned = await strangerTo(room)
      await client.query('INSERT INTO bans (room_id, user_id) SELECT $1, id FROM users WHERE username = $2', [room, banned])
      const otherName = await memberOf(room, callerId)
      const otherId = await require<string>('SELECT id AS value FROM users WHERE username = $1', [otherName])
      return {
        room,
        other: otherName,
        banned,
        outsider: await strangerTo(room),
        ownSeq: await addMessage(room, callerId),
        otherSeq: await addMessage(room, otherId),
        inviteToken: token,
        inviteId: await require<string>('INSERT INTO invites (token_hash, room_id, created_by) VALUES ($1, $2, $3) RETURNING id AS value', [
          ...[createHash('sha256').update(token).digest(), room, callerId],
        ]),
        sessionId: await addSession(callerId),
        subject:
          await require<string>(`INSERT INTO users (username, display_name) VALUES ('s' || left(gen_random_uuid()::text, 8), 'Somebody') RETURNING username AS value`, []),
        serverInviteId:
          await require<string>(`INSERT INTO server_invites (token_hash, role) VALUES (sha256($1::bytea), 'member') RETURNING id AS value`, [
            token,
          ]),
        ...(await addBotAndHook(client, room, callerId)),
      }
    },
    /** Makes this person the author of the message that has most answers. */
    answeredBy: async (authorId: string) => {
      const seq = await require<number>('SELECT seq AS value FROM messages WHERE room_id = $1 ORDER BY reply_count DESC LIMIT 1', [bigRoom])
      await client.query('UPDATE messages SET author_id = $3 WHERE room_id = $1 AND seq = $2', [bigRoom, seq, authorId])
      return seq
    },
    countOf: (table: string) => require<number>(`SELECT count(*)::int AS value FROM ${table}`),
    [Symbol.asyncDispose]: () => client.end(),
  }
}

function followList({ trpc }: StockClient, failures: string[]) {
  let open = false
  let changes = 0
  const subscription = trpc.rooms.onChange.subscribe(undefined, {
    onData: () => {
      if (open) changes++
      open = true
    },
    onError: (error) => failures.push(`rooms.onChange: ${error}`),
  })
  return { isOpen: () => open, changes: () => changes, close: () => subscription.unsubscribe() }
}
