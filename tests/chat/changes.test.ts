import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changePageLimits, readChanges } from '../../src/server/chat/changes'
import { storeStatement, toStoreInput } from '../../src/server/chat/store-sends'
import { createSeeded, type Seeded } from '../faults/seeded'
import { connectPerson } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline()
})
afterAll(() => roomline[Symbol.asyncDispose]())

interface Talk {
  room: string
  /** The version of each message, by seq: what the changes of the room must be. */
  versions: Map<number, number>
  lastVersion: number
  /** Changes the room in one of many ways. */
  change(chance: Seeded): Promise<void>
}

/** A room, and a plain model of it, which counts versions by itself. */
async function startTalk(): Promise<Talk> {
  const [ada, ben] = [await connectPerson(roomline), await connectPerson(roomline)]
  const { id: room } = await ada.trpc.rooms.create.mutate({ name: 'Changes', kind: 'private' })
  const { rows } = await roomline.pool.query<{ id: string }>('SELECT id FROM users WHERE username = $1', [ada.username])
  const authorId = rows[0]?.id ?? ''
  const talk: Talk = { room, versions: new Map(), lastVersion: 0, change }
  const emoji = new Map<number, boolean>()
  const removed = new Set<number>()
  let isMember = false

  const changed = (seq: number) => talk.versions.set(seq, ++talk.lastVersion)
  const stored = () => changed(talk.versions.size + 1)
  const pickSeq = (chance: Seeded) => {
    const seqs = [...talk.versions.keys()].filter((seq) => emoji.has(seq) && !removed.has(seq))
    return seqs.length > 0 ? seqs[chance.between(Math.max(0, seqs.length - 12), seqs.length - 1)] : undefined
  }

  async function change(chance: Seeded) {
    const seq = pickSeq(chance)
    const act = chance.pick([
      'send',
      'send',
      'send',
      'send',
      'answer',
      'answer',
      'edit',
      'react',
      'react',
      'remove',
      'invite',
      'mute',
      'archive',
    ])
    if (act === 'send' || seq === undefined) await send(chance, [])
    else if (act === 'answer') await send(chance, [seq, pickSeq(chance) ?? seq])
    else if (act === 'edit') {
      await ada.trpc.chat.edit.mutate({ room, seq, text: `edited ${talk.lastVersion}` })
      changed(seq)
    } else if (act === 'react') {
      const isOn = emoji.get(seq) ?? false
      await (isOn ? ada.trpc.chat.unreact : ada.trpc.chat.react).mutate({ room, seq, emoji: '👍' })
      emoji.set(seq, !isOn)
      changed(seq)
    } else if (act === 'remove') {
      await ada.trpc.chat.remove.mutate({ room, seq })
      removed.add(seq)
      changed(seq)
    } else if (act === 'invite') {
      // A version of the membership, then a line.
      const input = { room, username: ben.username }
      await (isMember ? ada.trpc.rooms.remove : ada.trpc.rooms.invite).mutate(input)
      isMember = !isMember
      talk.lastVersion++
      stored()
    } else if (act === 'mute') {
      if (!isMember) return
      await ada.trpc.rooms.mute.mutate({ room, username: ben.username, minutes: 1 })
      await ada.trpc.rooms.unmute.mutate({ room, username: ben.username })
      talk.lastVersion += 2
    } else {
      await ada.trpc.rooms.update.mutate({ room, topic: `topic ${talk.lastVersion}`, slowModeSeconds: 0 })
      stored()
    }
  }

  /** One statement stores a few messages, some of them answers. */
  async function send(chance: Seeded, answered: readonly number[]) {
    const plain = Array.from({ length: chance.between(answered.length > 0 ? 0 : 1, 3) }, () => null)
    const sends = [...plain, ...answered].map((replyTo) => ({
      ...{ room, authorId, uid: null, clientId: null, mentions: [], replyTo, text: 'x'.repeat(chance.between(1, 40)) },
    }))
    const { rows } = await roomline.pool.query<{ outcome: string }>(storeStatement, [toStoreInput(sends), true])
    expect(rows.map(({ outcome }) => outcome)).toEqual(sends.map(() => 'stored'))
    for (let left = sends.length; left > 0; left--) {
      stored()
      emoji.set(talk.versions.size, false)
    }
    for (const seq of [...new Set(answered)].sort((a, b) => a - b)) changed(seq)
  }

  return talk
}

/** What somebody who has everything up to a version is owed, in order. */
const owed = ({ versions }: Talk, after: number) =>
  [...versions]
    .map(([seq, version]) => ({ seq, version }))
    .filter(({ version }) => version > after)
    .sort((a, b) => a.version - b.version)

/** Reads one page and compares it with the model. @returns the version up to which the reader has everything; null at the end */
async function readPage(talk: Talk, after: number, limits: typeof changePageLimits): Promise<number | null> {
  const page = await readChanges(roomline.pool, talk.room, after, limits)
  const all = owed(talk, after)
  const found = page.messages.map(({ seq, version }) => ({ seq, version }))
  expect(found).toEqual(all.slice(0, found.length))
  expect(found.length).toBeLessThanOrEqual(limits.messages)
  if (page.isLast) expect(found).toEqual(all)
  else expect(found.length).toBeGreaterThan(0)
  return page.isLast ? null : (found.at(-1)?.version ?? null)
}

async function readAll(talk: Talk, after: number, limits: typeof changePageLimits) {
  for (let cursor: number | null = after; cursor !== null; ) cursor = await readPage(talk, cursor, limits)
}

