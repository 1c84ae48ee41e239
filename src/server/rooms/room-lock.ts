import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import type { LineDetail, Message, MessageKind } from '../../contract/message'
import type { PostingPolicy, RoomKind } from '../../contract/room'
import type { RoomRole, ServerRole } from '../../contract/rules'
import type { User } from '../../contract/session'
import { type AnnounceNeeds, announceToPeople, announceToRoom } from '../bus/announce'
import type { RoomNews } from '../bus/news-bus'
import { inTransaction, type Querying, retried } from '../platform/database'
import { findRefusal, type RightName, type Standing, seesRoom } from '../rights'

/** A room while nobody else can change it. */
export interface LockedRoom {
  id: string
  kind: RoomKind
  name: string
  topic: string
  lastSeq: number
  postingPolicy: PostingPolicy
  slowModeSeconds: number
  isArchived: boolean
  /** Who changes it, as they are now. */
  actor: User & Standing & { isMuted: boolean; isBanned: boolean }
  /** Runs a statement in the same transaction. */
  query: Querying['query']
  /** Takes a version for a change of this person's membership, which the caller then writes. */
  takeMembershipVersion(userId: string): Promise<number>
  /** Takes a version for a change of this message, which the caller then writes. */
  takeMessageVersion(seq: number): Promise<number>
  /** Takes a version for any other change of the room. */
  takeRoomVersion(): Promise<number>
  /** The message as everybody sees it after the changes so far. @throws {Failure} MESSAGE_NOT_FOUND */
  readMessage(seq: number): Promise<Message>
  /** Adds a line about the room: what the actor did. */
  addLine(kind: Exclude<MessageKind, 'text'>, detail?: LineDetail): Promise<void>
  audit(action: string, subjectId?: string | null, detail?: Record<string, unknown>): Promise<void>
}

/** What changing a room needs. */
export interface RoomLockNeeds extends AnnounceNeeds {
  roomChanges: RoomChanges
}

/**
 * Changes a room under its lock and announces the change after the commit. The caller's right is checked before the lock is
 * waited for, and again under it: a right that was taken away meanwhile counts. All of it is stored, or nothing.
 * @param right the procedure's row in the table of rights
 * @throws {Failure} ROOM_NOT_FOUND, NOT_A_MEMBER, NOT_ALLOWED, UNAUTHORIZED, and what `work` throws
 * @example
 * changeRoom(ctx, 'chat.remove', room, async (room) => {
 *   await room.query('UPDATE messages SET version = $3 WHERE room_id = $1 AND seq = $2', [room.id, seq, await room.takeMessageVersion(seq)])
 *   return room.readMessage(seq)
 * })
 */
export async function changeRoom<Result>(
  { parts, caller }: { parts: RoomLockNeeds; caller: { user: { id: string } } },
  right: RightName,
  roomId: string,
  work: (room: LockedRoom) => Promise<Result>,
): Promise<Result> {
  const { result, news, people } = await parts.roomChanges.change(right, roomId, caller.user.id, work)
  announceToRoom(parts, roomId, news)
  announceToPeople(parts, roomId, people)
  return result
}

/** A locked room as the acts see it that are not turned into `changeRoom` yet. */
export type RoomChange = LockedRoom & { room: LockedRoom }

export interface Changed<Result> {
  result: Result
  /** In the room's order. */
  news: RoomNews[]
  /** Whose memberships have changed. */
  people: string[]
}

export interface RoomChanges {
  /** What `changeRoom` does, but for the announcement. */
  change<Result>(right: RightName, roomId: string, actorId: string, work: (change: RoomChange) => Promise<Result>): Promise<Changed<Result>>
  /** For reads. @throws {Failure} ROOM_NOT_FOUND, NOT_A_MEMBER, NOT_ALLOWED */
  requireRight(right: RightName, roomId: string, actorId: string): Promise<void>
}

interface RoomRow {
  kind: RoomKind
  name: string
  topic: string
  last_seq: number
  posting_policy: PostingPolicy
  slow_mode_seconds: number
  is_archived: boolean
  role: RoomRole | null
  is_muted: boolean | null
  is_banned: boolean
  server: ServerRole
  may_sign_in: boolean
  username: string
  display_name: string
  avatar: string | null
}

async function requireStanding(
  querying: Querying,
  right: RightName,
  roomId: string,
  actorId: string,
): Promise<{ row: RoomRow; sees: boolean }> {
  const { rows } = await querying.query<RoomRow>(
    `SELECT r.kind, r.name, r.topic, r.last_seq, r.posting_policy, r.slow_mode_seconds, r.archived_at IS NOT NULL AS is_archived,
       s.role, s.muted_until > clock_timestamp() AS is_muted, u.role AS server,
       u.disabled_at IS NULL AND u.deleted_at IS NULL AS may_sign_in, u.username, u.display_name, u.avatar,
       EXISTS (SELECT FROM bans b WHERE b.room_id = r.id AND b.user_id = u.id) AS is_banned
     FROM rooms r JOIN users u ON u.id = $2
     LEFT JOIN memberships s ON s.room_id = r.id AND s.user_id = u.id
     WHERE r.id = $1`,
    [roomId, actorId],
  )
  const [row] = rows
  if (row && !row.may_sign_in) throw new Failure('UNAUTHORIZED')
  if (!row) throw new Failure('ROOM_NOT_FOUND')
  const { kind, is_archived: isArchived, role, is_banned: isBanned, server } = row
  const sees = seesRoom({ kind, isArchived }, { server, room: role, isBanned })
  const refusal = findRefusal(right, { server, room: role, sees })
  if (refusal) throw new Failure(refusal)
  return { row, sees }
}

