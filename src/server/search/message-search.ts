import type { Pool } from 'pg'
import type { Message } from '../../contract/message'
import type { Querying } from '../platform/database'
import { createCountsMemory } from './counts-memory'

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

type ReadPlaces = (querying: Querying, places: readonly Place[]) => Promise<Message[]>

interface PlaceRow {
  time: Date
  room_id: string
  seq: number
  is_end: boolean
}

interface EstimatedPlan {
  'Plan Rows': number
}

/** They only choose the way to search: people go on typing or to the next page, and Postgres' statistics seldom change. */
const remembered = { forMs: 60_000, most: 5_000 }
/** Somebody with this many messages in their rooms: no search reads all of them. */
const tooManyForRooms = 500_000
/** No tsquery: stands for all messages. */
const everything = ''

const toPlace = ({ time, room_id: room, seq }: PlaceRow): Place => ({ time: time.toISOString(), room, seq })

/**
 * The part of `message_search` that stands below a place, and its order. One room has an index of its own.
 * $1 person · $2, $3, $4 place · $5 since
 */
const partOf = (room: string | null) =>
  room === null
    ? {
        range: `(time, room_id, seq) < ($2::timestamptz, $3::text, $4::int) AND (time, room_id, seq) >= ($5::timestamptz, '', 0)`,
        newestFirst: 'time DESC, room_id DESC, seq DESC',
      }
    : {
        range: 'room_id = $3::text AND (time, seq) < ($2::timestamptz, $4::int) AND (time, seq) >= ($5::timestamptz, 0)',
        newestFirst: 'time DESC, seq DESC',
      }

/** Not a join: the person's rooms are put into a hash, whatever the planner expects of their number. */
const inOwnRooms = '(room_id IN (SELECT room_id FROM memberships WHERE user_id = $1)) IS TRUE'

/**
 * The statements of a search. Each leaves the planner one way only: what is best depends on where the matches are, which it
 * cannot know. `findMatches` chooses between them.
 * @param lookUps few connections of its own, so that slow searches do not take those that sends need
 */