describe('the changes of a room', () => {
  it.each([1, 2])('are what a plain model says, from every version and in pages of every size (seed %i)', async (seed) => {
    const chance = createSeeded(seed)
    const talk = await startTalk()
    for (let left = 80; left > 0; left--) await talk.change(chance)
    const { rows } = await roomline.pool.query<{ last_version: number }>('SELECT last_version FROM rooms WHERE id = $1', [talk.room])
    expect(rows[0]?.last_version).toBe(talk.lastVersion)
    for (let after = 0; after <= talk.lastVersion; after++) {
      await readPage(talk, after, { messages: chance.between(1, 30), bytes: chance.between(1, 200) })
    }
    for (const messages of [1, 2, 3, 7, 50]) await readAll(talk, 0, { messages, bytes: 1_000_000 })
    await readAll(talk, 0, { messages: 50, bytes: 100 })
  })

  it.each([3, 4])('are each read once and in order while the room goes on changing between two pages (seed %i)', async (seed) => {
    const chance = createSeeded(seed)
    const talk = await startTalk()
    for (let left = 30; left > 0; left--) await talk.change(chance)
    const starts = Array.from({ length: 5 }, () => chance.between(0, talk.lastVersion))
    for (const after of [0, ...starts]) {
      let changes = 8
      for (let cursor: number | null = after; cursor !== null; changes--) {
        cursor = await readPage(talk, cursor, { messages: chance.between(1, 9), bytes: chance.between(20, 400) })
        if (changes > 0) await talk.change(chance)
      }
    }
  })

  it('are found beyond any number of versions that are superseded', async () => {
    const chance = createSeeded(7)
    const talk = await startTalk()
    const { room, versions } = talk
    while (versions.size < 5) await talk.change(chance)
    const { rows } = await roomline.pool.query<{ last_version: number }>(
      `WITH toggled AS (
         INSERT INTO room_changes (room_id, version, seq, last_seq)
         SELECT id, last_version + n, 2, last_seq FROM rooms, generate_series(1, 70000) n WHERE id = $1
       )
       UPDATE rooms SET last_version = last_version + 70000 WHERE id = $1 RETURNING last_version`,
      [room],
    )
    const last = rows[0]?.last_version ?? 0
    await roomline.pool.query('UPDATE messages SET version = $2 WHERE room_id = $1 AND seq = 2', [room, last])
    versions.set(2, last)
    talk.lastVersion = last
    await talk.change(chance)
    for (const after of [0, 3, last - 69_000, last - 300, last]) await readAll(talk, after, { messages: 2, bytes: 1_000_000 })
    await readAll(talk, 0, changePageLimits)
  })

  it('are complete where rows of room_changes for other things than messages are missing', async () => {
    const chance = createSeeded(8)
    const talk = await startTalk()
    for (let left = 40; left > 0; left--) await talk.change(chance)
    const { rowCount } = await roomline.pool.query(
      `DELETE FROM room_changes c WHERE c.room_id = $1
         AND NOT EXISTS (SELECT FROM messages m WHERE m.room_id = c.room_id AND m.seq = c.seq AND m.version = c.version)`,
      [talk.room],
    )
    expect(rowCount).toBeGreaterThan(5)
    for (let after = 0; after <= talk.lastVersion; after++) await readAll(talk, after, { messages: chance.between(1, 20), bytes: 1_000 })
  })

  it('have a row each, unless a message was stored with it, whichever statement takes the version', async () => {
    const chance = createSeeded(9)
    const talk = await startTalk()
    for (let left = 40; left > 0; left--) await talk.change(chance)
    const { room } = talk
    // An operator's own SQL.
    await roomline.pool.query(
      `WITH r AS (UPDATE rooms SET last_version = last_version + 1 WHERE id = $1 RETURNING last_version)
       UPDATE messages SET version = r.last_version FROM r WHERE room_id = $1 AND seq = 1`,
      [room],
    )
    // The version is taken first, and the message written after another was stored.
    await roomline.pool.query(
      `BEGIN;
       UPDATE rooms SET last_version = last_version + 1 WHERE id = '${room}';
       UPDATE rooms SET last_version = last_version + 1, last_seq = last_seq + 1 WHERE id = '${room}';
       INSERT INTO messages (room_id, seq, version, author_id, text)
         SELECT id, last_seq, last_version, (SELECT author_id FROM messages WHERE room_id = '${room}' LIMIT 1), 'late' FROM rooms WHERE id = '${room}';
       UPDATE messages m SET version = r.last_version - 1 FROM rooms r WHERE r.id = '${room}' AND m.room_id = r.id AND m.seq = 1;
       COMMIT`,
    )
    const { rows } = await roomline.pool.query<{ version: number; last_seq: number }>(
      'SELECT version, last_seq FROM room_changes WHERE room_id = $1 ORDER BY version',
      [room],
    )
    // As many messages were stored up to a version as there are versions without a row.
    for (const [index, { version, last_seq }] of rows.entries()) expect(last_seq).toBe(version - index - 1)
    const { rows: unnamed } = await roomline.pool.query(
      `SELECT FROM messages m JOIN rooms r ON r.id = m.room_id WHERE m.room_id = $1
         AND m.version <> m.seq + (SELECT count(*) FROM room_changes c WHERE c.room_id = m.room_id AND c.last_seq < m.seq)
         AND NOT EXISTS (SELECT FROM room_changes c WHERE c.room_id = m.room_id AND c.version = m.version AND c.seq = m.seq)`,
      [room],
    )
    expect(unnamed).toEqual([])
  })
})
