import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { RawData } from 'ws'
import { closeCodes, Failure, type FailureName } from '../contract/failures'
import type { ServerRole } from '../contract/rules'
import type { PersonChange } from './auth/revocations'
import { type ClientSocket, type ClosedBy, manyBytes, type SocketOwner } from './fanout/client-socket'
import { createGate, type Gate } from './platform/background'
import type { Log } from './platform/log'
import type { HereOrAway } from './presence/presence-board'
import { describeStreamError, errorFrame, errorFrames, maxCallsTogether, tooManyTogether } from './trpc'

export interface ConnectionLimits {
  maxConnectionsPerUser: number
  maxConnectionsPerIp: number
  maxSubscriptionsPerConnection: number
}

export interface Connections {
  /** @param wire what the socket writes to */
  add(socket: ClientSocket, wire: Duplex, ip: string): Connection
  /** Names the session of a connection before its row is looked up, so that a revocation in between finds the connection. */
  claim(connection: Connection, session: { sessionId: string; userId: string; expiresAt: Date }): void
  /**
   * Its session stands: from now on it counts towards its person, who is here, and may send larger messages.
   * @param caller whose role is kept current
   * @throws {Failure} TOO_MANY_CONNECTIONS
   */
  accept(connection: Connection, caller: { role: ServerRole }): void
  /** Whether its address has more connections than it may, signed in or not. */
  isOverPerIp(connection: Connection): boolean
  /** Ends the connections of these sessions. */
  closeSessions(sessionIds: ReadonlySet<string>): void
  /** Ends the connections of people who may not sign in any more; the others act in their new role. */
  applyPersonChanges(changes: readonly PersonChange[]): void
  /** Asks every client to come back later: this node cannot tell any more who is signed in. */
  turnAllAway(): void
  all(): Iterable<Connection>
  count(): number
  close(): void
}

const heartbeatMs = 25_000
const pongWaitMs = 8_000
/** A client that has taken nothing for so long is closed, and resumes when it comes back. */
const stallMs = 30_000
/** With ?connectionParams=1 the token comes in the first frame; a client that never sends it must not stay. */
const signInMs = 5_000
const callsAtOnce = 8
/** With so many calls waiting, the connection is not read any further. */
const callsWaiting = 100
/** Text PINGs are answered one for one: nobody needs more of them in a second. */
const pingsPerSecond = 50
const lookMs = 1_000
/** What one message of a client may have: before its session is accepted, and afterwards. */
export const maxMessageBytes = { before: 64 * 1024, signedIn: 1024 * 1024 } as const
/** A message that is too big, and smaller than this, is read so that each of its calls can be told so. */
const maxReadBytes = 2 * maxMessageBytes.signedIn
/** When a message is refused, each of its calls is told so, unless it has more of them: tiny calls would cost far more to answer than to send. */
const maxToldEach = 5_000
/** No call is shorter, in bytes: `{"id":1}`. */
const shortestCall = 8
/** A client that does not answer the closing handshake is not waited for longer. */
const closeWaitMs = 1_000

/** How a socket is closed that is turned away. For any other reason its client may try again. */
const closesWith: Partial<Record<FailureName, { code: number }>> = {
  UNAUTHORIZED: closeCodes.notSignedIn,
  ANOTHER_USER: closeCodes.anotherUser,
  TOO_MANY_CONNECTIONS: closeCodes.tooManyConnections,
}

/** What all connections of a node share. */
interface Shared {
  limits: ConnectionLimits
  log: Log
  /** A socket is being closed. */
  onClose: (by: ClosedBy, code: number) => void
  /** A connection of this session has ended. */
  onGone: (sessionId: string) => void
  /** A person's connection has come (from null), gone (to null), or is here or away now. */
  onPresence: (userId: string, from: HereOrAway | null, to: HereOrAway | null) => void
  remove: (connection: Connection) => void
  /** Of this node's run: what begins the id of each of its connections. */
  tag: string
  /** How many connections there have been. */
  made: number
}

