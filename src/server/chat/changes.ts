import type { Message } from '../../contract/message'
import type { Querying } from '../platform/database'
import { joinPeople, type MessageRow, messageColumns, toMessages } from './message-rows'

/** The limits of one page of changes. A slow consumer keeps one page in memory. */
export interface ChangePageLimits {
  messages: number
  /** Of text. The message that passes the limit is the last one. */
  bytes: number
}

export const changePageLimits: ChangePageLimits = { messages: 500, bytes: 256 * 1024 }

/** When no message has any of the next versions any more, each further look takes in this many times as many, up to a limit. */
const growth = 8
const maxVersions = 32_000

/** A message, and in each row how far the room's versions were looked through. Without a message there is one row of nulls. */
type ChangeRow = { until: number; reaches_end: boolean } & (MessageRow | Record<keyof MessageRow, null>)

/**
 * The next changes of a room after a version, in their order, as many as fit a page. A message that changed twice comes once,
 * as it is now.
 * @returns no messages only when `isLast`
 */
export async function readChanges(
  querying: Querying,
  room: string,
  version: number,
  limits: ChangePageLimits = changePageLimits,
): Promise<{ messages: Message[]; isLast: boolean }> {
  let after = version
  for (let versions = limits.messages; ; versions = Math.min(versions * growth, maxVersions)) {
    const { rows } = await querying.query<ChangeRow>(changesStatement, [room, after, versions, limits.messages, limits.bytes])
    const [first] = rows
    // Without a row the room was deleted.
    if (!first) return { messages: [], isLast: true }
    const { until, reaches_end: reachesEnd } = first
    const found = rows.filter(isMessage)
    if (found.length > 0) {
      const bytes = found.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
      const isLast = reachesEnd && found.length < limits.messages && bytes < limits.bytes
      return { messages: await toMessages(querying, found), isLast }
    }
    if (reachesEnd) return { messages: [], isLast: true }
    after = until
  }
}

const isMessage = (row: ChangeRow): row is ChangeRow & MessageRow => row.seq !== null

/**
 * Of the versions in ($2, until], each belongs to a message that was stored with it or to a row of room_changes. A message is
 * on the page when its version, as it is now, is one of them.
 *
 * The messages that were stored in between stand next to each other: the rows of room_changes around both ends say which seqs
 * those are. They are read by key; the others have a row of room_changes that names them. A range that is too long does no
 * harm, because the version decides. So the first seq comes from the next row and the last seq from the row before: were a
 * row missing, both would only be further out.
 */
const changesStatement = `
  WITH page AS MATERIALIZED (SELECT last_seq, last_version, least($2::int + $3::int, last_version) AS until FROM rooms WHERE id = $1),
  stored AS MATERIALIZED (
    SELECT
      coalesce(
        (SELECT c.last_seq - (c.version - 1 - $2::int) FROM room_changes c WHERE c.room_id = $1 AND c.version > $2 ORDER BY c.version LIMIT 1),
        (SELECT last_seq - (last_version - $2::int) FROM page)
      ) AS after,
      coalesce(
        (SELECT c.last_seq + (SELECT until FROM page) - c.version FROM room_changes c
         WHERE c.room_id = $1 AND c.version <= (SELECT until FROM page) ORDER BY c.version DESC LIMIT 1),
        (SELECT until FROM page)
      ) AS up_to
  ),
  found AS (
    SELECT m.* FROM messages m
    WHERE m.room_id = $1 AND m.seq > (SELECT after FROM stored) AND m.seq <= (SELECT up_to FROM stored)
      AND m.version > $2 AND m.version <= (SELECT until FROM page)
    UNION ALL
    SELECT m.* FROM room_changes c CROSS JOIN LATERAL (
      SELECT * FROM messages m WHERE m.room_id = $1 AND m.seq = c.seq AND m.version = c.version LIMIT 1
    ) m
    WHERE c.room_id = $1 AND c.version > $2 AND c.version <= (SELECT until FROM page) AND c.seq <= (SELECT after FROM stored)
  ),
  m AS (
    SELECT *, sum(octet_length(text)) OVER (ORDER BY version ROWS UNBOUNDED PRECEDING) - octet_length(text) AS bytes_before
    FROM (SELECT * FROM found ORDER BY version LIMIT $4) f
  )
  SELECT ${messageColumns}, page.until, page.until >= page.last_version AS reaches_end
  FROM page LEFT JOIN (m ${joinPeople}) ON m.bytes_before < $5
  ORDER BY m.version`
