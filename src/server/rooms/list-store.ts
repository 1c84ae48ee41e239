import type { LineDetail, MessageKind } from '../../contract/message'
import type { LastMessage, NotificationLevel, PostingPolicy, Room, RoomKind } from '../../contract/room'
import { cutQuote, limits, type RoomRole } from '../../contract/rules'
import type { User } from '../../contract/session'
import type { Querying } from '../platform/database'

/** What is the same in the lists of all members of a room, as it is at a version of the room. */
export interface RoomSummary
  extends Pick<
    Room,
    'id' | 'kind' | 'name' | 'topic' | 'lastSeq' | 'lastMessage' | 'postingPolicy' | 'slowModeSeconds' | 'archivedAt' | 'people'
  > {
  version: number
}

/** What is a member's own in their list, as it is at a version of the room. */
export interface OwnPart extends Pick<Room, 'role' | 'readSeq' | 'mentions' | 'notify' | 'favorite' | 'mutedUntil'> {
  version: number
}

/** A person and a room. */
export interface ListPair {
  userId: string
  room: string
}

/**
 * Mentions of a person, and those of the whole room, are each counted up to this, so that nobody can make other people's
 * lists expensive.
 */
export const maxMentions = 1_000

type SummaryRow = [
  ...room: [id: string, RoomKind, name: string, topic: string, lastSeq: number, version: number, PostingPolicy, slowModeSeconds: number],
  ...rest: [archivedAt: number | null, people: User[] | null, message: MessageRow | null],
]
type MessageRow = [
  ...message: [seq: number, version: number, MessageKind, text: string, time: number, editedAt: number | null, deletedAt: number | null],
  ...people: [author: User, LineDetail | null, detailUser: User | null],
]
type PartRow = [
  ...part: [place: number, version: number, RoomRole, readSeq: number, mentions: number, NotificationLevel],
  ...own: [favorite: boolean, mutedUntil: number | null],
]

// In these statements LATERAL with LIMIT 1 is looked up by key, whatever the planner expects of the tables. Rows come as one
// JSON array, which is read many times faster than rows of columns, and times as numbers.
const msOf = (column: string) => `floor(extract(epoch FROM ${column}) * 1000)`

const selectSummaries = `SELECT json_agg(json_build_array(r.id, r.kind, r.name, r.topic, r.last_seq, r.last_version, r.posting_policy,
  r.slow_mode_seconds, ${msOf('r.archived_at')},
  CASE WHEN r.kind = 'direct' THEN (
    SELECT json_agg(show_user(u) ORDER BY u.username) FROM memberships s
    CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = s.user_id LIMIT 1) u WHERE s.room_id = r.id
  ) END,
  (
    SELECT json_build_array(m.seq, m.version, m.kind, left(m.text, ${limits.quote + 1}), ${msOf('m.time')}, ${msOf('m.edited_at')},
      ${msOf('m.deleted_at')}, (SELECT show_user(u) FROM users u WHERE u.id = m.author_id), m.detail,
      (SELECT show_user(u) FROM users u WHERE u.id = m.detail_user_id))
    FROM (SELECT * FROM messages m WHERE m.room_id = r.id AND m.seq = r.last_seq LIMIT 1) m
  ))) AS rows
  FROM unnest($1::text[]) AS k(room_id) CROSS JOIN LATERAL (SELECT * FROM rooms r WHERE r.id = k.room_id LIMIT 1) r`

