import { randomUUID } from 'node:crypto'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import type { WebSocket } from 'ws'
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
  /** Tells the client why, then closes the socket. Nothing is delivered on it any more. */
  refuse(failure: keyof typeof refusals): void
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
  add(socket: WebSocket, ip: string): Connection
  /**
   * Names the session of a connection before its row is looked up, so that a revocation in between finds the connection.
   * @throws {Failure} TOO_MANY_CONNECTIONS
   */
  claim(connection: Connection, session: { sessionId: string; userId: string; expiresAt: Date }): void
  /** @throws {Failure} TOO_MANY_SUBSCRIPTIONS @returns its end */
  openSubscription(connection: Connection): () => void
  closeSession(sessionId: string): void
  all(): Iterable<Connection>
  count(): number
  close(): void
}

const heartbeatMs = 25_000
const lookMs = 1_000
/** A client that does not answer the closing handshake is not waited for longer. */
const closeWaitMs = 1_000

/** The sockets of this node. One timer serves them all: heartbeats, and sessions whose time is up. */
export function createConnections(limits: ConnectionLimits): Connections {
  const connections = new Set<Connection>()
  const bySession = new Map<string, Set<Connection>>()
  const perUser = new Map<string, number>()
  const perIp = new Map<string, number>()
  let nextHeartbeat = Date.now() + heartbeatMs

  const sockets = new WeakMap<Connection, WebSocket>()
  const timer = setInterval(() => {
    const now = Date.now()
    for (const connection of connections) {
      if (connection.expiresAt && connection.expiresAt.getTime() <= now) connection.refuse('UNAUTHORIZED')
    }
    if (now < nextHeartbeat) return
    nextHeartbeat = now + heartbeatMs
    for (const connection of connections) {
      if (!connection.alive) connection.terminate()
      connection.alive = false
      sockets.get(connection)?.ping()
    }
  }, lookMs)

  function remove(connection: Connection) {
    connections.delete(connection)
    count(perIp, connection.ip, -1)
    if (connection.userId) count(perUser, connection.userId, -1)
    const ofSession = connection.sessionId === null ? undefined : bySession.get(connection.sessionId)
    if (ofSession?.delete(connection) && ofSession.size === 0 && connection.sessionId) bySession.delete(connection.sessionId)
  }

  return {
    add: (socket, ip) => {
      const connection = createConnection(socket, ip)
      sockets.set(connection, socket)
      connections.add(connection)
      count(perIp, ip, 1)
      socket.on('pong', () => {
        connection.alive = true
      })
      socket.on('message', () => {
        connection.alive = true
      })
      socket.once('close', () => remove(connection))
      return connection
    },

    claim: (connection, { sessionId, userId, expiresAt }) => {
      Object.assign(connection, { sessionId, userId, expiresAt })
      bySession.set(sessionId, (bySession.get(sessionId) ?? new Set()).add(connection))
      const ofUser = count(perUser, userId, 1)
      if (isOver(ofUser, limits.maxConnectionsPerUser) || isOver(perIp.get(connection.ip) ?? 0, limits.maxConnectionsPerIp)) {
        throw new Failure('TOO_MANY_CONNECTIONS')
      }
    },

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

function createConnection(socket: WebSocket, ip: string): Connection {
  const close = (code: number) => {
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
