import { createHash, randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import type { Ban, Invite, InvitedRoom, Member, PostingPolicy, RoomKind } from '../../contract/room'
import { isUuid, limits, outranks, type RoomRole, roomRoles, type ServerRole } from '../../contract/rules'
import type { User } from '../../contract/session'
import { patternOf } from '../platform/database'
import type { Changed, RoomChange, RoomChanges } from './room-lock'

interface Act {
  roomId: string
  actorId: string
}

interface UserRow {
  user_id: string
  username: string
  display_name: string
  avatar: string | null
}

interface MemberRow extends UserRow {
  role: RoomRole
  status: string
  joined_at: Date
  muted_until: Date | null
}

interface Subject {
  user: User
  /** Null for who is not in the room. */
  role: RoomRole | null
  server: ServerRole
  isBanned: boolean
}

const userOf = ({ user_id: id, username, display_name: displayName, avatar }: UserRow): User => ({ id, username, displayName, avatar })

const memberOf = (row: MemberRow): Member => ({
  user: userOf(row),
  role: row.role,
  status: row.status,
  joinedAt: row.joined_at.toISOString(),
  mutedUntil: row.muted_until && row.muted_until > new Date() ? row.muted_until.toISOString() : null,
})

const memberColumns = 's.user_id, u.username, u.display_name, u.avatar, u.status, s.role, s.joined_at, s.muted_until'
/** 0 for owners, then moderators, then members. */
const rank = `array_position('{${roomRoles.toReversed().join()}}', s.role::text) - 1`

const hashOf = (token: string) => createHash('sha256').update(token).digest()

/** What people do to a room and to each other in it: each act is a change in the room's order, and most are in the audit log. */
export function createRoomActStore(pool: Pool, { change }: RoomChanges) {
  const findSubject = async ({ query, room }: RoomChange, username: string): Promise<Subject> => {
    const { rows } = await query<UserRow & { role: RoomRole | null; server: ServerRole; is_banned: boolean }>(
      `SELECT u.id AS user_id, u.username, u.display_name, u.avatar, s.role, u.role AS server,
         EXISTS (SELECT FROM bans b WHERE b.room_id = $1 AND b.user_id = u.id) AS is_banned
       FROM users u LEFT JOIN memberships s ON s.room_id = $1 AND s.user_id = u.id
       WHERE u.username = $2 AND u.deleted_at IS NULL`,
      [room.id, username],
    )
    const [row] = rows
    if (!row) throw new Failure('USER_NOT_FOUND')
    return { user: userOf(row), role: row.role, server: row.server, isBanned: row.is_banned }
  }

  const requireMember = async (given: RoomChange, username: string): Promise<Subject & { role: RoomRole }> => {
    const { role, ...subject } = await findSubject(given, username).catch((error: unknown) => {
      throw error instanceof Failure && error.failure === 'USER_NOT_FOUND' ? new Failure('MEMBER_NOT_FOUND') : error
    })
    if (role === null) throw new Failure('MEMBER_NOT_FOUND')
    return { ...subject, role }
  }

  const showMember = async ({ query, room }: RoomChange, userId: string): Promise<Member> => {
    const { rows } = await query<MemberRow>(
      `SELECT ${memberColumns} FROM memberships s JOIN users u ON u.id = s.user_id WHERE s.room_id = $1 AND s.user_id = $2`,
      [room.id, userId],
    )
    const [row] = rows
    if (!row) throw new Failure('MEMBER_NOT_FOUND')
    return memberOf(row)
  }

  /** @param evenAlone whether an owner is needed although nobody else is in the room */
  const requireOthersOwn = async ({ query, room }: RoomChange, userId: string, { evenAlone = false } = {}) => {
    const { rows } = await query<{ owners: number; others: number }>(
      `SELECT count(*) FILTER (WHERE role = 'owner')::int AS owners, count(*)::int AS others
       FROM memberships WHERE room_id = $1 AND user_id <> $2`,
      [room.id, userId],
    )
    if (rows[0] && rows[0].owners === 0 && (evenAlone || rows[0].others > 0)) throw new Failure('LAST_OWNER')
  }

  const addMember = async (given: RoomChange, userId: string) => {
    const version = await given.takeMembershipVersion(userId)
    // Whoever comes into an empty room keeps it, but for the first room, which is nobody's. The lock on the person makes this
    // wait for the deletion of their account, or the deletion for this.
    const { rowCount } = await given.query(
      `WITH person AS (SELECT id FROM users WHERE id = $2 AND deleted_at IS NULL AND disabled_at IS NULL FOR SHARE),
       past AS (DELETE FROM past_memberships WHERE room_id = $1 AND user_id = $2 RETURNING muted_until, last_sent_at)
       INSERT INTO memberships (room_id, user_id, version, read_seq, role, muted_until, last_sent_at)
       SELECT r.id, person.id, $3, $4,
         CASE WHEN r.created_by IS NULL OR EXISTS (SELECT FROM memberships s WHERE s.room_id = r.id) THEN 'member' ELSE 'owner' END::room_role,
         (SELECT muted_until FROM past), (SELECT last_sent_at FROM past)
       FROM person, rooms r WHERE r.id = $1`,
      [given.room.id, userId, version, given.room.lastSeq],
    )
    if (!rowCount) throw new Failure('USER_NOT_FOUND')
  }

  /** Somebody who has no say in the room any more has invited nobody. */
  const endInvites = ({ query, room }: RoomChange, userId: string) =>
    query('UPDATE invites SET revoked_at = now() WHERE room_id = $1 AND created_by = $2 AND revoked_at IS NULL', [room.id, userId])

  const endMembership = async (given: RoomChange, userId: string) => {
    await given.query(
      `WITH ended AS (DELETE FROM memberships WHERE room_id = $1 AND user_id = $2 RETURNING muted_until, last_sent_at)
       INSERT INTO past_memberships (room_id, user_id, muted_until, last_sent_at)
       SELECT $1, $2, muted_until, last_sent_at FROM ended
       WHERE muted_until > clock_timestamp() OR last_sent_at > clock_timestamp() - $3::int * interval '1 second'
       ON CONFLICT (room_id, user_id) DO UPDATE SET muted_until = excluded.muted_until, last_sent_at = excluded.last_sent_at`,
      [given.room.id, userId, limits.slowModeSeconds],
    )
    await endInvites(given, userId)
    await given.takeMembershipVersion(userId)
  }

  /** @throws {Failure} DIRECT_ROOM */
  const requireNotDirect = ({ room }: RoomChange) => {
    if (room.kind === 'direct') throw new Failure('DIRECT_ROOM')
  }

  /** @throws {Failure} DIRECT_ROOM, ROOM_ARCHIVED */
  const requireChangeable = (given: RoomChange) => {
    requireNotDirect(given)
    if (given.room.isArchived) throw new Failure('ROOM_ARCHIVED')
  }

  /** @throws {Failure} MEMBER_NOT_FOUND, NOT_ALLOWED for who is of the same role or a higher one */
  const requireReachable = async (given: RoomChange, username: string) => {
    const subject = await requireMember(given, username)
    if (!outranks(given.actor, { room: subject.role, server: subject.server })) throw new Failure('NOT_ALLOWED')
    return subject
  }

  return {
    /** Makes the actor a member of a public room, once. @throws {Failure} ROOM_NOT_FOUND, DIRECT_ROOM */
    join: ({ roomId, actorId }: Act): Promise<Changed<void>> =>
      change('rooms.join', roomId, actorId, async (given) => {
        if (given.actor.room === null) await addMember(given, actorId)
      }),

    /** Ends the actor's membership. @throws {Failure} LAST_OWNER, DIRECT_ROOM */
    leave: ({ roomId, actorId }: Act): Promise<Changed<void>> =>
      change('rooms.leave', roomId, actorId, async (given) => {
        requireNotDirect(given)
        if (given.actor.room === 'owner') await requireOthersOwn(given, actorId)
        if (given.room.kind === 'private') await given.addLine('left')
        await endMembership(given, actorId)
      }),

    /** @throws {Failure} USER_NOT_FOUND, USER_BANNED, DIRECT_ROOM, ROOM_ARCHIVED */
    invite: ({ roomId, actorId, username }: Act & { username: string }): Promise<Changed<Member>> =>
      change('rooms.invite', roomId, actorId, async (given) => {
        requireChangeable(given)
        const { user, role, isBanned } = await findSubject(given, username)
        if (role === null) {
          if (isBanned) throw new Failure('USER_BANNED')
          await addMember(given, user.id)
          if (given.room.kind === 'private') await given.addLine('added', { user })
          await given.audit('room.invite', user.id)
        }
        return showMember(given, user.id)
      }),

    /** @throws {Failure} MEMBER_NOT_FOUND, NOT_ALLOWED, LAST_OWNER, DIRECT_ROOM, ROOM_ARCHIVED */
    remove: ({ roomId, actorId, username }: Act & { username: string }): Promise<Changed<{ room: string; user: User }>> =>
      change('rooms.remove', roomId, actorId, async (given) => {
        requireChangeable(given)
        const { user, role } = await requireReachable(given, username)
        if (role === 'owner') await requireOthersOwn(given, user.id)
        await endMembership(given, user.id)
        await given.addLine('removed', { user })
        await given.audit('room.remove', user.id)
        return { room: roomId, user }
      }),

    /** Removes this person, if they are in the room, and keeps them out. @throws {Failure} as `remove`, USER_NOT_FOUND */
    ban: ({
      roomId,
      actorId,
      username,
      reason,
    }: Act & { username: string; reason: string }): Promise<Changed<{ room: string; user: User }>> =>
      change('rooms.ban', roomId, actorId, async (given) => {
        requireChangeable(given)
        const { user, role, server } = await findSubject(given, username)
        if (user.id === actorId || !outranks(given.actor, { room: role, server })) throw new Failure('NOT_ALLOWED')
        if (role === 'owner') await requireOthersOwn(given, user.id)
        await given.query(
          `INSERT INTO bans (room_id, user_id, by_id, reason) VALUES ($1, $2, $3, $4)
           ON CONFLICT (room_id, user_id) DO UPDATE SET by_id = excluded.by_id, reason = excluded.reason, at = now()`,
          [roomId, user.id, actorId, reason],
        )
        if (role === null) await given.takeRoomVersion()
        else {
          await endMembership(given, user.id)
          await given.addLine('banned', { user })
        }
        await given.audit('room.ban', user.id, { reason })
        return { room: roomId, user }
      }),

    /** @throws {Failure} USER_NOT_FOUND for who is not banned here */
    unban: ({ roomId, actorId, username }: Act & { username: string }): Promise<Changed<{ room: string; user: User }>> =>
      change('rooms.unban', roomId, actorId, async (given) => {
        const { user, isBanned } = await findSubject(given, username)
        if (!isBanned) throw new Failure('USER_NOT_FOUND')
        await given.query('DELETE FROM bans WHERE room_id = $1 AND user_id = $2', [roomId, user.id])
        await given.takeRoomVersion()
        await given.audit('room.unban', user.id)
        return { room: roomId, user }
      }),

    /** @param minutes null lifts it @throws {Failure} MEMBER_NOT_FOUND, NOT_ALLOWED, DIRECT_ROOM, ROOM_ARCHIVED */
    mute: ({ roomId, actorId, username, minutes }: Act & { username: string; minutes: number | null }): Promise<Changed<Member>> =>
      change(minutes === null ? 'rooms.unmute' : 'rooms.mute', roomId, actorId, async (given) => {
        requireChangeable(given)
        const { user } = await requireReachable(given, username)
        if (user.id === actorId) throw new Failure('NOT_ALLOWED')
        const version = await given.takeMembershipVersion(user.id)
        await given.query(
          `UPDATE memberships SET muted_until = clock_timestamp() + $3::int * interval '1 minute', version = $4, changed_at = clock_timestamp()
           WHERE room_id = $1 AND user_id = $2`,
          [roomId, user.id, minutes, version],
        )
        await given.audit(minutes === null ? 'room.unmute' : 'room.mute', user.id, minutes === null ? {} : { minutes })
        return showMember(given, user.id)
      }),

    /** @throws {Failure} MEMBER_NOT_FOUND, NOT_ALLOWED, LAST_OWNER, DIRECT_ROOM, ROOM_ARCHIVED */
    setRole: ({ roomId, actorId, username, role }: Act & { username: string; role: RoomRole }): Promise<Changed<Member>> =>
      change('rooms.setRole', roomId, actorId, async (given) => {
        requireChangeable(given)
        const { user, role: before } = await requireReachable(given, username)
        if (before !== role) {
          if (before === 'owner') await requireOthersOwn(given, user.id, { evenAlone: true })
          if (role === 'member') await endInvites(given, user.id)
          const version = await given.takeMembershipVersion(user.id)
          await given.query(
            'UPDATE memberships SET role = $3, version = $4, changed_at = clock_timestamp() WHERE room_id = $1 AND user_id = $2',
            [roomId, user.id, role, version],
          )
          await given.audit('room.setRole', user.id, { from: before, to: role })
        }
        return showMember(given, user.id)
      }),

    /** @throws {Failure} DIRECT_ROOM, ROOM_ARCHIVED */
    update: ({
      roomId,
      actorId,
      ...wanted
    }: Act & {
      name?: string | undefined
      topic?: string | undefined
      postingPolicy?: PostingPolicy | undefined
      slowModeSeconds?: number | undefined
    }): Promise<Changed<void>> =>
      change('rooms.update', roomId, actorId, async (given) => {
        requireChangeable(given)
        const { room, query } = given
        const name = wanted.name ?? room.name
        const topic = wanted.topic ?? room.topic
        const postingPolicy = wanted.postingPolicy ?? room.postingPolicy
        const slowModeSeconds = wanted.slowModeSeconds ?? room.slowModeSeconds
        const isNewRule = postingPolicy !== room.postingPolicy || slowModeSeconds !== room.slowModeSeconds
        if (name === room.name && topic === room.topic && !isNewRule) return
        await query('UPDATE rooms SET name = $2, topic = $3, posting_policy = $4, slow_mode_seconds = $5 WHERE id = $1', [
          ...[roomId, name, topic, postingPolicy, slowModeSeconds],
        ])
        if (name !== room.name) await given.addLine('renamed', { name })
        if (topic !== room.topic) await given.addLine('topic', { topic })
        if (isNewRule) await given.takeRoomVersion()
        await given.audit('room.update', null, { name, topic, postingPolicy, slowModeSeconds })
      }),

    /** @throws {Failure} DIRECT_ROOM */
    archive: ({ roomId, actorId, archived }: Act & { archived: boolean }): Promise<Changed<void>> =>
      change('rooms.archive', roomId, actorId, async (given) => {
        requireNotDirect(given)
        if (given.room.isArchived === archived) return
        await given.query('UPDATE rooms SET archived_at = CASE WHEN $2 THEN now() END WHERE id = $1', [roomId, archived])
        // Nobody's list watches an archived room: the tail of what changed brings it back to them.
        if (!archived) await given.query('UPDATE memberships SET changed_at = clock_timestamp() WHERE room_id = $1', [roomId])
        await given.addLine(archived ? 'archived' : 'restored')
        await given.audit(archived ? 'room.archive' : 'room.restore')
      }),

    /** @returns the invitation with its token, which is not kept and cannot be shown again */
    createInvite: ({
      roomId,
      actorId,
      hours,
      maxUses,
    }: Act & { hours: number | null; maxUses: number | null }): Promise<Changed<Invite & { token: string }>> =>
      change('rooms.createInvite', roomId, actorId, async (given) => {
        requireChangeable(given)
        const token = randomBytes(24).toString('base64url')
        const { rows } = await given.query<{ id: string; created_at: Date; expires_at: Date | null }>(
          `INSERT INTO invites (token_hash, room_id, created_by, expires_at, max_uses)
           VALUES ($1, $2, $3, now() + $4::int * interval '1 hour', $5) RETURNING id, created_at, expires_at`,
          [hashOf(token), roomId, actorId, hours, maxUses],
        )
        const [row] = rows
        if (!row) throw new Error('an invitation was stored without a row')
        await given.audit('room.createInvite', null, { invite: row.id, hours, maxUses })
        return {
          ...{ token, id: row.id, by: given.actor.username, createdAt: row.created_at.toISOString() },
          ...{ expiresAt: row.expires_at?.toISOString() ?? null, maxUses, uses: 0 },
        }
      }),

    /** @throws {Failure} INVITE_NOT_FOUND */
    revokeInvite: ({ roomId, actorId, invite }: Act & { invite: string }): Promise<Changed<{ id: string }>> =>
      change('rooms.revokeInvite', roomId, actorId, async (given) => {
        const { rowCount } = isUuid(invite)
          ? await given.query('UPDATE invites SET revoked_at = now() WHERE id = $1 AND room_id = $2 AND revoked_at IS NULL', [
              invite,
              roomId,
            ])
          : { rowCount: 0 }
        if (!rowCount) throw new Failure('INVITE_NOT_FOUND')
        await given.audit('room.revokeInvite', null, { invite })
        return { id: invite }
      }),

    /** The invitations of a room that still work, the newest first. */
    invites: async (roomId: string): Promise<Invite[]> => {
      const { rows } = await pool.query<{
        id: string
        username: string
        created_at: Date
        expires_at: Date | null
        max_uses: number | null
        uses: number
      }>(
        `SELECT i.id, u.username, i.created_at, i.expires_at, i.max_uses, i.uses FROM invites i JOIN users u ON u.id = i.created_by
         WHERE i.room_id = $1 AND ${stillWorks} ORDER BY i.created_at DESC LIMIT 100`,
        [roomId],
      )
      return rows.map(({ id, username, created_at, expires_at, max_uses, uses }) => ({
        ...{ id, by: username, createdAt: created_at.toISOString(), expiresAt: expires_at?.toISOString() ?? null, maxUses: max_uses, uses },
      }))
    },

    /** Null when it does not work, for this person or for anybody. */
    findInvite: async (token: string, userId: string): Promise<InvitedRoom | null> => {
      const { rows } = await pool.query<{
        room: string
        kind: RoomKind
        name: string
        topic: string
        member_count: number
        joined: boolean
      }>(
        `SELECT r.id AS room, r.kind, r.name, r.topic,
           (SELECT count(*)::int FROM memberships s WHERE s.room_id = r.id) AS member_count,
           EXISTS (SELECT FROM memberships s WHERE s.room_id = r.id AND s.user_id = $2) AS joined
         FROM invites i JOIN rooms r ON r.id = i.room_id
         WHERE i.token_hash = $1 AND ${stillWorks} AND r.archived_at IS NULL
           AND NOT EXISTS (SELECT FROM bans b WHERE b.room_id = r.id AND b.user_id = $2)`,
        [hashOf(token), userId],
      )
      const [row] = rows
      if (!row) return null
      const { member_count: memberCount, ...room } = row
      return { ...room, memberCount }
    },

    /** Makes the actor a member, and counts the use. Who is in the room already uses nothing up. @throws {Failure} INVITE_NOT_FOUND */
    acceptInvite: async ({ token, actorId }: { token: string; actorId: string }): Promise<Changed<string>> => {
      const { rows } = await pool.query<{ room_id: string }>('SELECT room_id FROM invites WHERE token_hash = $1', [hashOf(token)])
      const roomId = rows[0]?.room_id
      if (roomId === undefined) throw new Failure('INVITE_NOT_FOUND')
      return change('rooms.acceptInvite', roomId, actorId, async (given) => {
        if (given.actor.room !== null) return roomId
        const used = await given.query<UserRow>(
          `UPDATE invites i SET uses = i.uses + 1 FROM users u WHERE i.token_hash = $1 AND ${stillWorks} AND u.id = i.created_by
           RETURNING u.id AS user_id, u.username, u.display_name, u.avatar`,
          [hashOf(token)],
        )
        const [inviter] = used.rows
        if (!inviter || given.actor.isBanned || given.room.isArchived) throw new Failure('INVITE_NOT_FOUND')
        await addMember(given, actorId)
        if (given.room.kind === 'private') await given.addLine('joined', { user: userOf(inviter) })
        await given.audit('room.acceptInvite', actorId)
        return roomId
      })
    },

    /** Who is in the room, owners first, a page at a time after a member's rank and name. */
    members: async (
      roomId: string,
      page: { query: string; after: { rank: number; username: string } | null; limit: number },
    ): Promise<(Member & { rank: number })[]> => {
      const { rows } = await pool.query<MemberRow & { rank: number }>(
        `SELECT ${memberColumns}, ${rank} AS rank FROM memberships s JOIN users u ON u.id = s.user_id
         WHERE s.room_id = $1 AND ($2 = '%%' OR u.username LIKE $2 OR lower(u.display_name) LIKE $2)
           AND ($3::int IS NULL OR (${rank}, u.username) > ($3, $4))
         ORDER BY ${rank}, u.username LIMIT $5`,
        [roomId, patternOf(page.query), page.after?.rank ?? null, page.after?.username ?? '', page.limit],
      )
      return rows.map((row) => ({ ...memberOf(row), rank: row.rank }))
    },

    countMembers: async (roomId: string): Promise<number> => {
      const { rows } = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM memberships WHERE room_id = $1', [roomId])
      return rows[0]?.count ?? 0
    },

    /** Who is kept out of the room, the latest first. */
    bans: async (roomId: string): Promise<Ban[]> => {
      const { rows } = await pool.query<UserRow & { by: string | null; reason: string; at: Date }>(
        `SELECT b.user_id, u.username, u.display_name, u.avatar, w.username AS by, b.reason, b.at
         FROM bans b JOIN users u ON u.id = b.user_id LEFT JOIN users w ON w.id = b.by_id AND w.deleted_at IS NULL
         WHERE b.room_id = $1 ORDER BY b.at DESC LIMIT 500`,
        [roomId],
      )
      return rows.map((row) => ({ user: userOf(row), by: row.by, reason: row.reason, at: row.at.toISOString() }))
    },
  }
}

const stillWorks = `i.revoked_at IS NULL AND (i.expires_at IS NULL OR i.expires_at > now()) AND (i.max_uses IS NULL OR i.uses < i.max_uses)`

export type RoomActStore = ReturnType<typeof createRoomActStore>
