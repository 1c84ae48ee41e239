import { Failure } from '../../contract/failures'
import { isModerator, limits } from '../../contract/rules'
import type { Changed, RoomChange, RoomChanges } from '../rooms/room-lock'

interface Act {
  roomId: string
  actorId: string
  seq: number
}

interface Row {
  author_id: string
  kind: string
  text: string
  is_deleted: boolean
  mentions: string[]
}

/** What people do to a message that is there: each act makes it the same message with a higher version. */
export function createMessageActStore({ change }: RoomChanges) {
  /** @throws {Failure} ROOM_ARCHIVED, MUTED, MESSAGE_NOT_FOUND */
  const requireMessage = async ({ room, actor, query }: RoomChange, seq: number): Promise<Row> => {
    if (room.isArchived) throw new Failure('ROOM_ARCHIVED')
    if (actor.isMuted) throw new Failure('MUTED')
    const { rows } = await query<Row>(
      `SELECT author_id, kind, text, deleted_at IS NOT NULL AS is_deleted, mentions FROM messages WHERE room_id = $1 AND seq = $2`,
      [room.id, seq],
    )
    const [row] = rows
    if (!row || row.is_deleted || row.kind !== 'text') throw new Failure('MESSAGE_NOT_FOUND')
    return row
  }

  const countReactions = async ({ room, query, takeMessageVersion }: RoomChange, seq: number) => {
    await query(
      `UPDATE messages m SET version = $3,
         reaction_count = (SELECT count(*) FROM reactions r WHERE r.room_id = m.room_id AND r.seq = m.seq)
       WHERE m.room_id = $1 AND m.seq = $2`,
      [room.id, seq, await takeMessageVersion(seq)],
    )
  }

  return {
    /** @param mentions usernames and "@room", as they stand in the new text @throws {Failure} MESSAGE_NOT_FOUND, NOT_ALLOWED, POSTING_RESTRICTED, MUTED, ROOM_ARCHIVED */
    edit: ({ roomId, actorId, seq, text, mentions }: Act & { text: string; mentions: readonly string[] }): Promise<Changed<void>> =>
      change('chat.edit', roomId, actorId, async (given) => {
        const message = await requireMessage(given, seq)
        if (message.author_id !== actorId) throw new Failure('NOT_ALLOWED')
        if (given.room.postingPolicy === 'moderators' && !isModerator(given.actor)) throw new Failure('POSTING_RESTRICTED')
        if (message.text === text) return
        const { query, takeMessageVersion } = given
        await query(
          `UPDATE messages SET version = $3, text = $4, edited_at = clock_timestamp(), mentions_room = '@room' = ANY($5::text[]),
             mentions = ARRAY(
               SELECT u.username FROM users u JOIN memberships s ON s.user_id = u.id AND s.room_id = $1 WHERE u.username = ANY($5) ORDER BY 1
             ) || CASE WHEN '@room' = ANY($5) THEN ARRAY['@room'] ELSE '{}'::text[] END
           WHERE room_id = $1 AND seq = $2`,
          [roomId, seq, await takeMessageVersion(seq), text, mentions],
        )
        await query(
          `WITH mentioned AS (
             SELECT u.id FROM messages m JOIN users u ON u.username = ANY(m.mentions) WHERE m.room_id = $1 AND m.seq = $2 AND u.id <> m.author_id
           ),
           dropped AS (DELETE FROM mentions WHERE room_id = $1 AND seq = $2 AND user_id NOT IN (SELECT id FROM mentioned))
           INSERT INTO mentions (user_id, room_id, seq) SELECT id, $1, $2 FROM mentioned ON CONFLICT DO NOTHING`,
          [roomId, seq],
        )
      }),

    /** Its author may, and moderators: its place stays, what was in it is gone. @throws {Failure} MESSAGE_NOT_FOUND, NOT_ALLOWED, ROOM_ARCHIVED */
    remove: ({ roomId, actorId, seq }: Act): Promise<Changed<void>> =>
      change('chat.remove', roomId, actorId, async (given) => {
        // Taking back what one wrote is no writing: who is muted may.
        const message = await requireMessage({ ...given, actor: { ...given.actor, isMuted: false } }, seq)
        const isAuthor = message.author_id === actorId
        // Nobody moderates what people say to each other directly.
        if (!isAuthor && (given.room.kind === 'direct' || !isModerator(given.actor))) throw new Failure('NOT_ALLOWED')
        const { query, takeMessageVersion } = given
        await query(
          `UPDATE messages SET version = $3, text = '', mentions = '{}', mentions_room = false, reaction_count = 0,
             deleted_at = clock_timestamp(), pinned_at = NULL
           WHERE room_id = $1 AND seq = $2`,
          [roomId, seq, await takeMessageVersion(seq)],
        )
        await query('DELETE FROM mentions WHERE room_id = $1 AND seq = $2', [roomId, seq])
        await query('DELETE FROM reactions WHERE room_id = $1 AND seq = $2', [roomId, seq])
        if (!isAuthor) await given.audit('chat.remove', message.author_id, { seq })
      }),

    /** Once for each person and emoji. @throws {Failure} MESSAGE_NOT_FOUND, TOO_MANY_REACTIONS, MUTED, ROOM_ARCHIVED */
    react: ({ roomId, actorId, seq, emoji }: Act & { emoji: string }): Promise<Changed<void>> =>
      change('chat.react', roomId, actorId, async (given) => {
        await requireMessage(given, seq)
        const { rows } = await given.query<{ others: number }>(
          'SELECT count(DISTINCT emoji)::int AS others FROM reactions WHERE room_id = $1 AND seq = $2 AND emoji <> $3',
          [roomId, seq, emoji],
        )
        if ((rows[0]?.others ?? 0) >= limits.emojiPerMessage) throw new Failure('TOO_MANY_REACTIONS')
        const { rowCount } = await given.query(
          'INSERT INTO reactions (room_id, seq, emoji, user_id, at) VALUES ($1, $2, $3, $4, clock_timestamp()) ON CONFLICT DO NOTHING',
          [roomId, seq, emoji, actorId],
        )
        if (rowCount) await countReactions(given, seq)
      }),

    /** Takes one's own reaction back, if there is one. @throws {Failure} MESSAGE_NOT_FOUND, MUTED, ROOM_ARCHIVED */
    unreact: ({ roomId, actorId, seq, emoji }: Act & { emoji: string }): Promise<Changed<void>> =>
      change('chat.unreact', roomId, actorId, async (given) => {
        await requireMessage(given, seq)
        const { rowCount } = await given.query('DELETE FROM reactions WHERE room_id = $1 AND seq = $2 AND emoji = $3 AND user_id = $4', [
          ...[roomId, seq, emoji, actorId],
        ])
        if (rowCount) await countReactions(given, seq)
      }),
  }
}

export type MessageActStore = ReturnType<typeof createMessageActStore>
