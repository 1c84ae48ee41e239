import { createTRPCClient } from '@trpc/client'
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

export interface ChatClientOptions {
  /** Where the realtime server is, for example `ws://localhost:3001/trpc`: the `realtimeUrl` of `signIn` or `GET /api/session`. */
  url: string
  /**
   * For programs: the session's token, or a function that gives one, for example by signing in. The function is called at
   * the start, some minutes before a session expires, and when the server has refused a token; the connection is then
   * moved to the new session without a gap. Browsers leave it out: they send their cookie. It never goes into a URL.
   */
  auth?: Auth
  /**
   * The id of the user this client is for. By default it is the first user it signs in as. If the session belongs to
   * someone else, now or later, the client is `refused`: messages are sent as that user or not at all.
   */
  user?: string
  /** How many milliseconds a call may take before it is rejected with TIMED_OUT: 20,000 unless given. */
  timeoutMs?: number
  /** For runtimes without a WebSocket of their own. In Node the SDK brings one. */
  WebSocket?: typeof WebSocket
  /** Where messages that are not acknowledged yet are kept: in memory, unless something lasting is given. */
  outbox?: OutboxStorage
}

/** One person on one connection. Every procedure of the server is on it, typed by the server itself. */
export interface ChatClient extends Calls {
  status: Store<ConnectionStatus>
  /** A live view of a room: history, what happens, and one's own sends. Close it when nobody looks any more. */
  openRoom(room: string): RoomHandle
  /** Who is here in a room, and who is writing. Close it when nobody looks any more. */
  openPresence(room: string): PresenceHandle
  /** A live view of the rooms that this person is in. Close it when nobody looks any more. */
  openRoomList(): RoomListHandle
  /**
   * Waits for the messages that were given to `send` of a room.
   * @param options `timeoutMs`: for how long at most, 10,000 unless given
   * @returns true when each was acknowledged or rejected, false when time ran out or the client ended before
   */
  flush(options?: { timeoutMs?: number }): Promise<boolean>
  /** Tries again after `signed-out` or `refused`. Handles that are still open come back to life, and unsent messages go. */
  reopen(): void
  /** Ends the connection and everything opened on it. What is not acknowledged yet stays in the outbox's storage. */
  close(): Promise<void>
}

/**
 * Connects at once, and again whenever the connection is lost, until it is closed or the session is over.
 * @throws Error when `url` cannot be a realtime server's address, or the runtime has no WebSocket
 */
export function createChatClient(options: ChatClientOptions): ChatClient {
  return startChatClient(options, defaultTimings)
}

/** As `createChatClient`, with other timings. */
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
  if (!Socket) throw new Error('createChatClient: this runtime has no WebSocket. Give one in the option "WebSocket".')
  const connection = startConnection({
    url: parseRealtimeUrl(url),
    credentials: createCredentials(auth, timings),
    user,
    Socket,
    callTimeoutMs: timeoutMs,
    timings,
  })
  const { status } = connection
  const { session, users, rooms, chat, presence } = createTRPCClient<AppRouter>({ links: connection.links })
  const calls: Calls = { session, users, rooms, chat, presence }
  const outbox = createOutbox({
    storage: ofAuthor(storage, connection.person),
    status,
    lookEveryMs: timings.sharedOutboxMs,
    send: ({ room, text, clientId, replyTo }) => chat.send.mutate({ room, text, clientId, ...(replyTo && { replyTo: replyTo.seq }) }),
  })
  const shareRoomList = createSharedHandles(() => openRoomList(calls, status))
  return {
    ...calls,
    status,
    openRoom: createSharedHandles((room: string) => openRoom(calls, status, outbox, room)),
    openRoomList: () => shareRoomList(''),
    openPresence: createSharedHandles((room: string) => openPresence(calls, status, room)),
    flush: ({ timeoutMs: longestMs = 10_000 } = {}) => outbox.flush(longestMs),
    reopen: connection.reopen,
    close: connection.close,
  }
}
