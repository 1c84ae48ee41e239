import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { RawData } from 'ws'
import { closeCodes, Failure, type FailureName, reconnectNotice } from '../contract/failures'
import type { ServerRole } from '../contract/rules'
import type { PersonChange } from './auth/revocations'
import { costs, type FairClient } from './fairness/fair-client'
import type { Fairness } from './fairness/fairness'
import { isMonstrousJson } from './fairness/json-shape'
import { type ClientSocket, type ClosedBy, maxBufferedBytes, type SocketOwner } from './fanout/client-socket'
import type { Log } from './platform/log'
import type { OnlineState } from './presence/cluster-presence'
import { type IntakeSocket, SocketIntake } from './socket-intake'
import { describeStreamError, errorFrame, errorFrames, maxCallsTogether, tooManyTogether } from './trpc'

export interface ConnectionLimits {
  maxConnectionsPerUser: number
  maxConnectionsPerIp: number
  maxSubscriptionsPerConnection: number
}

export interface Connections {
  /** @param wire the network stream of the socket */
  add(socket: ClientSocket, wire: Duplex, ip: string, network: string): Connection
  /** Assigns the session before its row is read, so that a revocation in between finds the connection. */
  claim(connection: Connection, session: { sessionId: string; userId: string; expiresAt: Date }): void
  /**
   * The session is valid: from now on the connection counts towards its person's limit and presence, and may send larger
   * messages.
   * @param caller its role is kept current
   * @throws {Failure} TOO_MANY_CONNECTIONS
   */
  accept(connection: Connection, caller: { role: ServerRole }): void
  /** Whether its address has too many connections that are not signed in. */
  isOverPerIp(connection: Connection): boolean
  /** Closes the connections of these sessions. */
  closeSessions(sessionIds: ReadonlySet<string>): void
  /** Closes the connections of people who may no longer sign in, and updates the role of the others. */
  applyPersonChanges(changes: readonly PersonChange[]): void
  /** Asks every client to come back later, because this node no longer knows who is signed in. */
  turnAllAway(): void
  all(): Iterable<Connection>
  count(): number
  close(): void
}

const heartbeatMs = 25_000
const pongWaitMs = 8_000
/** A client that has read nothing for this long is closed. It resumes when it reconnects. */
const stallMs = 30_000
/** With ?connectionParams=1 the token is in the first frame. A client that does not send it in time is closed. */
const signInMs = 5_000
/** Of pings and pongs, as frames and as texts: a client sends one every few seconds. */
const maxSignalsPerSecond = 50
/** How much more than the message itself may arrive before it is complete: the heads of its fragments, and frames in between. */
const maxOverheadBytes = 32 * 1024
/** Head, mask and payload. */
const maxControlFrameBytes = 2 + 4 + 125
/** A client that was closed for abuse pays for it, so that it cannot come back again and again. */
const abuseCost = 20_000
const checkIntervalMs = 1_000
/** The limit for one message of a client, before and after its session is accepted. */
export const maxMessageBytes = { before: 64 * 1024, signedIn: 1024 * 1024 } as const
/** A message between the limit and this size is still read, so that each of its calls can be answered with the reason. */
const maxReadBytes = 2 * maxMessageBytes.signedIn
/** When a message is refused, each of its calls is answered, up to this many: tiny calls cost far more to answer than to send. */
const maxAnsweredEach = 5_000
/** The size of the shortest call, `{"id":1}`. */
const minCallBytes = 8
/** How long a client has to answer the closing handshake. */
const closeWaitMs = 1_000
/** How long a call that ends its own session may take to be answered before the connection closes. A session must be gone after 250 ms. */
const maxSignOutMs = 150

/** The close codes for connections that are turned away. For any other reason the client may try again. */
const closesWith: Partial<Record<FailureName, { code: number }>> = {
  UNAUTHORIZED: closeCodes.notSignedIn,
  ANOTHER_USER: closeCodes.anotherUser,
  CLIENT_OUTDATED: closeCodes.abuse,
  TOO_MANY_CONNECTIONS: closeCodes.tooManyConnections,
}

