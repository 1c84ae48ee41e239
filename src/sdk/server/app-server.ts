import type { FirstPage, Message } from '../../contract/message'
import { limits } from '../../contract/rules'
import { ChatError, readFailure } from '../chat-error'
import { parseRealtimeUrl } from '../connection/server-address'
import { createPlainCalls } from './plain-calls'
import { type AppUser, createTokenSigner } from './sign-token'

export interface AppServerOptions {
  /** The address of the realtime server, as for `createChat`: for example `ws://localhost:3001/trpc`. */
  url: string
  /** For `tokenFor`, and for reading as one of your users: one of Roomline's `APP_TOKEN_SECRETS`. Keep it on your server. */
  secret?: string | undefined
  /** For `post`, and for reading as a bot: the token of a bot, `rlb_…`. Keep it on your server. */
  botToken?: string | undefined
  /** How long a call may take, in milliseconds, with all its tries. Default: 10,000. */
  timeoutMs?: number
}

export interface PreloadOptions {
  /** Who reads: one of your app's users, or a token. Default: the bot. */
  as?: AppUser | string
  /** The `seq` of a message that the page is to be around. Default: the newest messages. */
  around?: number
  /** How many messages, 1 to 100. Default: 50. */
  limit?: number
}

export interface PostOptions {
  /**
   * What makes the message one, 1 to 200 characters: `order 1234 shipped`, for example. Posted again with the same key, it is the
   * message that is there already; with another text, the call is rejected with CLIENT_ID_REUSED. A post in SQL with the same
   * key is the same message too. Default: a new key for each call.
   */
  key?: string
  /** The `seq` of the message that this one answers. */
  replyTo?: number
}

/** What your own server does with Roomline. It keeps no connection. */
export interface AppServer {
  /**
   * Signs one of your app's users in: hand the token to their browser, where `auth` of `createChat` asks for it. Only call it
   * for somebody whom your app has signed in. Needs `secret`.
   * @throws TypeError when the user cannot be one
   * @example
   * // GET /api/chat-token
   * const user = await currentUser(request)
   * return new Response(await roomline.tokenFor({ id: user.id, name: user.name, rooms: ['general'] }))
   */
  tokenFor(user: AppUser): Promise<string>
  /**
   * Reads the first page of a room, for a page that your server renders. It is plain JSON: hand it to your client component,
   * whose room is then there at once and goes on from it.
   * @throws {ChatError} ROOM_NOT_FOUND, NOT_A_MEMBER, UNAUTHORIZED, and what any call is rejected with
   * @example
   * const first = await roomline.preloadRoom('general', { as: user }).catch(() => null)
   */
  preloadRoom(room: string, options?: PreloadOptions): Promise<FirstPage>
  /**
   * Posts as the bot, and tries again while that can help, within `timeoutMs`: the key keeps it one message. Needs `botToken`.
   * @throws {ChatError} CLIENT_ID_REUSED, NOT_A_MEMBER, and what any call is rejected with
   * @example
   * await roomline.post('orders', 'Order 1234 has been shipped', { key: 'order 1234 shipped' })
   */
  post(room: string, text: string, options?: PostOptions): Promise<Message>
}

/** Of users that pages were read as, so that not each page begins a session of its own. */
const maxRemembered = 1_000
const maxKey = 200
/** Pauses between the tries of a post, and how much longer each is than the one before. */
const firstPauseMs = 200
const longestPauseMs = 3_000

/**
 * For your own server: tokens for your app's users, first pages of rooms, and messages of a bot. Runs wherever there are
 * `fetch` and WebCrypto: Node 20, Bun, Deno, edge functions.
 * @throws Error when the address cannot be that of a realtime server, the secret is too short, or this is a browser
 * @example
 * const roomline = createServer({ url: process.env.ROOMLINE_URL!, secret: process.env.ROOMLINE_SECRET! })
 */
