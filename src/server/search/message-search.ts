import type { Pool } from 'pg'
import type { Message } from '../../contract/message'
import { joinPeople, messageColumns, readMessages } from '../chat/message-rows'

/** Where a message stands among those of all rooms: the newest is the last. */
export interface Place {
  /** ISO 8601. Postgres' "infinity" comes after everything. */
  time: string
  room: string
  seq: number
}

/** Whose messages to look through, and which part of them. */
export interface SearchScope {
  userId: string
  /** One room, null for all that the person is in. */
  room: string | null
  /** Only messages of this time and later. */
  since: string | null
}

interface PlaceRow {
  time: Date
  room_id: string
  seq: number
  is_end: boolean
}

const toPlace = ({ time, room_id: room, seq }: PlaceRow): Place => ({ time: time.toISOString(), room, seq })

/**
 * Messages of `message_search` that stand below a place, and their order. One room has an index of its own.
 * $1 person · $2, $3, $4 place · $5 since
 */
const placesOf = (room: string | null) =>
  room === null
    ? {
        range: `(time, room_id, seq) < ($2::timestamptz, $3::text, $4::int) AND (time, room_id, seq) >= ($5::timestamptz, '', 0)`,
        newestFirst: 'time DESC, room_id DESC, seq DESC',
      }
    : {
        range: 'room_id = $3::text AND (time, seq) < ($2::timestamptz, $4::int) AND (time, seq) >= ($5::timestamptz, 0)',
        newestFirst: 'time DESC, seq DESC',
      }

/** Not a join: this looks each row's room up in a hash of the person's rooms, whatever the planner expects of their number. */
const inOwnRooms = '(room_id IN (SELECT room_id FROM memberships WHERE user_id = $1)) IS TRUE'

/**
 * The statements of a search. Each has one shape, whatever the planner thinks of the query: what is best depends on where the
 * matches are, which it cannot know. See search-plan.
 * @param lookUps few connections of its own, so that slow searches do not take those that sends need
 */
export function createMessageSearch(lookUps: Pool) {
  const valuesOf = ({ userId, since }: SearchScope, below: Place) => [userId, below.time, below.room, below.seq, since ?? '-infinity']

  return {
    /** About how many messages of the whole server have these terms. As good as Postgres' statistics are. */
    estimate: async (terms: string): Promise<number> => {
      const { rows } = await lookUps.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
        'EXPLAIN (FORMAT JSON) SELECT FROM message_search WHERE terms @@ $1::tsquery',
        [terms],
      )
      return rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0
    },

    /** Up to `max` of the person's rooms, and how many messages each has. */
    roomsOf: async ({ userId, room }: SearchScope, max: number): Promise<{ id: string; size: number }[]> => {
      const { rows } = await lookUps.query<{ id: string; size: number }>(
        `SELECT r.id, r.last_seq AS size FROM memberships s CROSS JOIN LATERAL (SELECT * FROM rooms r WHERE r.id = s.room_id LIMIT 1) r
         WHERE s.user_id = $1 AND ($2::text IS NULL OR s.room_id = $2) LIMIT $3`,
        [userId, room, max],
      )
      return rows
    },

    /**
     * Reads the index of the times from a place on, a bounded stretch of it, for messages that match.
     * @param terms null for every message
     * @returns up to `limit` matches; when there are fewer, `end` is where the stretch ends, null when nothing is left
     */
    findAmongNewest: async (
      scope: SearchScope,
      terms: string | null,
      below: Place,
      { stretch, limit }: { stretch: number; limit: number },
    ): Promise<{ found: Place[]; end: Place | null }> => {
      const { range, newestFirst } = placesOf(scope.room)
      const matches = terms === null ? '$8::text IS NULL AND terms IS NOT NULL' : 'terms @@ $8::tsquery'
      const { rows } = await lookUps.query<PlaceRow>(
        `WITH found AS MATERIALIZED (
           SELECT time, room_id, seq FROM (
             SELECT * FROM message_search WHERE ${range} ORDER BY ${newestFirst} LIMIT $6
           ) stretch
           WHERE ${inOwnRooms} AND ${matches} ORDER BY ${newestFirst} LIMIT $7
         )
         SELECT *, false AS is_end FROM found
         UNION ALL (
           SELECT time, room_id, seq, true FROM message_search WHERE (SELECT count(*) FROM found) < $7 AND ${range}
           ORDER BY ${newestFirst} OFFSET $6 - 1 LIMIT 1
         )`,
        [...valuesOf(scope, below), stretch, limit, terms],
      )
      const end = rows.find(({ is_end }) => is_end)
      return { found: rows.filter(({ is_end }) => !is_end).map(toPlace), end: end ? toPlace(end) : null }
    },

    /** Finds all messages with these terms by their index, then sorts them. */
    findByTerms: async (scope: SearchScope, terms: string, below: Place, limit: number): Promise<Place[]> => {
      const { range, newestFirst } = placesOf(scope.room)
      const { rows } = await lookUps.query<PlaceRow>(
        `WITH found AS MATERIALIZED (SELECT time, room_id, seq FROM message_search WHERE terms @@ $7::tsquery)
         SELECT *, false AS is_end FROM found WHERE ${inOwnRooms} AND ${range} ORDER BY ${newestFirst} LIMIT $6`,
        [...valuesOf(scope, below), limit, terms],
      )
      return rows.map(toPlace)
    },

    /** The messages at these places, without those that were removed meanwhile. */
    read: (places: readonly Place[], { withFile }: { withFile: boolean }): Promise<Message[]> =>
      readMessages(
        lookUps,
        `SELECT ${messageColumns} FROM unnest($1::text[], $2::int[]) WITH ORDINALITY AS p(room, seq, position)
         CROSS JOIN LATERAL (SELECT * FROM messages m WHERE m.room_id = p.room AND m.seq = p.seq LIMIT 1) m ${joinPeople}
         WHERE m.deleted_at IS NULL
           AND (NOT $3 OR EXISTS (SELECT FROM attachments a WHERE a.room_id = m.room_id AND a.seq = m.seq))
         ORDER BY p.position`,
        [places.map(({ room }) => room), places.map(({ seq }) => seq), withFile],
      ),

    /** The id of the person with this username. */
    findAuthor: async (username: string): Promise<string | null> => {
      const { rows } = await lookUps.query<{ id: string }>('SELECT id FROM users WHERE username = $1', [username])
      return rows[0]?.id ?? null
    },
  }
}

export type MessageSearch = ReturnType<typeof createMessageSearch>