/** @param readMessages messages as everybody sees them, read by a statement of the same transaction */
export function createRoomChanges(
  pool: Pool,
  readMessages: (querying: Querying, room: string, seqs: readonly number[]) => Promise<Message[]>,
): RoomChanges {
  return {
    requireRight: async (right, roomId, actorId) => void (await requireStanding(pool, right, roomId, actorId)),

    change: async (right, roomId, actorId, work) => {
      // Before anything is waited for: a stranger must not find out that a room is there because somebody holds it.
      await requireStanding(pool, right, roomId, actorId)
      return retried(() =>
        inTransaction(pool, async (client) => {
          await client.query('SELECT FROM rooms WHERE id = $1 FOR NO KEY UPDATE', [roomId])
          // A statement of its own: the one that waits for the lock may see what was so before it waited.
          const { row, sees } = await requireStanding(client, right, roomId, actorId)
          const { kind, name, topic, is_archived: isArchived, role, is_banned: isBanned, server } = row

          const news: (RoomNews | { seq: number })[] = []
          const people = new Set<string>()
          const takeVersion = async (places: 0 | 1) => {
            const taken = await client.query<{ seq: number; version: number }>(
              `UPDATE rooms SET last_seq = last_seq + $2, last_version = last_version + 1 WHERE id = $1
             RETURNING last_seq AS seq, last_version AS version`,
              [roomId, places],
            )
            const [place] = taken.rows
            if (!place) throw new Failure('ROOM_NOT_FOUND')
            return place
          }
          const shown = new Map<number, Message>()
          const readShown = async (seqs: readonly number[]) => {
            const unread = seqs.filter((seq) => !shown.has(seq))
            if (unread.length === 0) return
            for (const message of await readMessages(client, roomId, unread)) shown.set(message.seq, message)
          }
          const room: LockedRoom = {
            ...{ id: roomId, kind, name, topic, isArchived, lastSeq: row.last_seq },
            ...{ postingPolicy: row.posting_policy, slowModeSeconds: row.slow_mode_seconds },
            actor: {
              ...{ id: actorId, username: row.username, displayName: row.display_name, avatar: row.avatar },
              ...{ server, room: role, sees, isBanned, isMuted: row.is_muted === true },
            },
            query: client.query.bind(client) as Querying['query'],
            takeMembershipVersion: async (userId) => {
              const { version } = await takeVersion(0)
              people.add(userId)
              news.push({ type: 'membership', userId, version })
              return version
            },
            takeMessageVersion: async (seq) => {
              news.push({ seq })
              shown.delete(seq)
              return (await takeVersion(0)).version
            },
            takeRoomVersion: async () => {
              const { version } = await takeVersion(0)
              news.push({ type: 'room', version })
              return version
            },
            readMessage: async (seq) => {
              await readShown([seq])
              const message = shown.get(seq)
              if (!message) throw new Failure('MESSAGE_NOT_FOUND')
              return message
            },
            addLine: async (lineKind, { user, ...detail } = {}) => {
              const { seq, version } = await takeVersion(1)
              await client.query(
                `INSERT INTO messages (room_id, seq, version, kind, author_id, detail_user_id, detail, text) VALUES ($1, $2, $3, $4, $5, $6, $7, '')`,
                [...[roomId, seq, version, lineKind, actorId], user?.id ?? null, Object.keys(detail).length > 0 ? detail : null],
              )
              // Like a message of their own, it is read by the one who acted, and by somebody who has just been added.
              await client.query(
                'UPDATE memberships SET read_seq = greatest(read_seq, $3) WHERE room_id = $1 AND user_id = ANY($2::uuid[])',
                [roomId, lineKind === 'added' && user ? [actorId, user.id] : [actorId], seq],
              )
              news.push({ seq })
            },
            audit: async (action, subjectId = null, detail = {}) => {
              await client.query('INSERT INTO audit_log (actor_id, action, room_id, subject_id, detail) VALUES ($1, $2, $3, $4, $5)', [
                ...[actorId, action, roomId, subjectId, detail],
              ])
            },
          }
          const result = await work({ ...room, room })
          await readShown(news.flatMap((entry) => ('seq' in entry ? [entry.seq] : [])))
          return {
            result,
            people: [...people],
            news: news.flatMap((entry): RoomNews[] => {
              if (!('seq' in entry)) return [entry]
              const message = shown.get(entry.seq)
              return message ? [{ type: 'message', message }] : []
            }),
          }
        }),
      )
    },
  }
}
