import { createPauses } from '../platform/background'
import type { Querying } from '../platform/database'
import { tagsOfMessage } from './search-terms'
import { toTsvector } from './terms'

/** What a message needs for its terms, as it is in the database. */
export interface IndexedMessage {
  room_id: string
  seq: number
  version: number
  time: Date
  author_id: string
  text: string
  is_removed: boolean
  has_file: boolean
}

/** Columns of a message `m` for `writeTerms`. */
export const indexedColumns = `m.room_id, m.seq, m.version, m.time, m.author_id, m.text, m.deleted_at IS NOT NULL AS is_removed,
  EXISTS (SELECT FROM attachments a WHERE a.room_id = m.room_id AND a.seq = m.seq) AS has_file`

/**
 * Writes the terms of these messages. A message whose row is newer already keeps it. The time comes before the version: a room
 * can be deleted and made again with the same id, and counts its versions from 1.
 * @param replacesSame also where the row was made of the same version of the message, by an earlier release perhaps
 */
export async function writeTerms(querying: Querying, messages: readonly IndexedMessage[], { replacesSame = false } = {}): Promise<void> {
  if (messages.length === 0) return
  const terms: (string | null)[] = []
  const pause = createPauses()
  for (const message of messages) {
    terms.push(message.is_removed ? null : termsOf(message))
    // Long texts take many milliseconds each.
    await pause()
  }
  // In the order of the key: two nodes that write the same rows must not wait for each other.
  await querying.query(
    `INSERT INTO message_search AS s (room_id, seq, version, time, terms)
     SELECT room_id, seq, version, time, terms::tsvector
     FROM unnest($1::text[], $2::int[], $3::int[], $4::timestamptz[], $5::text[]) AS n(room_id, seq, version, time, terms)
     ORDER BY room_id, seq
     ON CONFLICT (room_id, seq) DO UPDATE SET version = excluded.version, time = excluded.time, terms = excluded.terms
     WHERE (excluded.time, excluded.version) ${replacesSame ? '>=' : '>'} (s.time, s.version)`,
    [
      messages.map(({ room_id }) => room_id),
      messages.map(({ seq }) => seq),
      messages.map(({ version }) => version),
      messages.map(({ time }) => time),
      terms,
    ],
  )
}

const termsOf = ({ text, room_id: room, author_id: author, has_file: hasFile }: IndexedMessage): string =>
  toTsvector(text, tagsOfMessage(text, { room, author, hasFile }))

/**
 * Takes the terms of a message away, in the transaction that removes it. The row stays, with the removal's version: whoever
 * read the text before it was removed cannot bring its terms back.
 */
export async function removeTerms(querying: Querying, room: string, seq: number): Promise<void> {
  await querying.query(
    `INSERT INTO message_search AS s (room_id, seq, version, time, terms)
     SELECT room_id, seq, version, time, NULL FROM messages WHERE room_id = $1 AND seq = $2
     ON CONFLICT (room_id, seq) DO UPDATE SET version = excluded.version, time = excluded.time, terms = NULL
     WHERE (excluded.time, excluded.version) > (s.time, s.version)`,
    [room, seq],
  )
}