/** One socket, from its first byte to its last. A class, and frugal: a node holds very many of them, most of them idle. */
export class Connection implements SocketOwner {
  readonly uid: string
  /** Known once its token has been read; the session's row may still have to be looked up. */
  sessionId: string | null = null
  userId: string | null = null
  /** Whether the request that opened it named a session. */
  bringsToken = false
  /** Whether that session has ended since its row may have been looked up. */
  isClaimOver = false
  /** Who calls on it; null until its session was found to stand. */
  caller: { role: ServerRole } | null = null
  /** In milliseconds since the epoch. */
  expiresAt = Number.POSITIVE_INFINITY
  readonly openedAt = Date.now()
  /** How its person is here by it; null before its session was looked up, and after its end. */
  presence: HereOrAway | null = null
  /** Whether it has answered since the last heartbeat. */
  alive = true
  #subscriptions = 0
  /** Its calls; null while there are none. */
  #calls: Gate | null = null
  #isClosed = false
  /** Who it is is being found out: what else the client sends is not read before that. */
  #isSigningIn = false
  #pings = 0
  #pingsSince = 0
  #stall: { waiting: number; since: number } | null = null

  constructor(
    readonly socket: ClientSocket,
    readonly ip: string,
    private readonly shared: Shared,
  ) {
    // Counted, and not a UUID each: those cost half a kilobyte and more time than all else here.
    this.uid = `${shared.tag}-${(shared.made++).toString(36)}`
  }

