import type { AuditKind } from '../../contract/audit'
import { Failure } from '../../contract/failures'
import type { LineDetail, Message, MessageKind } from '../../contract/message'
import type { Standing } from '../../contract/rights'
import type { PostingPolicy, RoomKind } from '../../contract/room'
import { limits, outranks, type Roles, type RoomRole } from '../../contract/rules'
import type { User } from '../../contract/session'
import { writeAudit } from '../admin/audit-log'
import type { RoomNews } from '../bus/news-bus'
import type { CommittedChange } from '../jobs/after-commit'
import type { Querying } from '../platform/database'

/** Somebody, and what they are in the room; not necessarily a member. */
export interface PersonInRoom extends Roles {
  user: User
  isBanned: boolean
}

/** A room, as the person who changes it sees it. */
export interface RoomSnapshot {
  id: string
  kind: RoomKind
  name: string
  topic: string
  lastSeq: number
  postingPolicy: PostingPolicy
  slowModeSeconds: number
  isArchived: boolean
  /** Who changes the room, as they are now. */
  actor: User & Standing & { isMuted: boolean; isBanned: boolean }
}

/** A room that nobody else can change meanwhile. Its fields are as they were when the lock was taken. */
export interface LockedRoom extends RoomSnapshot {
  /** Runs a statement in the same transaction. */
  query: Querying['query']

  /** @throws {Failure} DIRECT_ROOM */
  requireNotDirect(): void
  /** @throws {Failure} DIRECT_ROOM, ROOM_ARCHIVED */
  requireChangeable(): void
  /** @throws {Failure} USER_NOT_FOUND */
  requirePerson(username: string): Promise<PersonInRoom>
  /** @throws {Failure} MEMBER_NOT_FOUND */
  requireMember(username: string): Promise<PersonInRoom>
  /** @throws {Failure} NOT_ALLOWED when the actor's role does not reach this person */
  requireOutranked(person: Roles): void
  /** For after a change that may have taken the last owner away. @throws {Failure} LAST_OWNER */
  requireOwner(): Promise<void>

  /** @throws {Failure} USER_NOT_FOUND when the account was deleted or disabled meanwhile */
  addMember(userId: string): Promise<void>
  /** Revokes this person's invitation links too. @throws {Failure} LAST_OWNER */
  endMembership(userId: string): Promise<void>
  revokeInvitesOf(userId: string): Promise<void>

  /** Takes a version for a change of this person's membership, which the caller then writes. */
  takeMembershipVersion(userId: string): Promise<number>
  /** Takes a version for a change of this message, which the caller then writes. */
  takeMessageVersion(seq: number, what: CommittedChange['what']): Promise<number>
  /** Takes a version for any other change of the room. */
  takeRoomVersion(): Promise<number>
  /** The message as everybody sees it after the changes so far. @throws {Failure} MESSAGE_NOT_FOUND */
  readMessage(seq: number): Promise<Message>
  /** Adds a line about the room: what the actor did. */
  addLine(kind: Exclude<MessageKind, 'text'>, detail?: LineDetail): Promise<void>
  audit(kind: AuditKind, subjectId?: string | null, detail?: Record<string, unknown>): Promise<void>
}

/** Reads messages as everybody sees them, in the transaction of `querying`. */
export type ReadMessages = (querying: Querying, room: string, seqs: readonly number[]) => Promise<Message[]>

/**
 * For a transaction that holds the room's lock.
 * @returns `readNews` for what to announce after the commit, in the room's order, and whose memberships have changed
 */
