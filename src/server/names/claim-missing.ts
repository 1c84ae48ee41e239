import type { Pool } from 'pg'
import { lookAlikeKeys, roomNameKeys } from './look-alikes'

const batch = 2_000

/**
 * Claims the names of the people and public rooms that are there already. Of people whose names look alike, the first gets the
 * key; the others keep their names too.
 */
export async function claimMissingNames(database: Pick<Pool, 'query'>): Promise<void> {
  await inBatches<{ id: string; at: string; username: string; displayName: string }>(
    database,
    `SELECT u.id::text, u.created_at::text AS at, u.username, u.display_name AS "displayName" FROM users u
     WHERE u.deleted_at IS NULL AND NOT EXISTS (SELECT FROM person_names n WHERE n.user_id = u.id)
       AND ($1::timestamptz IS NULL OR (u.created_at, u.id) > ($1, $2::uuid)) ORDER BY u.created_at, u.id LIMIT $3`,
    'INSERT INTO person_names (key, user_id) SELECT * FROM unnest($1::text[], $2::uuid[]) ON CONFLICT (key) DO NOTHING',
    ({ username, displayName }) => [...lookAlikeKeys(username), ...lookAlikeKeys(displayName)],
  )
  await inBatches<{ id: string; at: string; name: string }>(
    database,
    `SELECT r.id, r.created_at::text AS at, r.name FROM rooms r
     WHERE r.kind = 'public' AND NOT EXISTS (SELECT FROM room_names n WHERE n.room_id = r.id)
       AND ($1::timestamptz IS NULL OR (r.created_at, r.id) > ($1, $2::text)) ORDER BY r.created_at, r.id LIMIT $3`,
    'INSERT INTO room_names (key, room_id) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING',
    ({ name }) => roomNameKeys(name),
  )
}

async function inBatches<Row extends { id: string; at: string }>(
  database: Pick<Pool, 'query'>,
  select: string,
  insert: string,
  keysOf: (row: Row) => string[],
): Promise<void> {
  for (let last: Row | undefined; ; ) {
    const { rows } = await database.query<Row>(select, [last?.at ?? null, last?.id ?? null, batch])
    const claims = rows.flatMap((row) => [...new Set(keysOf(row))].map((key): [key: string, id: string] => [key, row.id]))
    if (claims.length > 0) await database.query(insert, [claims.map(([key]) => key), claims.map(([, id]) => id)])
    last = rows.at(-1)
    if (rows.length < batch) return
  }
}
