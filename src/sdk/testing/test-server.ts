import type { FailureName } from '../../contract/failures'
import type { Message } from '../../contract/message'
import type { Profile } from '../../contract/people'
import type { RightName } from '../../contract/rights'
import type { PostingPolicy } from '../../contract/room'
import type { RoomRole } from '../../contract/rules'
import type { User } from '../../contract/session'
import { type Chat, type ChatOptions, createChat } from '../chat'
import type { WebSocketClass } from '../connection/raw-socket'
import { createCallFaults } from './faults'
import { createNetwork } from './network'
import { chatProcedures } from './procedures/chat'
import { findOrAddDirect } from './procedures/rooms'
import { createRandom } from './random'
import { ServerConnection } from './server-connection'
import { createSessions } from './sessions'
import { addMember, announceRoom } from './stored-room'
import { createTestClock, type TestClock } from './test-clock'
import { createSocketClass } from './test-socket'
import { nextTurn } from './turns'
import { setTyping } from './typing'
import { showMessage } from './views'
import { type StoredRoom, type TestAccount, toUser, World } from './world'

export interface TestServerOptions {
  /** The time of day at the start. Default: 2026-01-01T12:00:00Z */
  now?: Date | string | number
  /** Chooses the order that `reorder` makes: with the same seed, the same calls have the same order. Default: 1 */
  seed?: number
}

export interface TestRoomOptions {
  /** Default: public. A direct room has no name, and its members are its people. */
  kind?: 'public' | 'private' | 'direct'
  /** Default: the id. */
  name?: string
  topic?: string
  /** Usernames. People who do not exist yet are added. */
  members?: readonly string[]
  /** Usernames with a role of their own; they are members too. */
  roles?: Readonly<Record<string, RoomRole>>
  /** Who may write. Default: everyone */
  postingPolicy?: PostingPolicy
  slowModeSeconds?: number
  archived?: boolean
}

/** Names of the calls, for example `chat.send`. */
export type ProcedureName = RightName

/**
 * A Roomline in memory, for tests of apps that are built on the SDK. The real client connects to it: everything in the client
 * works as it does with a real server, and nothing in it is replaced but the network and the clock.
 * @example
 * const server = createTestServer()
 * server.room('general', { members: ['ada', 'bob'] })
 * const ada = server.connect('ada')
 * const room = ada.room('general')
 * server.say('bob', 'general', 'Hi')
 * await server.settled()
 * room.state.get().timeline.messages.at(-1)?.text // "Hi"
 */
export interface TestServer extends AsyncDisposable {
  /** An address for clients. Any other leads here too, as long as the client uses this server's `WebSocket`. */
  url: string
  /** A WebSocket class whose sockets all lead to this server. */
  WebSocket: WebSocketClass
  /** The time of the server, and of the clients that were made with `optionsFor` or `connect`. It stands still until you move it. */
  clock: TestClock

  /** Adds somebody, or changes them. @returns the person as messages show them */
  user(username: string, fields?: Partial<Omit<Profile, 'id' | 'username'>>): User
  /** Adds a room, or changes one that is there. @param id its id; a direct room gets one of its own @returns the room's id */
  room(id: string, options?: TestRoomOptions): string
  /**
   * Stores a message, as if this person had sent it. They are added to the people and to the room if needed.
   * @throws Error when they may not, for example in an archived room
   */
  say(username: string, room: string, text: string, options?: { replyTo?: number; clientId?: string }): Message
  /** Shows somebody as typing, for six seconds. */
  type(username: string, room: string): void
  /** Every message of a room as the server has it now. */
  messages(room: string): Message[]

  /** What a client of this person is made with, for apps that make their own. @example createChat(server.optionsFor('ada')) */
  optionsFor(username: string): Required<Pick<ChatOptions, 'url' | 'auth' | 'WebSocket' | 'clock'>>
  /** A token of a new session, for an `auth` function. */
  tokenFor(username: string): string
  /** A client of this person. It connects at once; its calls wait until it is connected. Closed by `close`. */
  connect(username: string, options?: Pick<ChatOptions, 'outbox' | 'timeoutMs' | 'user'>): Chat

  /**
   * Resolves when nothing is on its way between the clients and this server, and nothing that has arrived causes more. It does
   * not wait for what waits for the clock: use `clock.advance` for that.
   */
  settled(): Promise<void>

  /**
   * Ends connections. Without a code they break as a network does: what is on its way is lost. With one, the server closes them.
   * The clients come back when the clock is moved on, after up to three seconds.
   * @param username whose; everybody's by default
   */
  disconnect(username?: string | null, code?: number): void
  /**
   * Loses the answers of queries and mutations, which are carried out all the same.
   * @param procedure default: all @returns a function that ends this
   */
  dropAnswers(procedure?: ProcedureName): () => void
  /** Ends all sessions of somebody, as signing out everywhere does: their clients become `signed-out`. */
  revoke(username: string): void
  /** Lets somebody sign in again after `revoke`. Their clients do so with `reopen()`. */
  allow(username: string): void
  /**
   * Rejects calls, also those that this server does not implement. Subscriptions end with the failure.
   * @param times how many calls. Default: 1 @returns a function that ends this
   * @example server.reject('chat.send', 'MUTED')
   */
  reject(procedure: ProcedureName, failure: FailureName, options?: { times?: number }): () => void
  /** Lets calls wait before they are carried out, by the clock. @param ms milliseconds @returns a function that ends this */
  delay(procedure: ProcedureName, ms: number): () => void
  /** Brings the answers and events of different calls in any order; those of one call stay in theirs. @returns a function that ends this */
  reorder(): () => void
  /** Restarts, as a deploy does: clients are asked to move to a new connection, then the old ones are closed. Nothing is lost. */
  restart(): void