export function createLockedRoom(
  transaction: Querying,
  state: RoomSnapshot,
  { readMessages, ip }: { readMessages: ReadMessages; ip: string | null },
): { room: LockedRoom; readNews(): Promise<RoomNews[]>; people: Set<string> } {
  const { id, actor } = state
  const query: Querying['query'] = transaction.query.bind(transaction)
  const news: (RoomNews | { type: 'changed'; seq: number })[] = []
  const people = new Set<string>()
  /** Messages as they are after the changes so far. */
  const messages = new Map<number, Message>()

  async function loadMessages(seqs: readonly number[]) {
    const missing = seqs.filter((seq) => !messages.has(seq))
    if (missing.length === 0) return
    for (const message of await readMessages(transaction, id, missing)) messages.set(message.seq, message)
  }

  /** @param change what becomes of a message, for what must happen after the commit; a message without a seq gets the next one */
  async function takeVersion(change?: { seq?: number; what: CommittedChange['what'] }): Promise<{ seq: number; version: number }> {
    const isNewMessage = change !== undefined && change.seq === undefined
    const { rows } = await query<{ seq: number; version: number }>(
      `WITH taken AS (
         UPDATE rooms SET last_seq = last_seq + $2, last_version = last_version + 1 WHERE id = $1
         RETURNING last_seq AS seq, last_version AS version
       ),
       noted AS (
         INSERT INTO after_commit (room_id, seq, version, what) SELECT $1, coalesce($3::int, seq), version, $4::text FROM taken WHERE $4 IS NOT NULL
       )
       SELECT seq, version FROM taken`,
      [id, isNewMessage ? 1 : 0, change?.seq ?? null, change?.what ?? null],
    )
    const [taken] = rows
    if (!taken) throw new Failure('ROOM_NOT_FOUND')
    return taken
  }

  async function findPerson(username: string): Promise<PersonInRoom | null> {
    const { rows } = await query<User & Omit<PersonInRoom, 'user'>>(
      `SELECT u.id, u.username, u.display_name AS "displayName", u.avatar, u.role AS server, s.role AS room,
         EXISTS (SELECT FROM bans b WHERE b.room_id = $1 AND b.user_id = u.id) AS "isBanned"
       FROM users u LEFT JOIN memberships s ON s.room_id = $1 AND s.user_id = u.id
       WHERE u.username = $2 AND u.deleted_at IS NULL`,
      [id, username],
    )
    const [row] = rows
    if (!row) return null
    const { server, room, isBanned, ...user } = row
    return { user, server, room, isBanned }
  }

  const room: LockedRoom = {
    ...state,
    query,

    requireNotDirect: () => {
      if (state.kind === 'direct') throw new Failure('DIRECT_ROOM')
    },
    requireChangeable: () => {
      room.requireNotDirect()
      if (state.isArchived) throw new Failure('ROOM_ARCHIVED')
    },
    requirePerson: async (username) => {
      const person = await findPerson(username)
      if (!person) throw new Failure('USER_NOT_FOUND')
      return person
    },
    requireMember: async (username) => {
      const person = await findPerson(username)
      if (!person || person.room === null) throw new Failure('MEMBER_NOT_FOUND')
      return person
    },
    requireOutranked: (person) => {
      if (!outranks(actor, person)) throw new Failure('NOT_ALLOWED')
    },
    requireOwner: async () => {
      // Owners come first in the index of members.
      const { rows } = await query<{ role: RoomRole }>(
        'SELECT role FROM memberships WHERE room_id = $1 ORDER BY role, member_name LIMIT 1',
        [id],
      )
      if (rows[0] && rows[0].role !== 'owner') throw new Failure('LAST_OWNER')
    },

    addMember: async (userId) => {
      const version = await room.takeMembershipVersion(userId)
      // The first member of an empty room owns it, except in the first room, which nobody owns. The lock on the person makes
      // this wait for the deletion of their account, or the deletion wait for this.
      const { rowCount } = await query(
        `WITH person AS (SELECT id FROM users WHERE id = $2 AND deleted_at IS NULL AND disabled_at IS NULL FOR SHARE),
         past AS (DELETE FROM past_memberships WHERE room_id = $1 AND user_id = $2 RETURNING muted_until, last_sent_at)
         INSERT INTO memberships (room_id, user_id, version, read_seq, role, muted_until, last_sent_at)
         SELECT r.id, person.id, $3, $4,
           CASE WHEN r.created_by IS NULL OR EXISTS (SELECT FROM memberships s WHERE s.room_id = r.id) THEN 'member' ELSE 'owner' END::room_role,
           (SELECT muted_until FROM past), (SELECT last_sent_at FROM past)
         FROM person, rooms r WHERE r.id = $1`,
        [id, userId, version, state.lastSeq],
      )
      if (!rowCount) throw new Failure('USER_NOT_FOUND')
    },
    endMembership: async (userId) => {
      const { rows } = await query<{ role: string }>(
        `WITH ended AS (DELETE FROM memberships WHERE room_id = $1 AND user_id = $2 RETURNING role, muted_until, last_sent_at),
         kept AS (
           INSERT INTO past_memberships (room_id, user_id, muted_until, last_sent_at)
           SELECT $1, $2, muted_until, last_sent_at FROM ended
           WHERE muted_until > clock_timestamp() OR last_sent_at > clock_timestamp() - $3::int * interval '1 second'
           ON CONFLICT (room_id, user_id) DO UPDATE SET muted_until = excluded.muted_until, last_sent_at = excluded.last_sent_at
         )
         SELECT role FROM ended`,
        [id, userId, limits.slowModeSeconds],
      )
      if (rows[0]?.role === 'owner') await room.requireOwner()
      await room.revokeInvitesOf(userId)
      await room.takeMembershipVersion(userId)
    },
    revokeInvitesOf: async (userId) => {
      await query('UPDATE invites SET revoked_at = now() WHERE room_id = $1 AND created_by = $2 AND revoked_at IS NULL', [id, userId])
    },

    takeMembershipVersion: async (userId) => {
      const { version } = await takeVersion()
      people.add(userId)
      news.push({ type: 'membership', userId, version })
      return version
    },
    takeMessageVersion: async (seq, what) => {
      const { version } = await takeVersion({ seq, what })
      messages.delete(seq)
      news.push({ type: 'changed', seq })
      return version
    },
    takeRoomVersion: async () => {
      const { version } = await takeVersion()
      news.push({ type: 'room', version })
      return version
    },
    readMessage: async (seq) => {
      await loadMessages([seq])
      const message = messages.get(seq)
      if (!message) throw new Failure('MESSAGE_NOT_FOUND')
      return message
    },
    addLine: async (kind, { user, ...detail } = {}) => {
      const { seq, version } = await takeVersion({ what: 'stored' })
      await query(
        `INSERT INTO messages (room_id, seq, version, kind, author_id, detail_user_id, detail, text) VALUES ($1, $2, $3, $4, $5, $6, $7, '')`,
        [id, seq, version, kind, actor.id, user?.id ?? null, Object.keys(detail).length > 0 ? detail : null],
      )
      // Like a message of their own, it is read by the one who acted, and by somebody who has just been added.
      await query('UPDATE memberships SET read_seq = greatest(read_seq, $3) WHERE room_id = $1 AND user_id = ANY($2::uuid[])', [
        ...[id, kind === 'added' && user ? [actor.id, user.id] : [actor.id], seq],
      ])
      news.push({ type: 'changed', seq })
    },
    audit: (kind, subjectId = null, detail = {}) => writeAudit(transaction, { kind, actorId: actor.id, subjectId, room: id, ip, detail }),
  }

  async function readNews(): Promise<RoomNews[]> {
    await loadMessages(news.flatMap((entry) => (entry.type === 'changed' ? [entry.seq] : [])))
    return news.flatMap((entry): RoomNews[] => {
      if (entry.type !== 'changed') return [entry]
      const message = messages.get(entry.seq)
      return message ? [{ type: 'message', message }] : []
    })
  }

  return { room, readNews, people }
}
