import { createTRPCClient } from '@trpc/client'
import type { AppRouter } from '../server/router'
import type { Procedures } from './calls'
import type { Clock } from './clock'
import { startConnection } from './connection/connection'
import { type Auth, createCredentials } from './connection/credentials'
import { destroySocket, type WebSocketClass } from './connection/raw-socket'
import { parseRealtimeUrl } from './connection/server-address'
import type { ConnectionStatus } from './connection/status'
import { defaultTimings, type Timings } from './connection/timings'
import { makeInspectable, tapSockets } from './inspection'
import { startOutbox } from './outbox'
import { createMemoryOutbox, type OutboxStorage, ofAuthor } from './outbox-storage'
import { type ChatPeople, createPeople } from './people'
import { openPresence } from './presence'
import { type ChatRoom, openRoom, type RoomOptions } from './room'
import { openRoomList } from './room-list'
import { type ChatRooms, createRooms } from './rooms'
import { createSharedHandles } from './shared-handles'
import { createStore, type Store } from './store'
import { openThread, type ThreadHandle } from './thread'

export interface ChatOptions {
  /** The address of the realtime server, for example `ws://localhost:3001/trpc`: the `realtimeUrl` of `signIn` or `GET /api/session`. */
  url: string
  /**
   * For programs: the session's token, or a function that returns one, for example by signing in. It is called at the start,
   * some minutes before the session expires, and when the server has rejected a token. The chat then moves to the new session
   * without missing anything. Leave it out in a browser, which sends its cookie. The token is never put into a URL.
   */
  auth?: Auth
  /**
   * The id of the user this chat belongs to; by default the first user it signs in as. If the session belongs to someone
   * else, now or later, the connection becomes `refused`, so that no message is sent as the wrong person.
   */
  user?: string
  /** How long a call may take, in milliseconds, before it is rejected with TIMED_OUT. Default: 20,000. */
  timeoutMs?: number
  /** A WebSocket class, for runtimes that have none. In Node the SDK brings one. */
  WebSocket?: WebSocketClass
  /** Where to keep messages until the server has acknowledged them. Default: in memory. */
  outbox?: OutboxStorage
  /** Where the time and the timers come from. Only tests need it: see `createTestServer` of `@roomline/sdk/testing`. */
  clock?: Clock
}

/** The connection's status, which changes over time. */
export interface ChatConnection extends Store<ConnectionStatus> {
  /** Connects again after `signed-out` or `refused`. What is still open continues, and unsent messages are sent. */
  reopen(): void
}

/**
 * One person on one connection.
 * @example
 * const chat = createChat({ url: realtimeUrl, auth: token })
 * const room = chat.room('general')
 * room.state.subscribe(() => console.log(room.state.get().timeline.messages.at(-1)?.text))
 * await room.send('Hello').done
 * await chat.close()
 */
export interface Chat extends AsyncDisposable {
  readonly connection: ChatConnection
  /**
   * A live room: its messages, and your own before they are acknowledged. All that is opened for the same room shares one
   * subscription. Close it when it is no longer shown.
   * @param id the room's id: `general`, for example
   */
  room(id: string, options?: RoomOptions): ChatRoom
  /**
   * A live thread: a message, the messages that answer it, and those that answer them. It uses the room's own subscription.
   * Close it when it is no longer shown.
   * @param seq any message of the thread; one that nobody has answered yet can begin one
   */
  thread(room: string, seq: number): ThreadHandle
  /** The person's rooms, and the acts that find, make and join rooms. */
  readonly rooms: ChatRooms
  /** People, and who is online. */
  readonly people: ChatPeople
  /**
   * Waits until every message that was passed to `send` is acknowledged or rejected.
   * @param options `timeoutMs`: how long to wait at most, in milliseconds. Default: 10,000
   * @returns false if time ran out or the connection ended first
   */
  flush(options?: { timeoutMs?: number }): Promise<boolean>
  /** Closes the connection and everything opened on it. Unacknowledged messages stay in the outbox's storage. */
  close(): Promise<void>
  /** Every procedure of the server, with the types of its own router: `chat.trpc.rooms.list.query()`, for example. */
  readonly trpc: Procedures
}

/**
 * Connects at once, and again whenever the connection is lost, until the chat is closed or the session is over.
 * @throws Error when `url` cannot be the address of a realtime server, or the runtime has no WebSocket
 */
export function createChat(options: ChatOptions): Chat {
  return startChat(options, options.clock ? { ...defaultTimings, clock: options.clock } : defaultTimings)
}

/** Like `createChat`, with timings of your own. */
export function startChat(
  { url, auth, user, timeoutMs = 20_000, WebSocket: Socket = globalThis.WebSocket, outbox: storage = createMemoryOutbox() }: ChatOptions,
  timings: Timings,
): Chat {
  if (!Socket) throw new Error('createChat: this runtime has no WebSocket. Pass one as the option "WebSocket".')
  const isCut = createStore(false)
  const tap = tapSockets(Socket, isCut.get)
  const { status, userId, links, reopen, close } = startConnection({
    url: parseRealtimeUrl(url),
    credentials: createCredentials(auth, timings),
    user,
    Socket: tap.Socket,
    callTimeoutMs: timeoutMs,
    timings,
  })
  const { clock } = timings
  const trpc: Procedures = createTRPCClient<AppRouter>({ links })
  const own = { calls: trpc, status, clock }
  const outbox = startOutbox({
    storage: ofAuthor(storage, userId),
    status,
    clock,
    checkIntervalMs: timings.outboxCheckMs,
    send: ({ room, text, clientId, replyTo }) => trpc.chat.send.mutate({ room, text, clientId, ...(replyTo && { replyTo: replyTo.seq }) }),
  })
  const shareRoomList = createSharedHandles(() => openRoomList(own))
  const sharePresence = createSharedHandles((room: string) => openPresence(own, room))
  const shareRoom = createSharedHandles((room: string, options: RoomOptions = {}) => openRoom({ ...own, outbox, room, options }))
  const chat: Chat = {
    connection: { ...status, reopen },
    room: shareRoom,
    thread: (room, seq) => openThread(own, shareRoom(room), seq),
    rooms: createRooms(trpc, () => shareRoomList('')),
    people: createPeople(trpc, sharePresence),
    flush: ({ timeoutMs: flushTimeoutMs = 10_000 } = {}) => outbox.flush(flushTimeoutMs),
    close,
    [Symbol.asyncDispose]: close,
    trpc,
  }
  makeInspectable(chat, {
    onFrame: tap.onFrame,
    unsent: outbox.all,
    isCut,
    cut: (cut) => {
      isCut.set(cut)
      if (cut) for (const socket of tap.sockets) destroySocket(socket)
    },
  })
  return chat
}