// Mentions of a person are counted from the table of mentions. Mentions of the whole room are counted from the messages,
// because a row for each member would turn one message into a thousand rows.
const selectParts = `SELECT json_agg(json_build_array(k.place, r.last_version, s.role, s.read_seq,
  CASE WHEN s.notify = 'nothing' OR s.read_seq >= r.last_seq THEN 0 ELSE (
    SELECT count(*) FROM (
      SELECT FROM mentions n WHERE n.user_id = s.user_id AND n.room_id = s.room_id AND n.seq > s.read_seq LIMIT ${maxMentions}
    ) own_mentions
  ) + (
    SELECT count(*) FROM (
      SELECT FROM messages m
      WHERE m.room_id = s.room_id AND m.mentions_room AND m.seq > s.read_seq AND m.author_id <> s.user_id
        AND NOT EXISTS (SELECT FROM mentions n WHERE n.user_id = s.user_id AND n.room_id = s.room_id AND n.seq = m.seq)
      LIMIT ${maxMentions}
    ) room_mentions
  ) END,
  s.notify, s.favorite, ${msOf('s.muted_until')})) AS rows
  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS k(user_id, room_id, place)
  CROSS JOIN LATERAL (SELECT * FROM memberships s WHERE s.room_id = k.room_id AND s.user_id = k.user_id LIMIT 1) s
  CROSS JOIN LATERAL (SELECT * FROM rooms r WHERE r.id = k.room_id AND ($3 OR r.archived_at IS NULL) LIMIT 1) r`

/** Reads what room lists show. */
export function createListStore(pool: Querying) {
  return {
    /** The ids of the rooms that are in these people's lists, by person. Archived rooms are in nobody's list. */
    roomsOf: async (userIds: readonly string[]): Promise<Map<string, string[]>> => {
      const { rows } = await pool.query<{ user_id: string; rooms: string[] }>(
        `SELECT k.user_id, json_agg(s.room_id) AS rooms FROM unnest($1::uuid[]) AS k(user_id)
         CROSS JOIN LATERAL (SELECT * FROM memberships s WHERE s.user_id = k.user_id OFFSET 0) s
         CROSS JOIN LATERAL (SELECT FROM rooms r WHERE r.id = s.room_id AND r.archived_at IS NULL LIMIT 1) r
         GROUP BY k.user_id`,
        [userIds],
      )
      return new Map(rows.map((row) => [row.user_id, row.rooms]))
    },

    /** These rooms, archived or not, each with its newest message; those that do not exist are missing from the answer. */
    summariesOf: async (rooms: readonly string[]): Promise<RoomSummary[]> => {
      const { rows } = await pool.query<{ rows: SummaryRow[] | null }>(selectSummaries, [rooms])
      return (rows[0]?.rows ?? []).map(toSummary)
    },

    /** The own part of each pair, in their order; null for people who are not in the room, and mostly for archived rooms. */
    partsAmong: async (pairs: readonly ListPair[], { archivedToo = false } = {}): Promise<(OwnPart | null)[]> => {
      const { rows } = await pool.query<{ rows: PartRow[] | null }>(selectParts, [
        pairs.map(({ userId }) => userId),
        pairs.map(({ room }) => room),
        archivedToo,
      ])
      const parts: (OwnPart | null)[] = pairs.map(() => null)
      for (const [place, ...part] of rows[0]?.rows ?? []) parts[place - 1] = toPart(part)
      return parts
    },
  }
}

export type ListStore = ReturnType<typeof createListStore>

function toSummary([id, kind, name, topic, lastSeq, version, postingPolicy, slowModeSeconds, archivedAt, people, message]: SummaryRow) {
  return {
    ...{ id, kind, name, topic, lastSeq, version, postingPolicy, slowModeSeconds, people: people ?? [] },
    archivedAt: toTime(archivedAt),
    lastMessage: message && toLastMessage(message),
  }
}

function toLastMessage([seq, version, kind, text, time, editedAt, deletedAt, author, detail, user]: MessageRow): LastMessage {
  // Without a spread: such an object takes less memory, and a node keeps very many.
  return {
    seq,
    version,
    kind,
    detail: user ? { user, ...detail } : detail,
    author,
    text: cutQuote(text),
    time: new Date(time).toISOString(),
    editedAt: toTime(editedAt),
    deletedAt: toTime(deletedAt),
  }
}

function toPart([version, role, readSeq, mentions, notify, favorite, mutedUntil]: [
  version: number,
  ...(PartRow extends [unknown, unknown, ...infer Rest] ? Rest : never),
]): OwnPart {
  // Null for a mute that is over.
  return {
    version,
    role,
    readSeq,
    mentions,
    notify,
    favorite,
    mutedUntil: mutedUntil && mutedUntil > Date.now() ? toTime(mutedUntil) : null,
  }
}

const toTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
