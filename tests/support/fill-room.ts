import { readFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'

interface Filling {
  /** The folder of a Roomline with an embedded database. */
  dataDir: string
  room: string
  /** Usernames. They take turns, with some messages in a row. */
  authors: readonly string[]
  count: number
  /** Between one message and the next; the last one is from now. */
  apartMs?: number
}

/** The texts have different lengths, and each begins with "line" and its seq. */
const textOf = `'line ' || seq || repeat(' and some more words to make it longer', CASE WHEN seq % 7 = 0 THEN 6 WHEN seq % 3 = 0 THEN 2 ELSE 0 END)
  || CASE WHEN seq % 11 = 0 THEN E'\\nwith a second line' ELSE '' END`

/** Puts messages into a room within seconds, however many. Call it before anybody opens the room. */
export async function fillRoom({ dataDir, room, authors, count, apartMs = 60_000 }: Filling): Promise<void> {
  const read = async (...file: string[]) => (await readFile(path.join(dataDir, ...file), 'utf8')).trim()
  const port = (await read('postgres', 'postmaster.pid')).split('\n')[3]
  const client = new pg.Client(`postgresql://roomline:${await read('postgres-password')}@127.0.0.1:${port}/roomline`)
  await client.connect()
  try {
    await client.query(
      `WITH held AS (SELECT id, last_seq, last_version FROM rooms WHERE id = $1 FOR UPDATE),
        authors AS (SELECT u.id, turn FROM unnest($2::text[]) WITH ORDINALITY given(username, turn) JOIN users u USING (username)),
        made AS (
          INSERT INTO messages (room_id, seq, version, author_id, text, time)
          SELECT $1, seq, last_version + n, a.id, ${textOf}, now() - ($3::int - n) * $4::float8 * interval '1 millisecond'
          FROM held, generate_series(1, $3::int) n, LATERAL (SELECT last_seq + n AS seq) s, authors a
          WHERE a.turn = 1 + (seq / 4) % (SELECT count(*) FROM authors)
        )
      UPDATE rooms SET last_seq = held.last_seq + $3::int, last_version = held.last_version + $3::int FROM held WHERE rooms.id = held.id`,
      [room, authors, count, apartMs],
    )
  } finally {
    await client.end()
  }
}
