import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client'
import { closeCodes, mayComeBack } from '../contract/failures'
import type { AppRouter } from '../server/router'
import { createOutbox } from './outbox'
import { createMemoryOutbox, type OutboxStorage } from './outbox-storage'
import { openPresence, type PresenceHandle } from './presence'
import { createReconnectDelays } from './reconnect'
import { openRoom, type RoomHandle } from './room'
import { openRoomList, type RoomListHandle } from './room-list'
import { createStore, type Store } from './store'

export interface ChatClientOptions {
  /** Where the realtime server is, as `ws://localhost:3001/trpc`. `/api/session` of the web app tells it. */
  url: string
  /** The session's token, for programs. Browsers leave it out: they send their cookie. It never goes into a URL. */
  token?: string
  /** For runtimes without a WebSocket of their own. In Node the SDK brings one. */
  WebSocket?: typeof WebSocket
  /** Where messages that are not acknowledged yet are kept: in memory, unless something lasting is given. */
  outbox?: OutboxStorage
}

/**
 * - `connecting`: no connection yet, or it was lost and is being made again
 * - `connected`
 * - `signed-out`: the session is over; this client stays closed
 * - `refused`: the server closed the socket for good, for another reason than the session
 * - `closed`: by `close()`
 */
export type ConnectionStatus = 'connecting' | 'connected' | 'signed-out' | 'refused' | 'closed'

/** One person on one connection. Every procedure of the server is on it, typed by the server itself. */
export interface ChatClient extends Pick<TRPCClient<AppRouter>, 'session' | 'users' | 'rooms' | 'chat' | 'presence'> {
  status: Store<ConnectionStatus>
  /** A live view of a room: history, what happens, and one's own sends. Close it when nobody looks any more. */
  openRoom(room: string): RoomHandle
  /** Who is here in a room, and who is writing. Close it when nobody looks any more. */
  openPresence(room: string): PresenceHandle
  /** A live view of the rooms that this person is in. Close it when nobody looks any more. */
  openRoomList(): RoomListHandle
  /** Ends the connection and everything opened on it. */
  close(): Promise<void>
}

/** A socket that has not opened by then is given up: a network that swallows packets would hold it for minutes. */
const connectDeadlineMs = 10_000

function withConnectDeadline(Socket: typeof WebSocket | undefined): typeof WebSocket {
  if (!Socket) throw new Error('This runtime has no WebSocket: give createChatClient one, in its option of that name.')
  return class extends Socket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols)
      const deadline = setTimeout(() => this.close(), connectDeadlineMs)
      for (const event of ['open', 'close']) this.addEventListener(event, () => clearTimeout(deadline))
    }
  }
}

/** Connects at once, and again whenever the connection is lost, until it is closed or the session is over. */
export function createChatClient({ url, token, WebSocket, outbox: storage = createMemoryOutbox() }: ChatClientOptions): ChatClient {
  const status = createStore<ConnectionStatus>('connecting')
  const opened = new Set<{ close(): void }>()
  const ending = new AbortController()
  const delays = createReconnectDelays()

  const socket = createWSClient({
    url,
    WebSocket: withConnectDeadline(WebSocket ?? globalThis.WebSocket),
    connectionParams: token === undefined ? null : { token },
    retryDelayMs: delays.next,
    keepAlive: { enabled: true, intervalMs: 20_000, pongTimeoutMs: 8_000 },
    onOpen: () => {
      delays.onOpen()
      if (!ending.signal.aborted) status.set('connected')
    },
    onClose: (cause) => {
      if (ending.signal.aborted) return
      if (mayComeBack(cause?.code)) return status.set('connecting')
      end(cause?.code === closeCodes.notSignedIn.code ? 'signed-out' : 'refused')
    },
  })

  function end(how: ConnectionStatus) {
    if (ending.signal.aborted) return
    ending.abort()
    status.set(how)
    for (const handle of opened) handle.close()
    return socket.close()
  }

  const { session, users, rooms: roomCalls, chat, presence } = createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] })
  const outbox = createOutbox({
    storage,
    send: ({ room, text, clientId, replyTo }) =>
      chat.send.mutate({ room, text, clientId, ...(replyTo && { replyTo: replyTo.seq }) }, { signal: ending.signal }),
    signal: ending.signal,
  })
  const client: ChatClient = {
    session,
    users,
    rooms: roomCalls,
    chat,
    presence,
    status,
    openRoom: (room) => {
      const handle = openRoom(client, outbox, room, () => opened.delete(handle))
      opened.add(handle)
      return handle
    },
    openRoomList: () => {
      const handle = openRoomList(client, () => opened.delete(handle))
      opened.add(handle)
      return handle
    },
    openPresence: (room) => {
      const handle = openPresence(client, room, () => opened.delete(handle))
      opened.add(handle)
      return handle
    },
    close: async () => {
      await end('closed')
    },
  }
  return client
}
