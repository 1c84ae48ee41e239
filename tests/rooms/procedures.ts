import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import type { RightName } from '../../src/contract/rights'
import { appRouter } from '../../src/server/router'
import type { StockClient } from '../support/stock-client'

/** What a call of each procedure finds in the room, so that only the caller's rights decide. */
export interface Stage {
  room: string
  /** A member of the room. */
  other: string
  /** Somebody who is banned from it. */
  banned: string
  /** Somebody who is not a member. */
  outsider: string
  /** The seq of a message of the caller's, or of another member's when the caller has none. */
  ownSeq: number
  /** The seq of another member's message. */
  otherSeq: number
  inviteId: string
  inviteToken: string
  /** Another session of the caller's. */
  sessionId: string
  /** Somebody whom nobody else needs. */
  subject: string
  serverInviteId: string
  /** A bot of the caller's. */
  bot: string
  hookId: string
}

/** Has the form of a browser's answer, but answers nothing. */
const madePasskey = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response: { clientDataJSON: 'AAAA', attestationObject: 'AAAA' } }

/** A valid input for every procedure. Those with a `room` are about a room. */
export const inputs: Record<RightName, (stage: Stage) => object | undefined> = {
  'session.me': () => undefined,
  'session.list': () => undefined,
  'session.revoke': ({ sessionId }) => ({ sessionId }),
  'session.revokeOthers': () => undefined,

  'security.show': () => undefined,
  'security.askToConfirm': () => undefined,
  'security.confirm': () => ({ password: 'not the one' }),
  'security.startPasskey': () => ({ confirmation: 'not one' }),
  'security.addPasskey': () => ({ name: 'A phone', passkey: madePasskey }),
  'security.renamePasskey': () => ({ id: randomUUID(), name: 'A laptop' }),
  'security.removePasskey': () => ({ id: randomUUID(), confirmation: 'not one' }),
  'security.startTwoStep': () => ({ confirmation: 'not one' }),
  'security.enableTwoStep': () => ({ code: '123456' }),
  'security.disableTwoStep': () => ({ confirmation: 'not one' }),
  'security.renewRecoveryCodes': () => ({ confirmation: 'not one' }),

  'users.search': ({ other }) => ({ query: other }),
  'users.get': ({ other }) => ({ username: other }),
  'users.named': ({ other, outsider }) => ({ usernames: [other, outsider, 'nobody-like-this'] }),
  'users.me': () => undefined,
  'users.update': () => ({ status: 'here to test' }),
  'users.changePassword': () => ({ current: 'not the one', password: 'another good long passphrase' }),
  'users.deleteAccount': () => ({ password: 'not the one' }),

  'rooms.list': () => undefined,
  'rooms.get': ({ room }) => ({ room }),
  'rooms.onChange': () => undefined,
  'rooms.browse': () => ({ query: 'x' }),
  'rooms.create': ({ room }) => ({ name: `made beside ${room}`.slice(0, 60), kind: 'private' }),
  'rooms.direct': ({ other }) => ({ usernames: [other] }),
  'rooms.join': ({ room }) => ({ room }),
  'rooms.leave': ({ room }) => ({ room }),
  'rooms.members': ({ room }) => ({ room }),
  'rooms.setNotify': ({ room }) => ({ room, notify: 'mentions' }),
  'rooms.setFavorite': ({ room }) => ({ room, favorite: true }),
  'rooms.invite': ({ room, outsider }) => ({ room, username: outsider }),
  'rooms.showInvite': ({ inviteToken }) => ({ token: inviteToken }),
  'rooms.acceptInvite': ({ inviteToken }) => ({ token: inviteToken }),
  'rooms.createInvite': ({ room }) => ({ room }),
  'rooms.invites': ({ room }) => ({ room }),
  'rooms.revokeInvite': ({ room, inviteId }) => ({ room, invite: inviteId }),
  'rooms.update': ({ room }) => ({ room, topic: 'another one' }),
  'rooms.mute': ({ room, other }) => ({ room, username: other }),
  'rooms.unmute': ({ room, other }) => ({ room, username: other }),
  'rooms.remove': ({ room, other }) => ({ room, username: other }),
  'rooms.ban': ({ room, other }) => ({ room, username: other }),
  'rooms.unban': ({ room, banned }) => ({ room, username: banned }),
  'rooms.bans': ({ room }) => ({ room }),
  'rooms.setRole': ({ room, other }) => ({ room, username: other, role: 'moderator' }),
  'rooms.archive': ({ room }) => ({ room }),

  'chat.send': ({ room }) => ({ room, text: 'hello' }),
  'chat.onMessage': ({ room }) => ({ room }),
  'chat.history': ({ room }) => ({ room }),
  'chat.thread': ({ room }) => ({ room, seq: 1 }),
  'chat.at': ({ room }) => ({ room, time: '2026-01-01' }),
  'chat.pins': ({ room }) => ({ room }),
  'chat.readers': ({ room }) => ({ room }),
  'chat.edit': ({ room, ownSeq }) => ({ room, seq: ownSeq, text: 'better said' }),
  'chat.remove': ({ room, ownSeq }) => ({ room, seq: ownSeq }),
  'chat.react': ({ room, otherSeq }) => ({ room, seq: otherSeq, emoji: '👍' }),
  'chat.unreact': ({ room, otherSeq }) => ({ room, seq: otherSeq, emoji: '👍' }),
  'chat.pin': ({ room, otherSeq }) => ({ room, seq: otherSeq }),
  'chat.unpin': ({ room, otherSeq }) => ({ room, seq: otherSeq }),
  'chat.markRead': ({ room }) => ({ room, seq: 1 }),
  'chat.markUnread': ({ room }) => ({ room, seq: 1 }),
  'chat.typing': ({ room }) => ({ room }),
  'chat.search': ({ room }) => ({ room, query: 'hello' }),

  'bots.create': ({ subject }) => ({ username: `bot-${subject}`, displayName: `Bot of ${subject}` }),
  'bots.list': () => undefined,
  'bots.rotate': ({ bot }) => ({ username: bot }),
  'bots.remove': ({ bot }) => ({ username: bot }),
  'hooks.create': ({ room, subject }) => ({ room, name: `Build of ${subject}` }),
  'hooks.createOutgoing': ({ room }) => ({ room, name: 'Archive', url: 'https://hooks.example/in' }),
  'hooks.list': ({ room }) => ({ room }),
  'hooks.remove': ({ room, hookId }) => ({ room, id: hookId }),

  'presence.onChange': ({ room }) => ({ room }),
  'presence.update': () => ({ away: false }),

  'admin.people': ({ subject }) => ({ query: subject }),
  'admin.disable': ({ subject }) => ({ username: subject }),
  'admin.enable': ({ subject }) => ({ username: subject }),
  'admin.setRole': ({ subject }) => ({ username: subject, role: 'guest' }),
  'admin.resetLink': ({ subject }) => ({ username: subject }),
  'admin.removeSecondFactors': ({ subject }) => ({ username: subject }),
  'admin.endSessions': ({ subject }) => ({ username: subject }),
  'admin.deletePerson': ({ subject }) => ({ username: subject }),
  'admin.settings': () => undefined,
  'admin.updateSettings': () => ({ name: 'A server' }),
  'admin.createInvite': () => ({}),
  'admin.invites': () => undefined,
  'admin.revokeInvite': ({ serverInviteId }) => ({ invite: serverInviteId }),
  'admin.audit': () => undefined,
  'admin.rooms': () => undefined,
  'admin.deleteRoom': ({ room }) => ({ room }),
  'admin.connections': ({ subject }) => ({ username: subject }),
}

