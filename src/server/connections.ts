import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import type { RawData, WebSocket } from 'ws'
import { closeCodes, Failure, failures } from '../contract/failures'

/** One socket, from its first byte to its last. */
export interface Connection {
  readonly uid: string
  readonly ip: string
  /** Known once its token has been read; the session's row may still have to be looked up. */
  sessionId: string | null
  userId: string | null
  expiresAt: Date | null
  subscriptions: number
  /** Whether it has answered since the last heartbeat. */
  alive: boolean
  /**
   * Resolves when the client has read most of what was written to it, or is gone; undefined when it has. Whoever writes
   * much asks first, so that a client that stalls costs a bounded amount of memory.
   */
  untilReadable(): Promise<void> | undefined
  /** Runs the calls of this connection a few at a time, none while the client does not read its answers. */
  takeTurn<Value>(call: () => Promise<Value>): Promise<Value>
  /** Tells the client why, then closes the socket. Nothing is delivered on it any more. */
  refuse(failure: keyof typeof refusals): void
  /** Whether a call is under way. */
  isBusy(): boolean
  /** Asks the client to connect elsewhere while this socket still serves it. */
  askToReconnect(): void
  close(code: number): void
  terminate(): void
}

const refusals = {
  UNAUTHORIZED: closeCodes.notSignedIn,
  TOO_MANY_CONNECTIONS: closeCodes.tooManyConnections,
} as const

export interface ConnectionLimits {
  maxConnectionsPerUser: number
  maxConnectionsPerIp: number
  maxSubscriptionsPerConnection: number
}

export interface Connections {
  /** @param wire what the WebSocket writes to */
  add(socket: WebSocket, wire: Duplex, ip: string): Connection
  /**
   * Names the session of a connection before its row is looked up, so that a revocation in between finds the connection.
   * @throws {Failure} TOO_MANY_CONNECTIONS
   */
  claim(connection: Connection, session: { sessionId: string; userId: string; expiresAt: Date }): void
  /** Whether its address has more connections than it may, signed in or not. */
  isOverPerIp(connection: Connection): boolean
  /** @throws {Failure} TOO_MANY_SUBSCRIPTIONS @returns its end */
  openSubscription(connection: Connection): () => void
  closeSession(sessionId: string): void
  all(): Iterable<Connection>
  count(): number
  close(): void
}

const heartbeatMs = 25_000
const pongWaitMs = 8_000
/** What may wait for one client before its streams and answers wait too; what is under way comes on top. */
const manyBytes = 512 * 1024
/** A client that has taken nothing for so long is closed, and resumes when it comes back. */
const stallMs = 30_000
const callsAtOnce = 8
/** With so many calls waiting, the connection is not read any further. */
const callsWaiting = 100
/** Text PINGs are answered one for one: nobody needs more of them in a second. */
const pingsPerSecond = 50
const lookMs = 1_000
/** A client that does not answer the closing handshake is not waited for longer. */
const closeWaitMs = 1_000

/** The sockets of this node. One timer serves them all: heartbeats, and sessions whose time is up. */
export function createConnections(limits: ConnectionLimits, onClose: (code: number) => void = () => {}): Connections {
  const connections = new Set<Connection>()
  const bySession = new Map<string, Set<Connection>>()
  const perUser = new Map<string, number>()
  const perIp = new Map<string, number>()
  let nextHeartbeat = Date.now() + heartbeatMs

  let pingedAt: number | null = null
  const sockets = new WeakMap<Connection, WebSocket>()
  const stalls = new WeakMap<Connection, { waiting: number; since: number }>()
  const timer = setInterval(() => {
    const now = Date.now()
    for (const connection of connections) {
      if (connection.expiresAt && connection.expiresAt.getTime() <= now) connection.refuse('UNAUTHORIZED')
    }
    for (const connection of connections) {
      if (isStalled(connection, now)) connection.close(closeCodes.tooSlow.code)
    }
    if (pingedAt !== null && now - pingedAt >= pongWaitMs) {
      pingedAt = null
      for (const connection of connections) if (!connection.alive) connection.terminate()
    }
    if (now < nextHeartbeat) return
    nextHeartbeat = now + heartbeatMs
    pingedAt = now
    for (const connection of connections) {
      connection.alive = false
      sockets.get(connection)?.ping()
    }
  }, lookMs)

  /** No byte of what waits has been taken for too long. */
  function isStalled(connection: Connection, now: number): boolean {
    const waiting = sockets.get(connection)?.bufferedAmount ?? 0
    const seen = stalls.get(connection)
    if (waiting < manyBytes || !seen || waiting < seen.waiting) {
      if (waiting < manyBytes) stalls.delete(connection)
      else stalls.set(connection, { waiting, since: now })
      return false
    }
    return now - seen.since >= stallMs
  }

  function remove(connection: Connection) {
    connections.delete(connection)
    count(perIp, connection.ip, -1)
    if (connection.userId) count(perUser, connection.userId, -1)
    const ofSession = connection.sessionId === null ? undefined : bySession.get(connection.sessionId)
    if (ofSession?.delete(connection) && ofSession.size === 0 && connection.sessionId) bySession.delete(connection.sessionId)
  }

  return {
    add: (socket, wire, ip) => {
      const connection = createConnection(socket, wire, ip, onClose)
      sockets.set(connection, socket)
      connections.add(connection)
      count(perIp, ip, 1)
      const live = () => {
        connection.alive = true
      }
      socket.on('pong', live)
      socket.on('message', live)
      socket.once('close', () => remove(connection))
      return connection
    },

    claim: (connection, { sessionId, userId, expiresAt }) => {
      Object.assign(connection, { sessionId, userId, expiresAt })
      bySession.set(sessionId, (bySession.get(sessionId) ?? new Set()).add(connection))
      const ofUser = count(perUser, userId, 1)
      if (isOver(ofUser, limits.maxConnectionsPerUser)) throw new Failure('TOO_MANY_CONNECTIONS')
    },

    isOverPerIp: ({ ip }) => isOver(perIp.get(ip) ?? 0, limits.maxConnectionsPerIp),

    openSubscription: (connection) => {
      if (isOver(connection.subscriptions + 1, limits.maxSubscriptionsPerConnection)) throw new Failure('TOO_MANY_SUBSCRIPTIONS')
      connection.subscriptions++
      let open = true
      return () => {
        if (open) connection.subscriptions--
        open = false
      }
    },

    closeSession: (sessionId) => {
      for (const connection of bySession.get(sessionId) ?? []) connection.refuse('UNAUTHORIZED')
    },

    all: () => connections,
    count: () => connections.size,
    close: () => clearInterval(timer),
  }
}