/** Shared by all connections of a node. */
interface Shared {
  limits: ConnectionLimits
  log: Log
  /** A socket is being closed. */
  onClose: (by: ClosedBy, code: number) => void
  /** A connection of this session has ended. */
  onGone: (sessionId: string) => void
  /** A person's connection opened (`from` is null), closed (`to` is null), or switched between here and away. */
  onPresence: (userId: string, from: OnlineState | null, to: OnlineState | null) => void
  fairness: Fairness
  remove: (connection: Connection) => void
  /** Random for each run of the node: the beginning of its connections' ids. */
  tag: string
  /** How many connections there have been. */
  made: number
}

/** One socket, from its first byte to its last. A class that uses little memory: a node has very many, most of them idle. */
export class Connection implements SocketOwner, IntakeSocket {
  readonly uid: string
  /** Set once its token has been read. The session's row may not have been read yet. */
  sessionId: string | null = null
  userId: string | null = null
  /** Whether the request that opened it had a token. */
  hasToken = false
  /** Whether that session has ended: while its row was being read, or while the call that ended it is being answered. */
  isSessionOver = false
  /** Null until its session was found valid. */
  caller: { role: ServerRole } | null = null
  /** In milliseconds since the epoch. */
  expiresAt = Number.POSITIVE_INFINITY
  readonly openedAt = Date.now()
  /** Its person's presence on it; null before its session is accepted, and after its end. */
  presence: OnlineState | null = null
  /** Whether anything arrived since the last heartbeat. */
  alive = true
  #subscriptions = 0
  #running = 0
  /** What has arrived and waits; null while nothing does. */
  #intake: SocketIntake | null = null
  /** How many bytes have arrived since the last complete message. */
  #unfinishedBytes = 0
  #isClosed = false
  #isAbusive = false
  /** Whether reading waits for the intake. */
  #isHeld = false
  /** Its session is being looked up. Nothing else from the client is read before that is done. */
  #isSigningIn = false
  /** Calls that may end its own session, and have not been answered. */
  #signingOut = 0
  #signals = 0
  #signalsSince = 0
  #stall: { waiting: number; since: number } | null = null

  constructor(
    readonly socket: ClientSocket,
    readonly ip: string,
    /** The part of the address that its budget belongs to. */
    readonly network: string,
    private readonly shared: Shared,
  ) {
    // A counter instead of a UUID, which costs half a kilobyte and more time than everything else here.
    this.uid = `${shared.tag}-${(shared.made++).toString(36)}`
  }

  /** Who pays for what arrives. */
  client(): FairClient {
    const { fairness } = this.shared
    return this.caller && this.userId ? fairness.person(this.userId) : fairness.address(this.network)
  }