/** @returns the name of a bot of this person's, and the id of a hook of the room, for a stage */
export async function addBotAndHook(querying: Pick<Pool, 'query'>, room: string, userId: string): Promise<Pick<Stage, 'bot' | 'hookId'>> {
  // Of many stages for the same person or room, only the last one's count towards the limits.
  await querying.query('DELETE FROM bots WHERE owner_id = $1', [userId])
  await querying.query('DELETE FROM hooks WHERE room_id = $1', [room])
  await querying.query('DELETE FROM outgoing_hooks WHERE room_id = $1', [room])
  const { rows } = await querying.query<{ bot: string; hookId: string }>(
    `WITH bot AS (INSERT INTO users (username, display_name, role) VALUES ('b' || left(gen_random_uuid()::text, 8), 'A bot', 'bot') RETURNING id, username),
     writer AS (INSERT INTO users (username, display_name, role) VALUES ('h' || left(gen_random_uuid()::text, 8), 'A hook', 'bot') RETURNING id),
     owned AS (
       INSERT INTO bots (user_id, owner_id, token_hash, session_id)
       SELECT id, $2, sha256(id::text::bytea), gen_random_uuid() FROM bot RETURNING user_id
     ),
     hook AS (INSERT INTO hooks (room_id, name, bot_id, token_hash) SELECT $1, 'Build', id, sha256(id::text::bytea) FROM writer RETURNING id)
     SELECT bot.username AS bot, hook.id AS "hookId" FROM bot, owned, hook`,
    [room, userId],
  )
  const [made] = rows
  if (!made) throw new Error('INSERT returned no row')
  return made
}

export const procedures = appRouter._def.procedures as unknown as Record<string, { _def: { type: 'query' | 'mutation' | 'subscription' } }>

/** A subscription is stopped as soon as it has begun. @returns null when the call succeeded, otherwise the name of the failure */
export function callProcedure({ trpc }: StockClient, path: RightName, input: unknown): Promise<string | null> {
  type Procedure = Record<
    'query' | 'mutate' | 'subscribe',
    (input: unknown, handlers?: object) => Promise<unknown> & { unsubscribe(): void }
  >
  const [feature = '', name = ''] = path.split('.')
  const procedure = (trpc as unknown as Record<string, Record<string, Procedure>>)[feature]?.[name]
  if (!procedure) throw new Error(`no ${path}`)
  const type = procedures[path]?._def.type
  // One that catches up has begun when it has read something.
  const waitsForData = JSON.stringify(input ?? null).includes('lastEventId')
  const calling =
    type === 'subscription'
      ? new Promise<void>((resolve, reject) => {
          const end = () => {
            resolve()
            queueMicrotask(() => subscription.unsubscribe())
          }
          const subscription = procedure.subscribe(input, { [waitsForData ? 'onData' : 'onStarted']: end, onError: reject })
        })
      : procedure[type === 'query' ? 'query' : 'mutate'](input)
  return calling.then(
    () => null,
    (error: { data?: { failure?: string } }) => error.data?.failure ?? String(error),
  )
}
