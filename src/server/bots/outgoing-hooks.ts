import { randomBytes } from 'node:crypto'
import type { OutgoingHook } from '../../contract/bots'
import { Failure } from '../../contract/failures'
import { limits } from '../../contract/rules'
import type { Querying } from '../platform/database'
import type { LockedRoom } from '../rooms/locked-room'
import { changeRoom } from '../rooms/room-lock'
import type { Sealing } from '../security/sealing'
import type { BotsContext } from './needs'
import { ForbiddenUrl, requireAllowedUrl } from './public-address'

/** As in Standard Webhooks, whose libraries verify our signatures. */
const secretPrefix = 'whsec_'

/**
 * Creates an address that what people write in the room from now on is posted to. The secret is shown once.
 * @throws {Failure} BAD_REQUEST, DIRECT_ROOM, ROOM_ARCHIVED, TOO_MANY_HOOKS
 */
export const createOutgoingHook = (
  ctx: BotsContext,
  input: { room: string; name: string; url: string },
): Promise<OutgoingHook & { secret: string }> =>
  changeRoom(ctx, 'hooks.createOutgoing', input.room, async (room) => {
    room.requireChangeable()
    const url = requireUrl(input.url, ctx.parts.server.hooksToLoopback)
    await requireRoomForHook(room)
    const secret = randomBytes(32)
    const { rows } = await room.query<OutgoingHookRow>(
      `INSERT INTO outgoing_hooks (room_id, name, url, sealed_secret, created_by, after_seq) VALUES ($1, $2, $3, '', $4, $5)
       RETURNING *, room_id AS room, $6::text AS by`,
      [room.id, input.name, url.href, room.actor.id, room.lastSeq, room.actor.username],
    )
    const [row] = rows
    if (!row) throw new Error('INSERT returned no row')
    await room.query('UPDATE outgoing_hooks SET sealed_secret = $2 WHERE id = $1', [row.id, ctx.parts.hookSealing.seal(secret, row.id)])
    await room.audit('room.hookCreated', null, { hook: row.id, name: input.name, to: url.host })
    return { ...toOutgoingHook(row), secret: secretPrefix + secret.toString('base64') }
  })

/** @throws {Failure} BAD_REQUEST */
function requireUrl(text: string, allowsLoopback: boolean): URL {
  try {
    return requireAllowedUrl(text, { allowsLoopback })
  } catch (error) {
    if (error instanceof ForbiddenUrl) throw new Failure('BAD_REQUEST', { fields: { url: error.message } })
    throw error
  }
}

/** @throws {Failure} TOO_MANY_HOOKS */
export async function requireRoomForHook(room: LockedRoom): Promise<void> {
  const { rows } = await room.query<{ count: number }>(
    `SELECT (SELECT count(*) FROM hooks WHERE room_id = $1)::int + (SELECT count(*) FROM outgoing_hooks WHERE room_id = $1)::int AS count`,
    [room.id],
  )
  if ((rows[0]?.count ?? 0) >= limits.hooksPerRoom) throw new Failure('TOO_MANY_HOOKS')
}

/** The outgoing hooks of a room, newest first. The caller checks the right afterwards. */
export async function readOutgoingHooks(querying: Querying, room: string): Promise<OutgoingHook[]> {
  const { rows } = await querying.query<OutgoingHookRow>(
    `SELECT h.*, h.room_id AS room, o.username AS by FROM (SELECT * FROM outgoing_hooks WHERE room_id = $1 ORDER BY created_at DESC LIMIT $2) h
     LEFT JOIN LATERAL (SELECT * FROM users o WHERE o.id = h.created_by AND o.deleted_at IS NULL LIMIT 1) o ON true ORDER BY h.created_at DESC`,
    [room, limits.hooksPerRoom],
  )
  return rows.map(toOutgoingHook)
}

const batch = 500

/** Seals every secret with the newest key, so that an older AUTH_SECRET can be removed. */
export async function resealHookSecrets(querying: Querying, sealing: Sealing): Promise<void> {
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const { rows } = await querying.query<{ id: string; sealed_secret: Buffer }>(
      'SELECT id, sealed_secret FROM outgoing_hooks WHERE id > $1 ORDER BY id LIMIT $2',
      [after, batch],
    )
    for (const { id, sealed_secret: sealed } of rows) {
      const opened = sealing.open(sealed, id)
      if (opened?.isOutdated)
        await querying.query('UPDATE outgoing_hooks SET sealed_secret = $3 WHERE id = $1 AND sealed_secret = $2', [
          ...[id, sealed, sealing.seal(opened.secret, id)],
        ])
    }
    const last = rows.at(-1)
    if (!last || rows.length < batch) return
    after = last.id
  }
}

interface OutgoingHookRow {
  id: string
  room: string
  name: string
  url: string
  by: string | null
  created_at: Date
  tries: number
  retry_at: Date | null
  last_error: string | null
  stopped_at: Date | null
}

const toOutgoingHook = ({
  id,
  room,
  name,
  url,
  by,
  created_at,
  tries,
  retry_at,
  last_error,
  stopped_at,
}: OutgoingHookRow): OutgoingHook => ({
  ...{ id, room, name, url, by },
  createdAt: created_at.toISOString(),
  failing: last_error === null ? null : { error: last_error, tries, nextTryAt: retry_at?.toISOString() ?? null },
  stoppedAt: stopped_at?.toISOString() ?? null,
})
