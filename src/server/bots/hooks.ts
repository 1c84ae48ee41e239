import { createHash, randomBytes } from 'node:crypto'
import type { Hook, OutgoingHook } from '../../contract/bots'
import { Failure } from '../../contract/failures'
import { isUsername, isUuid, limits, toSlug } from '../../contract/rules'
import type { User } from '../../contract/session'
import { addJobs } from '../jobs/job-worker'
import { erasureOf } from '../people/bot-erasure'
import type { Querying } from '../platform/database'
import { changeRoom, requireRoomRight } from '../rooms/room-lock'
import { createBotAccount } from './bot-accounts'
import type { BotsContext } from './needs'
import { readOutgoingHooks, requireRoomForHook } from './outgoing-hooks'

export const hashHookToken = (token: string): Buffer => createHash('sha256').update(token).digest()

/**
 * Creates an address at which programs can write in the room, with a bot that they write as. The address is shown once.
 * @throws {Failure} DIRECT_ROOM, ROOM_ARCHIVED, TOO_MANY_HOOKS
 */
export const createHook = (ctx: BotsContext, input: { room: string; name: string }): Promise<Hook & { url: string }> =>
  changeRoom(ctx, 'hooks.create', input.room, async (room) => {
    room.requireChangeable()
    await requireRoomForHook(room)
    const user = await createHookAccount(room, input.name)
    await room.addMember(user.id)
    if (room.kind === 'private') await room.addLine('added', { user })
    const token = randomBytes(24).toString('base64url')
    const { rows } = await room.query<{ id: string; created_at: Date }>(
      'INSERT INTO hooks (room_id, name, bot_id, token_hash, created_by) VALUES ($1, $2, $3, $4, $5) RETURNING id, created_at',
      [room.id, input.name, user.id, hashHookToken(token), room.actor.id],
    )
    const [row] = rows
    if (!row) throw new Error('INSERT returned no row')
    await room.audit('room.hookCreated', user.id, { hook: row.id, name: input.name })
    const hook = toHook({ ...user, ...row, userId: user.id, room: room.id, name: input.name, by: room.actor.username })
    return { ...hook, url: `${ctx.parts.server.publicUrl}/api/hooks/${token}` }
  })

/** The hooks of a room, newest first: those by which programs write in it, and those that are told what people write. */
export async function listHooks({ parts, caller }: BotsContext, room: string): Promise<{ hooks: Hook[]; outgoing: OutgoingHook[] }> {
  const { rows } = await parts.pool.query<HookRow>(
    `SELECT h.id, h.room_id AS room, h.name, h.created_at, o.username AS by, u.id AS "userId", u.username, u.display_name AS "displayName", u.avatar
     FROM (SELECT * FROM hooks WHERE room_id = $1 ORDER BY created_at DESC LIMIT $2) h
     CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = h.bot_id LIMIT 1) u
     LEFT JOIN LATERAL (SELECT * FROM users o WHERE o.id = h.created_by AND o.deleted_at IS NULL LIMIT 1) o ON true ORDER BY h.created_at DESC`,
    [room, limits.hooksPerRoom],
  )
  const outgoing = await readOutgoingHooks(parts.pool, room)
  // Checked after the read, so that nothing is shown that is newer than the loss of the right.
  await requireRoomRight(parts.pool, 'hooks.list', room, caller.user.id)
  return { hooks: rows.map(toHook), outgoing }
}

/** A hook of either kind stops working at once; the account of its bot goes a moment later. What was written by it stays, under "Deleted user". @throws {Failure} HOOK_NOT_FOUND */
export const removeHook = (ctx: BotsContext, input: { room: string; id: string }): Promise<{ id: string }> =>
  changeRoom(ctx, 'hooks.remove', input.room, async (room) => {
    const { rows } = await room.query<{ bot_id: string | null; name: string }>(
      `WITH incoming AS (DELETE FROM hooks WHERE id = $1 AND room_id = $2 RETURNING bot_id, name),
       outgoing AS (DELETE FROM outgoing_hooks WHERE id = $1 AND room_id = $2 RETURNING name)
       SELECT bot_id, name FROM incoming UNION ALL SELECT NULL, name FROM outgoing`,
      [isUuid(input.id) ? input.id : null, room.id],
    )
    const [hook] = rows
    if (!hook) throw new Failure('HOOK_NOT_FOUND')
    await room.audit('room.hookRemoved', hook.bot_id, { hook: input.id, name: hook.name })
    if (hook.bot_id !== null) await addJobs(room, [erasureOf(hook.bot_id)])
    return { id: input.id }
  })

/** Several rooms may have a hook of the same name, but no two accounts may: the name gets a number then. */
async function createHookAccount(transaction: Querying, name: string): Promise<User> {
  for (const names of proposeHookNames(name)) {
    await transaction.query('SAVEPOINT hook_account')
    try {
      return await createBotAccount(transaction, names)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      await transaction.query('ROLLBACK TO SAVEPOINT hook_account')
    }
  }
  throw new Failure('NAME_TAKEN', { fields: { name: 'is taken, or looks too much like another one' } })
}

/** @example [...proposeHookNames('CI build')][0] // { username: 'hook-ci-build', displayName: 'CI build' } */
function* proposeHookNames(name: string): Generator<{ username: string; displayName: string }> {
  const slug = toSlug(name.normalize('NFKD').replace(/\p{M}/gu, '')).replace(/[^a-z0-9-]/g, '')
  const base = isUsername(`hook-${slug}`.slice(0, 23)) ? `hook-${slug}`.slice(0, 23).replace(/-+$/, '') : 'hook'
  yield { username: base, displayName: name }
  for (let number = 2; number <= 5; number++) yield { username: `${base}-${number}`, displayName: `${name} ${number}` }
  for (let tries = 0; tries < 3; tries++) {
    const random = randomBytes(4).toString('hex')
    yield { username: `${base}-${random}`, displayName: `${name} ${random}` }
  }
}

interface HookRow extends Omit<User, 'id'> {
  id: string
  room: string
  name: string
  by: string | null
  created_at: Date
  userId: string
}

const toHook = ({ id, room, name, by, created_at, userId, username, displayName, avatar }: HookRow): Hook => ({
  ...{ id, room, name, by },
  user: { id: userId, username, displayName, avatar },
  createdAt: created_at.toISOString(),
})