  onBytes(bytes: Buffer): boolean {
    this.#unfinishedBytes += bytes.length
    if (this.#unfinishedBytes > this.#maxBytes() + maxOverheadBytes) this.closeForAbuse()
    if (this.#isAbusive) return false
    const intake = this.#intake ?? new SocketIntake(this)
    this.#intake = intake
    intake.addBytes(bytes)
    intake.begin()
    this.#isHeld = intake.holdsBytes()
    return !this.#isHeld
  }

  onEmpty(intake: SocketIntake): void {
    if (this.#intake === intake) this.#intake = null
  }

  onMessage(data: RawData, isBinary: boolean): void {
    this.alive = true
    this.#unfinishedBytes = 0
    if (this.#isClosed || !Buffer.isBuffer(data)) return
    if (!isBinary && data.length === 4 && isSignal(data)) {
      this.onControlFrame()
      // At once, so that a client that waits for its calls knows that the connection is alive.
      if (this.isOpen()) this.socket.runWhole(data, isBinary)
      return
    }
    // The sign-in comes first, and decides how large the next message may be.
    if (!this.caller && !this.#isSigningIn) {
      this.client().spend(costs.call)
      this.socket.runWhole(data, isBinary)
    } else this.#intake?.addMessage(data, isBinary)
  }

  onControlFrame(): void {
    this.alive = true
    // Its own size does not count towards a message that it may stand in the middle of.
    this.#unfinishedBytes = Math.max(this.#unfinishedBytes - maxControlFrameBytes, 0)
    const now = Date.now()
    if (now - this.#signalsSince > 1_000) {
      this.#signals = 0
      this.#signalsSince = now
    }
    if (++this.#signals > maxSignalsPerSecond) this.closeForAbuse()
  }

  onAnswer(characters: number): void {
    this.client().spend(characters * costs.byteOut)
  }

  onDrained(): void {
    this.#continue()
  }

  takesCalls(): boolean {
    return this.isOpen() && !this.#isClosed && !this.#isSigningIn && this.socket.isReadable()
  }

  takeApart(bytes: Buffer): void {
    this.socket.takeApart(bytes)
  }

  readOn(): void {
    if (!this.#isHeld || this.#isSigningIn) return
    this.#isHeld = false
    this.socket.readOn()
  }

  runWhole(data: Buffer, isBinary: boolean): void {
    this.socket.runWhole(data, isBinary)
  }

  run(call: unknown): void {
    const { method, id } = (call ?? {}) as { method?: unknown; id?: unknown }
    if (method === 'subscription.stop' && !this.socket.stopDirect(id)) this.countJunk()
    this.socket.run(call)
  }

  refuseCalls(ids: readonly (number | string)[]): void {
    for (const frame of errorFrames(tooManyTogether(maxCallsTogether), ids)) this.socket.send(frame)
  }

  refuseMonster(id: number | string | null): void {
    const failure = new Failure('BAD_REQUEST', { words: 'The message is nested too deeply, or has too many values.' })
    for (const frame of errorFrames(failure, [id])) this.socket.send(frame)
  }

  /** Counts something that no honest client sends in great numbers, and closes the socket when there is too much of it. */
  countJunk(): void {
    if (!this.client().allowsJunk()) this.closeForAbuse()
  }

  closeForAbuse(): void {
    if (this.#isAbusive) return
    this.#isAbusive = true
    this.client().spend(abuseCost)
    this.close(closeCodes.abuse.code)
  }

  #maxBytes(): number {
    return this.caller || this.#isSigningIn ? maxReadBytes : maxMessageBytes.before
  }

  malformedCode(): number {
    return (this.hasToken ? closeCodes.abuse : closeCodes.notSignedIn).code
  }

  onClosing(by: ClosedBy, code: number): void {
    this.shared.onClose(by, code)
    // ws closes for this by itself, without a message that a person could read.
    if (by === 'server' && code === tooBigCode && !this.#isClosed) this.socket.send(errorFrame(tooBig(this.caller !== null)))
    if (by !== 'server' || this.#isClosed) return
    // ws found something broken. It would wait for the client's answer much longer, and read on meanwhile.
    this.#isClosed = true
    this.client().spend(abuseCost)
    setTimeout(() => this.socket.terminate(), closeWaitMs).unref()
  }

  /** Closes the socket when this message is too big, or has more calls than are answered one by one. @returns whether it did */
  refuse(data: Buffer): boolean {
    if (data.length < maxAnsweredEach * minCallBytes) return false
    const isTooBig = data.length > maxMessageBytes.signedIn
    if (!isTooBig && !hasManyObjects(data)) return false
    const ids = isMonstrousJson(data) ? null : idsOf(data)
    const areTooMany = ids === null || ids.length > maxAnsweredEach
    if (!isTooBig && !areTooMany) return false
    const failure = isTooBig ? tooBig(true) : tooManyTogether(maxCallsTogether)
    for (const frame of errorFrames(failure, ids === null || areTooMany ? [null] : ids)) this.socket.send(frame)
    this.close(tooBigCode)
    return true
  }

  onClosed(): void {
    this.#intake?.dropAll()
    this.shared.remove(this)
  }

  describeError(error: unknown, path: string): unknown {
    return describeStreamError(this.shared.log, error, path)
  }

  /**
   * Pauses reading while the session is looked up. A client sends all its waiting calls right behind its sign-in; they stay
   * in the network until it is known which size limit applies.
   */
  startSignIn(): void {
    if (!this.isOpen()) return
    this.#isSigningIn = true
    this.socket.pause()
    this.socket.setMaxMessageBytes(maxReadBytes)
  }

  finishSignIn(caller: { role: ServerRole }): void {
    this.caller = caller
    this.#isSigningIn = false
    if (!this.#intake?.holdsBytes()) {
      this.#isHeld = false
      this.socket.readOn()
    }
    this.#continue()
  }

  /** Goes on with what had to wait. */
  #continue(): void {
    if (this.#intake) this.client().schedule(this.#intake)
  }

  /**
   * Resolves when the client has read most of what was written, or is gone; undefined when it has read most of it already.
   * Ask before writing much, so that a stalled client costs a limited amount of memory.
   */
  untilReadable(): Promise<void> | undefined {
    return this.socket.untilReadable()
  }

  /** Counts a subscription. @returns a function that releases it @throws {Failure} TOO_MANY_SUBSCRIPTIONS */
  openSubscription(): () => void {
    if (isOver(this.#subscriptions + 1, this.shared.limits.maxSubscriptionsPerConnection)) throw new Failure('TOO_MANY_SUBSCRIPTIONS')
    this.#subscriptions++
    let open = true
    return () => {
      if (open) this.#subscriptions--
      open = false
    }
  }

  /** Counts a running call of its person, and runs it only while the client reads its answers. */
  async takeTurn<Value>(call: () => Promise<Value>): Promise<Value> {
    this.#running++
    try {
      await this.untilReadable()
      // After the close no call is run: the session may be over.
      if (this.#isClosed || !this.isOpen() || this.isSessionOver) throw new Failure('UNAUTHORIZED')
      const end = this.client().begin()
      try {
        return await call()
      } finally {
        end()
      }
    } finally {
      this.#running--
    }
  }

  /** @param away whether the person has been inactive on it for a while */
  setAway(away: boolean): void {
    if (this.presence) this.setPresence(away ? 'away' : 'here')
  }

  setPresence(presence: OnlineState | null): void {
    const before = this.presence
    if (presence === before || this.userId === null) return
    this.presence = presence
    this.shared.onPresence(this.userId, before, presence)
  }

  get subscriptionCount(): number {
    return this.#subscriptions
  }

  /** Whether a call is running or waiting. */
  isBusy(): boolean {
    return this.#running > 0 || (this.#intake?.waitingCalls() ?? 0) > 0
  }

  /** Whether everything that the network brings is read at once. Otherwise a pong may be waiting there. */
  isReading(): boolean {
    return !this.socket.isPaused && !this.#intake?.holdsBytes()
  }

  /** Whether much is waiting for the client, and it has read none of it for too long. */
  isStalled(now: number): boolean {
    const waiting = this.socket.bufferedAmount
    if (waiting < maxBufferedBytes) this.#stall = null
    else if (!this.#stall || waiting < this.#stall.waiting) this.#stall = { waiting, since: now }
    return this.#stall !== null && now - this.#stall.since >= stallMs
  }

  isLateToSignIn(now: number): boolean {
    return this.userId === null && now - this.openedAt >= signInMs
  }

  /**
   * Sends the reason, then closes the socket. No call is answered by its id: the stock client would take the call or
   * subscription as failed for good instead of repeating it.
   */
  turnAway(failure: Failure): void {
    if (!this.isOpen()) return
    // Without an error frame with no id first, the stock client reconnects at once, dozens of times a second.
    this.socket.send(errorFrame(failure))
    this.close((closesWith[failure.failure] ?? closeCodes.restarting).code)
  }

  /** Its session is over. While it is still signing in, its other tokens are tried. */
  sessionEnded(): void {
    this.isSessionOver = true
    if (!this.caller) return
    if (this.#signingOut > 0) setTimeout(() => this.turnAway(new Failure('UNAUTHORIZED')), maxSignOutMs)
    else this.turnAway(new Failure('UNAUTHORIZED'))
  }

  /** The news of the sign-out may arrive before the answer of the statement that caused it. */
  async answerBeforeSignOut<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#signingOut++
    try {
      return await work()
    } finally {
      // By then tRPC has written the answer.
      setImmediate(() => {
        if (--this.#signingOut === 0 && this.isSessionOver) this.turnAway(new Failure('UNAUTHORIZED'))
      })
    }
  }

  /** Asks the client to connect elsewhere, while this socket still serves it. */
  askToReconnect(): void {
    if (this.isOpen()) this.socket.send(reconnectNotice)
  }

  /** Closes without answering the running calls, so that the client reconnects and repeats them. */
  askToComeBack(): void {
    this.turnAway(new Failure('UNAVAILABLE'))
  }

  close(code: number): void {
    this.#isClosed = true
    this.#intake?.dropCalls()
    if (!this.caller) this.socket.setMaxMessageBytes(maxMessageBytes.before)
    // The answer of an ordinary client is read, and nothing more of an abusive one.
    if (this.#isAbusive) {
      this.#intake?.dropAll()
      this.socket.pause()
    } else if (this.socket.isPaused) this.socket.resume()
    this.socket.close(code)
    setTimeout(() => this.socket.terminate(), closeWaitMs).unref()
  }

  isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }
}

/** The sockets of this node. One timer serves them all: heartbeats, missing sign-ins and expired sessions. */
export function createConnections({
  limits,
  log,
  onClose,
  onGone,
  onPresence,
  fairness,
}: Omit<Shared, 'remove' | 'tag' | 'made'>): Connections {
  const connections = new Set<Connection>()
  const perUser = new Map<string, number>()
  /** Connections that no session is known for yet. */
  const unclaimed = new Map<string, number>()
  const shared: Shared = { limits, log, onClose, onGone, onPresence, fairness, remove, tag: randomBytes(9).toString('base64url'), made: 0 }
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
        // While reading is paused, the pong may be waiting in the network.
        if (!connection.alive && connection.isReading()) connection.socket.terminate()
      }
    }
    if (now < nextHeartbeat) return
    nextHeartbeat = now + heartbeatMs
    pingedAt = now
    for (const connection of connections) {
      connection.alive = false
      connection.socket.ping()
    }
  }, checkIntervalMs)

  function remove(connection: Connection) {
    const { network, userId, sessionId } = connection
    connections.delete(connection)
    if (sessionId === null) count(unclaimed, network, -1)
    if (userId && connection.caller) count(perUser, userId, -1)
    if (sessionId) onGone(sessionId)
    connection.setPresence(null)
  }

  return {
    add: (socket, wire, ip, network) => {
      const connection = new Connection(socket, ip, network, shared)
      connections.add(connection)
      count(unclaimed, network, 1)
      socket.attach(wire, connection)
      return connection
    },

    claim: (connection, { sessionId, userId, expiresAt }) => {
      if (connection.sessionId === null && connections.has(connection)) count(unclaimed, connection.network, -1)
      Object.assign(connection, { sessionId, userId, expiresAt: expiresAt.getTime(), isSessionOver: false })
    },

    accept: (connection, caller) => {
      const { userId } = connection
      // It may have closed while its session was looked up. Counted now, it would never be removed.
      if (userId === null || !connection.isOpen() || !connections.has(connection)) return
      if (isOver((perUser.get(userId) ?? 0) + 1, limits.maxConnectionsPerUser)) throw new Failure('TOO_MANY_CONNECTIONS')
      count(perUser, userId, 1)
      // Many people may share an address: whoever signs in pays for their own connection.
      connection.client().giveBack(costs.connect)
      fairness.person(userId).spend(costs.connect)
      connection.finishSignIn(caller)
      connection.setPresence('here')
    },

    isOverPerIp: ({ network }) => isOver(unclaimed.get(network) ?? 0, limits.maxConnectionsPerIp),

    closeSessions: (sessionIds) => {
      // A scan: an index would cost memory for every connection.
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

/** The failure for a message that was not read because of its size. */
const tooBig = (isSignedIn: boolean) =>
  new Failure('TOO_BIG', {
    words: `The message is too big. The limit is ${maxMessageBytes[isSignedIn ? 'signedIn' : 'before'] / 1024} KiB.`,
  })

const isSignal = (data: Buffer) => data.equals(ping) || data.equals(pong)
const ping = Buffer.from('PING')
const pong = Buffer.from('PONG')

/** Whether a message may have more calls than are answered one by one. Much cheaper than parsing it. */
function hasManyObjects(data: Buffer): boolean {
  let left = maxAnsweredEach
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