function createConnection(socket: WebSocket, wire: Duplex, ip: string, onClose: (code: number) => void): Connection {
  let drained: PromiseWithResolvers<void> | null = null
  let callsUnderWay = 0
  const turns: (() => void)[] = []
  let closed = false
  let pings = 0
  let pingsSince = 0

  const untilReadable = () => {
    if (socket.bufferedAmount < manyBytes || socket.readyState !== socket.OPEN) return undefined
    drained ??= withResolvers()
    return drained.promise
  }
  const requireOpen = () => {
    if (closed) throw new Failure('UNAUTHORIZED')
  }
  const onDrain = () => {
    drained?.resolve()
    drained = null
    readOn()
  }
  const readOn = () => {
    if (socket.isPaused && turns.length < callsWaiting && socket.bufferedAmount < manyBytes) socket.resume()
  }
  wire.on('drain', onDrain)
  socket.once('close', onDrain)
  const isPingFlood = (data: RawData, isBinary: boolean) => {
    if (isBinary || !Buffer.isBuffer(data) || data.length !== 4) return false
    const now = Date.now()
    if (now - pingsSince > 1_000) {
      pings = 0
      pingsSince = now
    }
    return ++pings > pingsPerSecond
  }
  socket.on('message', (data, isBinary) => {
    if (isPingFlood(data, isBinary)) return close(closeCodes.abuse.code)
    // It asks more than it reads the answers of.
    if (turns.length >= callsWaiting || socket.bufferedAmount >= manyBytes) socket.pause()
  })

  const close = (code: number) => {
    // What it still sends is not acted on: its session may be over.
    closed = true
    socket.removeAllListeners('message')
    if (socket.isPaused) socket.resume()
    if (socket.readyState === socket.OPEN) onClose(code)
    socket.close(code)
    setTimeout(() => socket.terminate(), closeWaitMs).unref()
  }
  return {
    uid: randomUUID(),
    ip,
    sessionId: null,
    userId: null,
    expiresAt: null,
    subscriptions: 0,
    alive: true,
    untilReadable,
    takeTurn: async (call) => {
      if (callsUnderWay >= callsAtOnce) await new Promise<void>((resolve) => turns.push(resolve))
      else callsUnderWay++
      try {
        await untilReadable()
        requireOpen()
        return await call()
      } finally {
        const next = turns.shift()
        if (next) next()
        else callsUnderWay--
        readOn()
      }
    },
    isBusy: () => callsUnderWay > 0,
    refuse: (failure) => {
      if (socket.readyState !== socket.OPEN) return
      // The stock client comes back at once, dozens of times a second, unless an error frame without id came first.
      socket.send(errorFrame(failure))
      close(refusals[failure].code)
    },
    askToReconnect: () => {
      if (socket.readyState === socket.OPEN) socket.send('{"id":null,"method":"reconnect"}')
    },
    close,
    terminate: () => socket.terminate(),
  }
}

function withResolvers(): PromiseWithResolvers<void> {
  let resolve = () => {}
  let reject = () => {}
  const promise = new Promise<void>((resolvePromise, rejectPromise) => {
    resolve = resolvePromise
    reject = rejectPromise
  })
  return { promise, resolve, reject }
}

/** As tRPC writes it for a context that could not be made. */
function errorFrame(failure: keyof typeof refusals): string {
  const { code, words } = failures[failure]
  const httpStatus = code === 'UNAUTHORIZED' ? 401 : 429
  return JSON.stringify({ id: null, error: { message: words, code: TRPC_ERROR_CODES_BY_KEY[code], data: { code, httpStatus, failure } } })
}

function count(counts: Map<string, number>, key: string, by: 1 | -1): number {
  const value = (counts.get(key) ?? 0) + by
  if (value === 0) counts.delete(key)
  else counts.set(key, value)
  return value
}

const isOver = (value: number, limit: number) => limit !== 0 && value > limit