export function createMessageSearch(lookUps: Pool, readMessages: ReadPlaces) {
  const valuesOf = ({ userId, since }: SearchScope, below: Place) => [userId, below.time, below.room, below.seq, since ?? '-infinity']
  const findPlaces = async (sql: string, values: unknown[]): Promise<Place[]> => {
    const { rows } = await lookUps.query<PlaceRow>(sql, values)
    return rows.map(toPlace)
  }

  const estimates = createCountsMemory(remembered)
  // Smaller ones might grow too much meanwhile: somebody joins a large room.
  const ownCounts = createCountsMemory({ ...remembered, least: tooManyForRooms })

  async function estimateCounts(tsqueries: readonly string[]): Promise<number[]> {
    const terms = tsqueries.filter((tsquery) => tsquery !== everything)
    const counted = terms.map((_, index) => `UNION ALL SELECT FROM message_search t${index} WHERE terms @@ $${index + 1}::tsquery`)
    // A plan of a cursor has no parallel parts, whose rows would have to be added up.
    const { rows } = await lookUps.query<{ 'QUERY PLAN': [{ Plan: EstimatedPlan & { Plans?: EstimatedPlan[] } }] }>(
      `EXPLAIN (FORMAT JSON) DECLARE estimate CURSOR FOR SELECT FROM message_search ${counted.join(' ')}`,
      terms,
    )
    const plan = rows[0]?.['QUERY PLAN'][0].Plan
    const [all = 0, ...each] = (terms.length === 0 ? [plan] : (plan?.Plans ?? [])).map((part) => part?.['Plan Rows'] ?? 0)
    return tsqueries.map((tsquery) => (tsquery === everything ? all : (each[terms.indexOf(tsquery)] ?? 0)))
  }

  async function countOwn({ userId, room }: SearchScope): Promise<number> {
    const { rows } = await lookUps.query<{ count: number }>(
      `SELECT coalesce(sum(r.last_seq), 0)::float AS count FROM memberships s
       CROSS JOIN LATERAL (SELECT last_seq FROM rooms r WHERE r.id = s.room_id LIMIT 1) r
       WHERE s.user_id = $1 AND ($2::text IS NULL OR s.room_id = $2)`,
      [userId, room],
    )
    return rows[0]?.count ?? 0
  }

  return {
    /**
     * About how many messages of the whole server each tsquery matches, and how many there are at all. As good as Postgres'
     * statistics are: right for what is common, and never below a small part of all messages.
     */
    estimate: async (terms: readonly string[]): Promise<{ each: number[]; all: number }> => {
      const [all = 0, ...each] = await estimates.of([everything, ...terms], estimateCounts)
      return { each, all }
    },

    /** About how many messages there are in the person's rooms. */
    countOwn: async (scope: SearchScope): Promise<number> => {
      const [count = 0] = await ownCounts.of([`${scope.userId} ${scope.room ?? ''}`], async () => [await countOwn(scope)])
      return count
    },

    /**
     * Reads the messages from a place on by their time, a bounded stretch of them, for those that match.
     * @param terms null for every message
     * @returns up to `limit` matches; when there are fewer, `end` is where the stretch ends, null when nothing is left
     */
    findByTime: async (
      scope: SearchScope,
      terms: string | null,
      below: Place,
      { stretch, limit }: { stretch: number; limit: number },
    ): Promise<{ found: Place[]; end: Place | null }> => {
      const { range, newestFirst } = partOf(scope.room)
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

    /**
     * Looks up all messages of the server with some terms, and sorts those that match all of them.
     * @param rarest a tsquery that is quick to look up, and matches whatever `terms` matches
     */
    findByTerms: (scope: SearchScope, terms: string, rarest: string, below: Place, limit: number): Promise<Place[]> => {
      const { range, newestFirst } = partOf(scope.room)
      return findPlaces(
        `WITH found AS MATERIALIZED (
           SELECT time, room_id, seq FROM (SELECT * FROM message_search WHERE terms @@ $7::tsquery OFFSET 0) t
           WHERE ${range} AND ${inOwnRooms} AND terms @@ $8::tsquery
         )
         SELECT * FROM found ORDER BY ${newestFirst} LIMIT $6`,
        [...valuesOf(scope, below), limit, rarest, terms],
      )
    },

    /** Reads all messages of the person's rooms, and sorts those that match. */
    findByRooms: (scope: SearchScope, terms: string | null, below: Place, limit: number): Promise<Place[]> => {
      const { range, newestFirst } = partOf(scope.room)
      const matches = terms === null ? '$7::text IS NULL AND terms IS NOT NULL' : 'terms @@ $7::tsquery'
      return findPlaces(
        `WITH found AS MATERIALIZED (
           SELECT t.time, t.room_id, t.seq FROM memberships s
           CROSS JOIN LATERAL (SELECT * FROM message_search t WHERE t.room_id = s.room_id OFFSET 0) t
           WHERE s.user_id = $1 AND ${matches}
         )
         SELECT * FROM found WHERE ${range} ORDER BY ${newestFirst} LIMIT $6`,
        [...valuesOf(scope, below), limit, terms],
      )
    },

    /** The messages at these places, without those that were removed meanwhile. */
    read: (places: readonly Place[]): Promise<Message[]> => readMessages(lookUps, places),

    /** Those of these places whose messages have a file. */
    keepWithFile: async (places: readonly Place[]): Promise<Place[]> => {
      const { rows } = await lookUps.query<{ position: number }>(
        `SELECT p.position::int FROM unnest($1::text[], $2::int[]) WITH ORDINALITY AS p(room, seq, position)
         CROSS JOIN LATERAL (SELECT 1 FROM attachments a WHERE a.room_id = p.room AND a.seq = p.seq LIMIT 1) a`,
        [places.map(({ room }) => room), places.map(({ seq }) => seq)],
      )
      const positions = new Set(rows.map(({ position }) => position))
      return places.filter((_, index) => positions.has(index + 1))
    },

    /** The id of the person with this username. */
    findAuthor: async (username: string): Promise<string | null> => {
      const { rows } = await lookUps.query<{ id: string }>('SELECT id FROM users WHERE username = $1', [username])
      return rows[0]?.id ?? null
    },
  }
}

export type MessageSearch = ReturnType<typeof createMessageSearch>