export function createServer({ url, secret, botToken, timeoutMs = 10_000 }: AppServerOptions): AppServer {
  if (typeof document !== 'undefined') throw new Error('createServer: this is a browser. Secrets belong on your server.')
  const httpUrl = parseRealtimeUrl(url, 'createServer').replace(/^ws/, 'http')
  const sign = secret === undefined ? null : createTokenSigner(secret)
  const remembered = new Map<string, { token: Promise<string>; until: number }>()

  const tokenFor = async (user: AppUser) => {
    if (!sign) throw new Error('createServer: signing users in needs the option "secret".')
    return sign(user)
  }
  const requireBotToken = () => {
    if (botToken === undefined) throw new Error('createServer: acting as a bot needs the option "botToken".')
    return botToken
  }

  /** @returns a token of this user that is good for some time yet @param isNew never one that was used before */
  function readerToken(user: AppUser, isNew: boolean): Promise<string> {
    const { expiresInS: _, ...person } = user
    const key = JSON.stringify([person.id, person.name, person.avatar, person.rooms])
    const known = remembered.get(key)
    if (!isNew && known && known.until > Date.now()) return known.token
    const token = tokenFor(person)
    remembered.delete(key)
    if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value ?? '')
    remembered.set(key, { token, until: Date.now() + readerTokenMs })
    return token
  }

  async function preloadRoom(room: string, { as, around, limit = limits.historyPage.usual }: PreloadOptions = {}): Promise<FirstPage> {
    const deadline = Date.now() + timeoutMs
    const read = async (token: string): Promise<FirstPage> => {
      const { chat } = createPlainCalls(httpUrl, token, Math.max(deadline - Date.now(), 1))
      // Before the page: every change up to its version is in what is read after it.
      const newest = around === undefined ? null : (await chat.history.query({ room, limit: 1 })).messages.at(-1)
      const page = await chat.history.query({ room, limit, ...(around !== undefined && { around }) })
      const known = around === undefined ? page.messages : newest ? [newest] : []
      return {
        ...page,
        // Of a page that is read at one moment, it is the newest of any of its messages.
        version: Math.max(0, ...known.map((message) => message.version)),
        lastSeq: Math.max(0, page.messages.at(-1)?.seq ?? 0, newest?.seq ?? 0),
      }
    }
    if (as === undefined || typeof as === 'string') return named(read(as ?? requireBotToken()))
    return named(
      read(await readerToken(as, false)).catch(async (error: unknown) => {
        if (readFailure(error).name !== 'UNAUTHORIZED') throw error
        // The session of the remembered token may have been ended.
        return read(await readerToken(as, true))
      }),
    )
  }

  async function post(room: string, text: string, { key = crypto.randomUUID(), replyTo }: PostOptions = {}): Promise<Message> {
    const token = requireBotToken()
    const deadline = Date.now() + timeoutMs
    if (key === '' || key.length > maxKey) throw new TypeError(`post: key must have 1 to ${maxKey} characters`)
    const clientId = await toClientId(key)
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const { chat } = createPlainCalls(httpUrl, token, Math.max(deadline - Date.now(), 1))
      try {
        return await chat.send.mutate({ room, text, clientId, ...(replyTo !== undefined && { replyTo }) })
      } catch (error) {
        const failure = readFailure(error)
        const waitMs = Math.max(failure.retryAfterMs ?? 0, pauseMs * (0.5 + Math.random() / 2))
        if (!failure.retry || Date.now() + waitMs >= deadline) throw new ChatError(failure, { cause: error })
        await new Promise((resolve) => setTimeout(resolve, waitMs))
      }
    }
  }

  return { tokenFor, preloadRoom, post }
}

/** As `roomline.post` makes it in SQL. */
async function toClientId(key: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key)))
  return `post-${[...hash.subarray(0, 24)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** The token that a page is read with is good for 15 minutes. */
const readerTokenMs = 7 * 60_000

const named = <Value>(call: Promise<Value>): Promise<Value> =>
  call.catch((error: unknown) => {
    throw error instanceof ChatError ? error : new ChatError(readFailure(error), { cause: error })
  })