  receive(data: RawData, isBinary: boolean): void {
    this.alive = true
    if (Buffer.isBuffer(data)) {
      if (!isBinary && data.length === 4 && this.#isPingFlood()) {
        this.close(closeCodes.abuse.code)
        return
      }
      if (data.length >= maxToldEach * shortestCall && this.#refuseTooMuch(data)) return
      this.socket.stopAsked(data)
    }
    // It asks more than it reads the answers of.
    if (this.#waitingTurns() >= callsWaiting || this.socket.bufferedAmount >= manyBytes) this.socket.pause()
  }

  answered(): void {
    this.alive = true
  }

  drained(): void {
    this.#readOn()
  }

  malformedCode(): number {
    return (this.bringsToken ? closeCodes.abuse : closeCodes.notSignedIn).code
  }

  closing(by: ClosedBy, code: number): void {
    this.shared.onClose(by, code)
    // ws closes for this by itself, and says nothing that a person could read.
    if (by === 'server' && code === tooBigCode && !this.#isClosed) this.socket.send(errorFrame(tooBig(this.caller !== null)))
  }

  /** Closes the socket for a message that is too big, or has more calls than each could be told so. @returns whether it did */
  #refuseTooMuch(data: Buffer): boolean {
    const isTooBig = data.length > maxMessageBytes.signedIn
    if (!isTooBig && !hasManyObjects(data)) return false
    const ids = idsOf(data)
    const areTooMany = ids.length > maxToldEach
    if (!isTooBig && !areTooMany) return false
    const failure = isTooBig ? tooBig(true) : tooManyTogether(maxCallsTogether)
    for (const frame of errorFrames(failure, areTooMany ? [null] : ids)) this.socket.send(frame)
    this.close(tooBigCode)
    return true
  }

  closed(): void {
    this.shared.remove(this)
  }

  describe(error: unknown, path: string): unknown {
    return describeStreamError(this.shared.log, error, path)
  }

  /**
   * Who it is is being found out. A client sends all calls that waited for the connection right behind what signs it in:
   * they stay with the network until it is known how much they may be.
   */
  signingIn(): void {
    if (!this.isOpen()) return
    this.#isSigningIn = true
    this.socket.pause()
    this.socket.setMaxMessageBytes(maxReadBytes)
  }

  signedIn(caller: { role: ServerRole }): void {
    this.caller = caller
    this.#isSigningIn = false
    this.#readOn()
  }

  /** Goes on reading what it stopped reading, when it can be answered again. */
  #readOn(): void {
    if (this.#isSigningIn) return
    if (this.socket.isPaused && this.#waitingTurns() < callsWaiting && this.socket.bufferedAmount < manyBytes) this.socket.resume()
  }

  /**
   * Resolves when the client has read most of what was written to it, or is gone; undefined when it has. Whoever writes
   * much asks first, so that a client that stalls costs a bounded amount of memory.
   */
  untilReadable(): Promise<void> | undefined {
    return this.socket.untilReadable()
  }

  /** Counts a subscription. @throws {Failure} TOO_MANY_SUBSCRIPTIONS @returns its end */
  openSubscription(): () => void {
    if (isOver(this.#subscriptions + 1, this.shared.limits.maxSubscriptionsPerConnection)) throw new Failure('TOO_MANY_SUBSCRIPTIONS')
    this.#subscriptions++
    let open = true
    return () => {
      if (open) this.#subscriptions--
      open = false
    }
  }

  /** Runs the calls of this connection a few at a time, in their order, none while the client does not read its answers. */
  async takeTurn<Value>(call: () => Promise<Value>): Promise<Value> {
    const calls = this.#calls ?? createGate(callsAtOnce)
    this.#calls = calls
    try {
      return await calls.run(async () => {
        await this.untilReadable()
        // What it still sends is not acted on: its session may be over.
        if (this.#isClosed) throw new Failure('UNAUTHORIZED')
        return call()
      })
    } finally {
      if (!calls.isBusy() && this.#calls === calls) this.#calls = null
      this.#readOn()
    }
  }

  /** Whether nobody has done anything on it for a while. */
  setAway(away: boolean): void {
    if (this.presence) this.becomes(away ? 'away' : 'here')
  }

  becomes(presence: HereOrAway | null): void {
    const before = this.presence
    if (presence === before || this.userId === null) return
    this.presence = presence
    this.shared.onPresence(this.userId, before, presence)
  }

  /** Whether a call is under way. */
  isBusy(): boolean {
    return this.#calls !== null
  }

  /** Whether no byte of what waits for it has been taken for too long. */
  isStalled(now: number): boolean {
    const waiting = this.socket.bufferedAmount
    if (waiting < manyBytes) this.#stall = null
    else if (!this.#stall || waiting < this.#stall.waiting) this.#stall = { waiting, since: now }
    return this.#stall !== null && now - this.#stall.since >= stallMs
  }

  isLateToSignIn(now: number): boolean {
    return this.userId === null && now - this.openedAt >= signInMs
  }

  /**
   * Tells the client why, then closes the socket. Nothing is delivered on it any more: a call that was answered by its id
   * would be over for the stock client, and so would a subscription, for good.
   */
  turnAway(failure: Failure): void {
    if (!this.isOpen()) return
    // The stock client comes back at once, dozens of times a second, unless an error frame without id came first.
    this.socket.send(errorFrame(failure))
    this.close((closesWith[failure.failure] ?? closeCodes.restarting).code)
  }

  /** Its session is over. One that is not signed in yet may have brought another token, which is then tried. */
  sessionEnded(): void {
    if (this.caller) this.turnAway(new Failure('UNAUTHORIZED'))
    else this.isClaimOver = true
  }

  /** Asks the client to connect elsewhere while this socket still serves it. */
  askToReconnect(): void {
    if (this.isOpen()) this.socket.send('{"id":null,"method":"reconnect"}')
  }

  /** Closes without an answer, so that the client reconnects and asks again. */
  askToComeBack(): void {
    this.turnAway(new Failure('UNAVAILABLE'))
  }

  close(code: number): void {
    this.#isClosed = true
    this.#calls?.close(new Failure('UNAUTHORIZED'))
    this.socket.removeAllListeners('message')
    if (!this.caller) this.socket.setMaxMessageBytes(maxMessageBytes.before)
    if (this.socket.isPaused) this.socket.resume()
    this.socket.close(code)
    setTimeout(() => this.socket.terminate(), closeWaitMs).unref()
  }

  isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }

  #waitingTurns(): number {
    return this.#calls?.waiting() ?? 0
  }

  #isPingFlood(): boolean {
    const now = Date.now()
    if (now - this.#pingsSince > 1_000) {
      this.#pings = 0
      this.#pingsSince = now
    }
    return ++this.#pings > pingsPerSecond
  }
}

/** The sockets of this node. One timer serves them all: heartbeats, sign-ins that never come, and sessions whose time is up. */
export function createConnections({
  limits,
  log,
  onClose,
  onGone,
  onPresence,
}: Pick<Shared, 'limits' | 'log' | 'onClose' | 'onGone' | 'onPresence'>): Connections {
  const connections = new Set<Connection>()
  const perUser = new Map<string, number>()
  const perIp = new Map<string, number>()
  const shared: Shared = { limits, log, onClose, onGone, onPresence, remove, tag: randomBytes(9).toString('base64url'), made: 0 }
  let nextHeartbeat = Date.now() + heartbeatMs
  let pingedAt: number | null = null

  const timer = setInterval(() => {
    const now = Date.now()
    for (const connection of connections) {
      if (connection.expiresAt <= now) connection.turnAway(new Failure('UNAUTHORIZED'))
      else if (connection.isStalled(now) || connection.isLateToSignIn(now)) connection.close(closeCodes.tooSlow.code)
    }
    if (pingedAt !== null && now - pingedAt >= pongWaitMs) {
      pingedAt = null
      for (const connection of connections) {
        // The answer of one that is not read may be waiting in the network.
        if (!connection.alive && !connection.socket.isPaused) connection.socket.terminate()
      }
    }
    if (now < nextHeartbeat) return
    nextHeartbeat = now + heartbeatMs
    pingedAt = now
    for (const connection of connections) {
      connection.alive = false
      connection.socket.ping()
    }
  }, lookMs)

  function remove(connection: Connection) {
    const { ip, userId, sessionId } = connection
    connections.delete(connection)
    count(perIp, ip, -1)
    if (userId && connection.caller) count(perUser, userId, -1)
    if (sessionId) onGone(sessionId)
    connection.becomes(null)
  }

  return {
    add: (socket, wire, ip) => {
      const connection = new Connection(socket, ip, shared)
      connections.add(connection)
      count(perIp, ip, 1)
      socket.attach(wire, connection)
      return connection
    },

    claim: (connection, { sessionId, userId, expiresAt }) => {
      Object.assign(connection, { sessionId, userId, expiresAt: expiresAt.getTime(), isClaimOver: false })
    },

    accept: (connection, caller) => {
      const { userId } = connection
      // It may have gone while its session was looked up: then nobody would ever take it back.
      if (userId === null || !connection.isOpen() || !connections.has(connection)) return
      if (isOver((perUser.get(userId) ?? 0) + 1, limits.maxConnectionsPerUser)) throw new Failure('TOO_MANY_CONNECTIONS')
      count(perUser, userId, 1)
      connection.signedIn(caller)
      connection.becomes('here')
    },

    isOverPerIp: ({ ip }) => isOver(perIp.get(ip) ?? 0, limits.maxConnectionsPerIp),

    closeSessions: (sessionIds) => {
      // Looked for among all of them at once: an index would cost every connection.
      for (const connection of connections) {
        if (connection.sessionId !== null && sessionIds.has(connection.sessionId)) connection.sessionEnded()
      }
    },

    applyPersonChanges: (changes) => {
      const byId = new Map(changes.map((change) => [change.userId, change]))
      for (const connection of connections) {
        const change = connection.userId === null ? undefined : byId.get(connection.userId)
        if (!change) continue
        if (!change.maySignIn) connection.sessionEnded()
        else if (connection.caller) connection.caller.role = change.role
      }
    },

    turnAllAway: () => {
      for (const connection of connections) connection.turnAway(new Failure('UNAVAILABLE'))
    },

    all: () => connections,
    count: () => connections.size,
    close: () => clearInterval(timer),
  }
}

function count(counts: Map<string, number>, key: string, by: 1 | -1): number {
  const value = (counts.get(key) ?? 0) + by
  if (value === 0) counts.delete(key)
  else counts.set(key, value)
  return value
}

const tooBigCode = 1009

/** What somebody is told whose message was not read, because of its size. */
const tooBig = (isSignedIn: boolean) =>
  new Failure('TOO_BIG', {
    words: `That is too big: a message can have at most ${maxMessageBytes[isSignedIn ? 'signedIn' : 'before'] / 1024} KiB.`,
  })

/** Whether there may be more calls in a message than each could be told something. Much cheaper than to parse it. */
function hasManyObjects(data: Buffer): boolean {
  let left = maxToldEach
  for (let at = data.indexOf('{'); at >= 0 && left >= 0; at = data.indexOf('{', at + 1)) left--
  return left < 0
}

/** The ids of the calls in a message; a single null where there are none. */
function idsOf(data: Buffer): (number | string | null)[] {
  let message: unknown
  try {
    message = JSON.parse(data.toString())
  } catch {
    return [null]
  }
  const ids = (Array.isArray(message) ? message : [message]).map((call: { id?: unknown } | null) => call?.id)
  const known = ids.filter((id) => typeof id === 'number' || typeof id === 'string')
  return known.length > 0 ? known : [null]
}

const isOver = (value: number, limit: number) => limit !== 0 && value > limit
