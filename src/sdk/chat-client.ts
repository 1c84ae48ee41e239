import { createTRPCClient } from '@trpc/client'
import type { FirstPage } from '../contract/message'
import type { AppRouter } from '../server/router'
import type { Calls } from './calls'
import { startConnection } from './connection/connection'
import { type Auth, createCredentials } from './connection/credentials'
import { parseRealtimeUrl } from './connection/server-address'
import type { ConnectionStatus } from './connection/status'
import { defaultTimings, type Timings } from './connection/timings'
import { createOutbox } from './outbox'
import { createMemoryOutbox, type OutboxStorage, ofAuthor } from './outbox-storage'
import { openPresence, type PresenceHandle } from './presence'
import { openRoom, type RoomHandle } from './room'
import { openRoomList, type RoomListHandle } from './room-list'
import { createSharedHandles } from './shared-handles'
import type { Store } from './store'
import { openThread, type ThreadHandle } from './thread'

export interface ChatClientOptions {
  /** The address of the realtime server, for example `ws://localhost:3001/trpc`: the `realtimeUrl` of `signIn` or `GET /api/session`. */
  url: string
  /**
   * For programs: the session's token, or a function that returns one, for example by signing in. The client calls the
   * function when it starts, some minutes before the session expires, and when the server has rejected a token. It then
   * moves to the new session without missing anything. Leave it out in a browser, which sends its cookie. The token is
   * never put into a URL.
   */
  auth?: Auth
  /**
   * The id of the user this client belongs to; by default the first user it signs in as. If the session belongs to someone
   * else, now or later, the client becomes `refused`, so that no message is sent as the wrong person.
   */
  user?: string
  /** How long a call may take, in milliseconds, before it is rejected with TIMED_OUT. Default: 20,000. */
  timeoutMs?: number
  /** A WebSocket class, for runtimes that have none. In Node the SDK brings one. */
  WebSocket?: typeof WebSocket
  /** Where to keep messages until the server has acknowledged them. Default: in memory. */
  outbox?: OutboxStorage
}

export interface OpenOptions {
  /**
   * A page of the room that was read elsewhere, for example by a server that rendered it. The room is then `live` at once, and
   * is followed from there. Ignored when the room is open already.
   */
  first?: FirstPage | null
}

/**
 * One person on one connection. It has every procedure of the server, for example `client.rooms.list.query()`.
 * @example
 * const client = createChatClient({ url: realtimeUrl, auth: token })
 * const room = client.openRoom('general')
 * room.state.subscribe(() => console.log(room.state.get().timeline.messages.at(-1)?.text))
 * room.send('Hello')
 * await client.flush()
 * await client.close()
 */
export interface ChatClient extends Calls {
  status: Store<ConnectionStatus>
  /** A live view of a room: its messages, and your own before they are acknowledged. Close it when it is no longer shown. */
  openRoom(room: string, options?: OpenOptions): RoomHandle
  /**
   * A live view of a thread: a message, the messages that answer it, and those that answer them. It uses the room's own
   * subscription. Close it when it is no longer shown.
   * @param seq any message of the thread; one that nobody has answered yet can begin one
   */
  openThread(room: string, seq: number): ThreadHandle
  /** A live view of who is online in a room and who is typing. Close it when it is no longer shown. */
  openPresence(room: string): PresenceHandle
  /** A live view of the person's rooms. Close it when it is no longer shown. */
  openRoomList(): RoomListHandle
  /**
   * Waits until every message that was passed to `send` of a room is acknowledged or rejected.
   * @param options `timeoutMs`: how long to wait at most, in milliseconds. Default: 10,000
   * @returns false if time ran out or the client ended first
   */
  flush(options?: { timeoutMs?: number }): Promise<boolean>
  /** Connects again after `signed-out` or `refused`. Handles that are still open continue, and unsent messages are sent. */
  reopen(): void
  /** Closes the connection and everything opened on it. Unacknowledged messages stay in the outbox's storage. */
  close(): Promise<void>
}

/**
 * Connects at once, and again whenever the connection is lost, until the client is closed or the session is over.
 * @throws Error when `url` cannot be the address of a realtime server, or the runtime has no WebSocket
 */
export function createChatClient(options: ChatClientOptions): ChatClient {
  return startChatClient(options, defaultTimings)
}

/** Like `createChatClient`, with timings of your own. */
export function startChatClient(
  {
    url,
    auth,
    user,
    timeoutMs = 20_000,
    WebSocket: Socket = globalThis.WebSocket,
    outbox: storage = createMemoryOutbox(),
  }: ChatClientOptions,
  timings: Timings,
): ChatClient {
  if (!Socket) throw new Error('createChatClient: this runtime has no WebSocket. Pass one as the option "WebSocket".')
  const connection = startConnection({
    url: parseRealtimeUrl(url),
    credentials: createCredentials(auth, timings),
    user,
    Socket,
    callTimeoutMs: timeoutMs,
    timings,
  })
  const { status } = connection
  const { session, security, users, rooms, chat, presence, admin } = createTRPCClient<AppRouter>({ links: connection.links })
  const calls: Calls = { session, security, users, rooms, chat, presence, admin }
  const outbox = createOutbox({
    storage: ofAuthor(storage, connection.userId),
    status,
    checkIntervalMs: timings.outboxCheckMs,
    send: ({ room, text, clientId, replyTo }) => chat.send.mutate({ room, text, clientId, ...(replyTo && { replyTo: replyTo.seq }) }),
  })
  const shareRoomList = createSharedHandles(() => openRoomList(calls, status))
  const shareRoom = createSharedHandles((room: string, { first = null }: OpenOptions = {}) =>
    openRoom({ calls, status, outbox, room, first }),
  )
  return {
    ...calls,
    status,
    openRoom: shareRoom,
    openThread: (room, seq) => openThread(calls, status, shareRoom(room), seq),
    openRoomList: () => shareRoomList(''),
    openPresence: createSharedHandles((room: string) => openPresence(calls, status, room)),
    flush: ({ timeoutMs: flushTimeoutMs = 10_000 } = {}) => outbox.flush(flushTimeoutMs),
    reopen: connection.reopen,
    close: connection.close,
  }
}
