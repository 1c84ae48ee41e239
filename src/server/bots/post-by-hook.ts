import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { hookMessageInput } from '../../contract/bots'
import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import { limits } from '../../contract/rules'
import type { User } from '../../contract/session'
import { messageText } from '../../contract/text'
import { json, parseBody, readJsonBody } from '../auth/http-bodies'
import { createRouteGuards } from '../auth/route-guards'
import { type SendContext, sendMessage } from '../chat/send-message'
import type { CallLimits } from '../fairness/call-limits'
import type { Config } from '../platform/config'
import type { Log } from '../platform/log'
import { hashHookToken } from './hooks'

export interface HookRouteParts {
  pool: Pool
  sending: SendContext['parts']
  limits: Pick<CallLimits, 'sends'>
  config: Pick<Config, 'allowedOrigins' | 'corsOrigins' | 'publicUrl'>
  log: Log
}

/** The longest text in JSON, each of its characters written as an escape. */
const maxBodyBytes = 64 * 1024

/** `POST /api/hooks/:token`: whoever has the address writes in its room, as its bot. The same `Idempotency-Key` is the same message. */
export function createHookRoute(parts: HookRouteParts): (request: Request) => Promise<Response> {
  return createRouteGuards(parts).changing(async (request) => {
    const bot = await requireHookBot(parts.pool, new URL(request.url).pathname.split('/').at(-1) ?? '')
    const clientId = readIdempotencyKey(request)
    const { text, username } = parseBody(hookMessageInput, await readJsonBody(request, maxBodyBytes))
    await parts.limits.sends.count(bot.user.id)
    const message: Message = await sendMessage(
      { parts: parts.sending, caller: { user: bot.user, uid: null } },
      { room: bot.room, text: parseBody(messageText, username === undefined ? text : `${asCode(username)}\n${text}`), clientId },
    )
    return json(201, message)
  })
}

/** @throws {Failure} HOOK_NOT_FOUND */
async function requireHookBot(pool: Pool, token: string): Promise<{ room: string; user: User }> {
  if (token === '' || token.length > limits.hookToken) throw new Failure('HOOK_NOT_FOUND')
  const { rows } = await pool.query<User & { room: string }>(
    `SELECT h.room_id AS room, u.id, u.username, u.display_name AS "displayName", u.avatar FROM hooks h JOIN users u ON u.id = h.bot_id
     WHERE h.token_hash = $1 AND u.disabled_at IS NULL`,
    [hashHookToken(token)],
  )
  const [row] = rows
  if (!row) throw new Failure('HOOK_NOT_FOUND')
  const { room, ...user } = row
  return { room, user }
}

function readIdempotencyKey({ headers }: Request): string | undefined {
  const key = headers.get('idempotency-key')
  if (key === null) return undefined
  if (key === '' || key.length > limits.idempotencyKey)
    throw new Failure('BAD_REQUEST', { fields: { 'idempotency-key': `must have 1 to ${limits.idempotencyKey} characters` } })
  return `hook-${createHash('sha256').update(key).digest('hex').slice(0, 48)}`
}

/** The name is shown as it is: in code nothing is a mark, and nobody is mentioned. */
const asCode = (name: string) => `\`${name.replaceAll('`', "'")}\``
