import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConnectedPerson, connectPerson, makeRoom } from '../support/connected-people'
import { password } from '../support/people'
import { type Roomline, startRoomline } from '../support/roomline'

let roomline: Roomline
let ben: ConnectedPerson
beforeAll(async () => {
  roomline = await startRoomline()
  // The first account is the admin, whom nobody could delete.
  ben = await connectPerson(roomline)
})
afterAll(() => roomline[Symbol.asyncDispose]())

const query = async <Row extends object>(statement: string, values: unknown[] = []) =>
  (await roomline.pool.query<Row>(statement, values)).rows

/** What stays of somebody, with the reason. Everything else that names them has to go. */
const staying: Record<string, string> = {
  'messages.author_id': 'messages keep an author',
  'messages.detail_user_id': 'lines about a room keep what they are about',
  'reactions.user_id': 'reactions count',
  'attachments.uploader_id': 'files stay with their messages',
  'mentions.user_id': 'a mention is part of a message',
  'memberships.user_id': 'direct rooms stay for the others in them',
  'rooms.created_by': 'an id without a name',
  'bans.by_id': 'others stay banned',
  'sessions.user_id': 'an ended session, without device and address',
  'session_revocations.user_id': 'nodes learn of the deletion from it; it is gone after a day',
  'audit_log.actor_id': 'what was done stays recorded',
  'audit_log.subject_id': 'what was done stays recorded',
}
/** Where their name may still be written. */
const withNames = ['audit_log', 'messages']

/** Every column that can hold the id of a person, as table.column. */
async function columnsOfPeople(): Promise<string[]> {
  const rows = await query<{ name: string }>(
    `SELECT c.table_name || '.' || c.column_name AS name FROM information_schema.columns c
     JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type = 'uuid' AND c.column_name NOT IN ('id', 'session_id')`,
  )
  return rows.map(({ name }) => name).sort()
}

async function columnsNaming(userId: string): Promise<string[]> {
  const columns = await columnsOfPeople()
  const counts = await Promise.all(
    columns.map(async (name) => {
      const [table, column] = name.split('.')
      return (await query(`SELECT FROM ${table} WHERE ${column} = $1 LIMIT 1`, [userId])).length
    }),
  )
  return columns.filter((_, index) => counts[index])
}

/** The tables in which one of these texts is written anywhere, beside the terms of messages. */
async function tablesWith(texts: string[]): Promise<string[]> {
  const tables = await query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
       AND table_name <> 'message_search' ORDER BY 1`,
  )
  const found: string[] = []
  for (const { name } of tables) {
    const rows = await query(`SELECT FROM ${name} t, unnest($1::text[]) wanted WHERE strpos(t::text, wanted) > 0 LIMIT 1`, [texts])
    if (rows.length > 0) found.push(name)
  }
  return found
}

/** Somebody of whom there is a row in every table that can name a person. */
async function leaveTraces() {
  const name = `ada-${Math.random().toString(36).slice(2, 10)}`
  const ada = await connectPerson(roomline, { name })
  const { id } = await ada.trpc.users.me.query()
  await ada.trpc.users.update.mutate({ displayName: `Lady ${name}`, status: `away ${name}` })
  await roomline.signIn(name)
  await ada.trpc.session.revokeOthers.mutate()
  await query(`UPDATE sessions SET ip = '203.0.113.77', user_agent = $2 WHERE user_id = $1`, [id, `Browser of ${name}`])

  const room = await makeRoom('private', ben)
  await ben.trpc.rooms.invite.mutate({ room, username: name })
  const { seq } = await ada.trpc.chat.send.mutate({ room: 'general', text: 'what stays' })
  await ada.trpc.chat.react.mutate({ room: 'general', seq, emoji: '👍' })
  await ben.trpc.chat.send.mutate({ room: 'general', text: `hello @${name}` })
  await ben.trpc.rooms.direct.mutate({ usernames: [name] })
  const own = await ada.trpc.rooms.create.mutate({ name: 'A room of her own', kind: 'private' })
  await ada.trpc.rooms.createInvite.mutate({ room: own.id })
  const rest: Record<string, string> = {
    attachments: `(uploader_id, room_id, seq, name, type, size) VALUES ($1, 'general', ${seq}, 'a', 'b', 1)`,
    bans: `(room_id, user_id, by_id) SELECT r.id, $1::uuid, $1::uuid FROM rooms r WHERE r.kind = 'private' UNION SELECT 'general', u.id, $1 FROM users u WHERE u.id <> $1 ON CONFLICT (room_id, user_id) DO UPDATE SET by_id = excluded.by_id`,
    past_memberships: `(room_id, user_id, muted_until) VALUES ('general', $1, now() + interval '1 hour')`,
    server_invites: `(token_hash, role, created_by) VALUES (sha256($1::text::bytea), 'member', $1::uuid)`,
    password_resets: `(user_id, token_hash, expires_at) VALUES ($1::uuid, sha256($1::text::bytea), now() + interval '1 hour')`,
    passkeys: `(user_id, credential_id, public_key, name) VALUES ($1::uuid, sha256($1::text::bytea), '', 'key of ${name}')`,
    authenticators: `(user_id, sealed_secret) VALUES ($1, '')`,
    recovery_codes: `(user_id, hash) VALUES ($1, '')`,
    sign_in_tickets: `(hash, user_id, password_digest, expires_at) VALUES (sha256($1::text::bytea), $1::uuid, '', now() + interval '1 hour')`,
    // As an owner of a bot, and as a bot and a hook's bot themselves, so that each column has a row.
    bots: `(user_id, owner_id, token_hash, session_id) VALUES ($1::uuid, $1::uuid, sha256($1::text::bytea), gen_random_uuid())`,
    hooks: `(room_id, name, bot_id, token_hash, created_by) VALUES ('general', 'hook of ${name}', $1::uuid, sha256($1::text::bytea), $1::uuid)`,
    outgoing_hooks: `(room_id, name, url, sealed_secret, created_by, after_seq) VALUES ('general', 'a hook', 'https://hooks.example/', '', $1::uuid, 0)`,
    posts: `(room_id, author_id, client_id, text, failure) VALUES ('general', $1::uuid, 'never posted', 'by ${name}', 'MUTED')`,
    audit_log: `(action, subject_id, ip) VALUES ('admin.enabled', $1, '203.0.113.77')`,
  }
  for (const [table, row] of Object.entries(rest)) await query(`INSERT INTO ${table} ${row}`, [id])
  return { ada, id, texts: [name, '203.0.113.77'] }
}

describe('a deleted account', () => {
  it.each(['deleteAccount', 'deletePerson'] as const)(
    'is gone from every table that can name a person, but for what has to stay: %s',
    async (act) => {
      const { ada, id, texts } = await leaveTraces()
      // Whoever adds a table has to say here what becomes of it.
      expect(await columnsNaming(id)).toEqual(await columnsOfPeople())
      if (act === 'deleteAccount') await ada.trpc.users.deleteAccount.mutate({ password })
      else await ben.trpc.admin.deletePerson.mutate({ username: ada.username })
      expect(await columnsNaming(id)).toEqual(Object.keys(staying).sort())
      expect(await tablesWith(texts)).toEqual(withNames)
      const kept = await query('SELECT ip, user_agent, device_hash FROM sessions WHERE user_id = $1', [id])
      expect(kept).toEqual(kept.map(() => ({ ip: null, user_agent: null, device_hash: null })))
      expect(await query(`SELECT FROM memberships JOIN rooms ON id = room_id WHERE user_id = $1 AND kind <> 'direct'`, [id])).toEqual([])
    },
  )
})