  /** Closes the clients that `connect` made, and everything else. */
  close(): Promise<void>
}

/** Answers no HTTP request: runtimes do not even try this port. */
const url = 'ws://roomline.invalid:9/trpc'
/** How long a restarting server serves old connections. */
const drainMs = 5_000
/** How many turns of the event loop must bring nothing new. A call of tRPC's client takes one, a rendering of React some. */
const quietTurns = 4

/** Starts a Roomline in memory. See `TestServer`. @param options see `TestServerOptions` */
export function createTestServer({ now = '2026-01-01T12:00:00Z', seed = 1 }: TestServerOptions = {}): TestServer {
  const network = createNetwork()
  const clock = createTestClock(now, settled)
  const world = new World(clock)
  const sessions = createSessions(world)
  const faults = createCallFaults()
  const random = createRandom(seed)
  const connections = new Set<ServerConnection>()
  const chats: Chat[] = []
  const TestSocket = createSocketClass(network, (socket, address) => {
    const host = { world, faults, findSession: sessions.find, onGone: (gone: ServerConnection) => void connections.delete(gone) }
    const connection = new ServerConnection(host, socket, address)
    connections.add(connection)
    return connection
  })

  async function settled(): Promise<void> {
    let count = network.count()
    for (let quiet = 0; quiet < quietTurns; ) {
      await nextTurn()
      const isQuiet = network.isIdle() && network.count() === count
      quiet = isQuiet ? quiet + 1 : 0
      count = network.count()
    }
  }

  const person = (username: string): TestAccount => world.findPerson(username) ?? world.addPerson({ username })

  function requireRoom(id: string): StoredRoom {
    const room = world.rooms.get(id)
    if (!room) throw new Error(`createTestServer: there is no room "${id}". Add it with server.room('${id}').`)
    return room
  }

  const connectionsOf = (username: string | null) =>
    [...connections].filter(({ session }) => username === null || session?.userId === person(username).id)

  function addRoom(id: string, { kind = 'public', name, topic, members = [], roles = {} }: TestRoomOptions): StoredRoom {
    const usernames = [...new Set([...members, ...Object.keys(roles)])]
    if (kind === 'direct') return findOrAddDirect(world, usernames.map(person))
    // A test says who owns a room.
    const room = world.rooms.get(id) ?? world.addRoom({ id, kind, isOwned: false })
    Object.assign(room, name !== undefined && { name }, topic !== undefined && { topic })
    for (const username of usernames) {
      const { id: userId } = person(username)
      const membership = room.members.get(userId)
      if (!membership) addMember(world, room, userId, roles[username])
      else if (roles[username]) membership.role = roles[username]
    }
    return room
  }

  const optionsFor: TestServer['optionsFor'] = (username) => {
    const { id } = person(username)
    return { url, WebSocket: TestSocket, clock, auth: sessions.issue(id) }
  }

  async function close() {
    await Promise.all([...chats.map((chat) => chat.close()), settled()])
    for (const connection of connections) connection.disconnect(null)
    await settled()
    clock.clearAll()
  }

  return {
    url,
    WebSocket: TestSocket,
    clock,
    user: (username, fields = {}) => {
      const account = person(username)
      Object.assign(account, fields)
      return toUser(account)
    },
    room: (id, options = {}) => {
      const room = addRoom(id, options)
      const { postingPolicy = room.postingPolicy, slowModeSeconds = room.slowModeSeconds, archived = room.archivedAt !== null } = options
      Object.assign(room, { postingPolicy, slowModeSeconds, archivedAt: archived ? (room.archivedAt ?? clock.now()) : null })
      announceRoom(world, room)
      return room.id
    },
    say: (username, roomId, text, options = {}) => {
      const room = requireRoom(roomId)
      const account = person(username)
      if (!room.members.has(account.id)) addMember(world, room, account.id)
      const connection = { userId: account.id, isAway: false }
      const call = { world, account, path: 'chat.send' as const, uid: world.makeId(), sessionId: '', expiresAt: 0, connection }
      const { input, run } = chatProcedures.send
      return run(call, input.parse({ room: roomId, text, ...options }))
    },
    type: (username, roomId) => setTyping(world, requireRoom(roomId), person(username).id),
    messages: (roomId) => {
      const room = requireRoom(roomId)
      return room.messages.map((message) => showMessage(world, room, message))
    },
    optionsFor,
    tokenFor: (username) => sessions.issue(person(username).id),
    connect: (username, options = {}) => {
      const chat = createChat({ ...optionsFor(username), ...options })
      chats.push(chat)
      return chat
    },
    settled,
    disconnect: (username = null, code) => {
      for (const connection of connectionsOf(username)) connection.disconnect(code ?? null)
    },
    dropAnswers: (procedure) => faults.drop(procedure ?? null),
    revoke: (username) => {
      sessions.revoke(person(username).id)
      for (const connection of connectionsOf(username)) connection.turnAway('UNAUTHORIZED')
    },
    allow: (username) => sessions.allow(person(username).id),
    reject: (procedure, failure, { times = 1 } = {}) => faults.reject(procedure, failure, times),
    delay: (procedure, ms) => faults.delay(procedure, ms),
    reorder: () => {
      network.setShuffle(random)
      return () => network.setShuffle(null)
    },
    restart: () => {
      for (const connection of connections) connection.restart(drainMs)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
