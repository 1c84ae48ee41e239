import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http'
import { getWSConnectionHandler } from '@trpc/server/adapters/ws'
import { WebSocketServer } from 'ws'
import { closeCodes, Failure, type FailureName } from '../contract/failures'
import { readTokens } from './auth/http'
import type { SessionUse } from './auth/session-use'
import { findClaimed, type Session, type SessionParts } from './auth/sessions'
import type { Caller } from './caller'
import { Connection, type ConnectionLimits, type Connections, createConnections, maxMessageBytes } from './connections'
import type { Context } from './context'
import { ClientSocket, canTakeOver, takeOver, takeoverEncoder } from './fanout/client-socket'
import type { RoomFeeds } from './fanout/room-feeds'
import { readClientAddress } from './platform/client-address'
import { isUnavailable } from './platform/database'
import type { Health } from './platform/health'
import type { Log } from './platform/log'
import type { Metrics } from './platform/metrics'
import { createOperatorRoutes } from './platform/operator-routes'
import type { OwnPeople } from './presence/own-people'
import { appRouter } from './router'
import { maxCallsTogether, reportError, tooManyTogether, toTRPCError } from './trpc'

export interface ChatServerParts extends Omit<Context['parts'], 'takeOver'> {
  sessions: SessionParts
  feeds: RoomFeeds
  sessionUse: Pick<SessionUse, 'began' | 'ended'>
  ownPeople: Pick<OwnPeople, 'connectionChanged'>
  health: Health
  metrics: Metrics
  metricsToken: string | undefined
  log: Log
  connectionLimits: ConnectionLimits
  allowedOrigins: readonly string[]
  trustProxyHops: number
}

export interface ChatServerOptions {
  /** Whether subscriptions may be taken over from tRPC's loop, where that can be done. */
  mayTakeOver?: boolean
}

export interface ChatServer {
  port: number
  /** What the revocation log says, for the sockets that are open. */
  connections: Pick<Connections, 'closeSessions' | 'applyPersonChanges' | 'turnAllAway'>
  /** How many sockets, and what they follow. */
  count(): { connections: number; rooms: number; followers: number }
  /** Drains: takes nobody new, asks everybody to reconnect, closes with 1012. Leaves nothing open. */
  close(): Promise<void>
}

const path = '/trpc'
const noHeaders = {}
const maxBodyBytes = 64 * 1024
const maxBatch = 100
/** Clients are asked to reconnect over so long, evenly: all at once would be a storm for the nodes that stay. */
const askOverMs = 8_000
const askStepMs = 100
/** So few are asked at once. */
const few = 4
/** How long clients have to leave by themselves, once asked, before their sockets are closed. */
const leaveMs = 2_000
/** How long calls that are under way have to be answered. */
const answerMs = 10_000
/** How long a client waits to be let in while Postgres is away, before it is asked to come back later. */
const signInPatienceMs = 8_000

/** The realtime server: tRPC over WebSocket, and over plain HTTP for queries and mutations, on one port. */
export async function startChatServer(
  given: ChatServerParts,
  listen: { host: string; port: number },
  { mayTakeOver: wanted = true }: ChatServerOptions = {},
): Promise<ChatServer> {
  const { log } = given
  const mayTakeOver = wanted && (await canTakeOver())
  if (!mayTakeOver) log.warn('subscriptions cannot be taken over from this release of tRPC: they cost more')
  const parts = { ...given, takeOver: mayTakeOver ? takeOver : null }
  const connections = createConnections({
    limits: parts.connectionLimits,
    log,
    onClose: parts.metrics.closed,
    onGone: parts.sessionUse.ended,
    onPresence: parts.ownPeople.connectionChanged,
  })
  let draining = false
  const operatorRoutes = createOperatorRoutes('', { ...parts, isDraining: () => draining })

  const http = createServer({ headersTimeout: 10_000, requestTimeout: 30_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'a request failed')
      response.destroy()
    })
  })
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes.before,
    perMessageDeflate: false,
    clientTracking: false,
    WebSocket: ClientSocket,
  })

  const serveSocket = getWSConnectionHandler({
    wss,
    router: appRouter,
    maxBatchSize: maxCallsTogether,
    experimental_encoder: takeoverEncoder,
    createContext: async ({ req, res, info }): Promise<Context> => {
      const connection = (res as ClientSocket).owner
      if (!(connection instanceof Connection)) throw new Error('a socket without its connection')
      const { token, user } = info.connectionParams ?? {}
      const tokens = [...(token ? [token] : []), ...tokensOf(req)]
      // What the adapter holds of the request it holds as long as the socket.
      req.headers = noHeaders
      connection.signingIn()
      try {
        return { parts, caller: await identifyPatiently(tokens, connection, user) }
      } catch (error) {
        const refused = toTRPCError(error)
        // At once: the adapter answers every call that has come by its id when this throws, unless the socket is closing.
        connection.turnAway(refused.cause instanceof Failure ? refused.cause : new Failure('INTERNAL'))
        throw refused
      }
    },
    onError: ({ error, path: procedure, type }) => reportError(log, error, procedure, type),
  })

  const wires = new Set<Duplex>()
  function forgetWire(this: Duplex) {
    wires.delete(this)
  }
  http.on('connection', (wire) => {
    wires.add(wire)
    wire.on('close', forgetWire)
  })
  http.on('upgrade', (request, wire, head) => {
    // Until the upgrade is through, nobody else listens: an unheard error would end the process.
    wire.on('error', destroyItself)
    if (draining) return refuseUpgrade(wire, '503 Service Unavailable')
    if (pathOf(request) !== path) return refuseUpgrade(wire, '404 Not Found')
    // A page of another site would act with its visitor's cookie.
    if (isForeign(request)) return refuseUpgrade(wire, '403 Forbidden')
    wss.handleUpgrade(request, wire, head, accept)
  })

  /** A function of its own, because what its callbacks see is kept as long as the socket: the whole request is some kilobytes. */
  function accept(socket: ClientSocket, request: IncomingMessage) {
    const { socket: wire, url, headers } = request
    wire.off('error', destroyItself)
    const connection = connections.add(socket, wire, readClientAddress(request, parts.trustProxyHops))
    socket.on('error', logSocketError)
    if (connections.isOverPerIp(connection)) return connection.turnAway(new Failure('TOO_MANY_CONNECTIONS'))
    const { host, authorization, cookie } = headers
    connection.bringsToken = readTokens(authorization, cookie).length > 0
    serveSocket(socket, { url, headers: { host, authorization, cookie } } as IncomingMessage)
  }

  const logSocketError = (error: Error) => log.debug({ error: error.message }, 'a socket failed')

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pathname = pathOf(request)
    const operatorRoute = operatorRoutes[pathname]
    if (operatorRoute) return operatorRoute(request, response)
    if (pathname !== path && !pathname.startsWith(`${path}/`)) return refuse(response, 404, 'NO_SUCH_PROCEDURE')
    if (isForeign(request)) return refuse(response, 403, 'FOREIGN_ORIGIN')
    // A client whose socket did not open asks here why not: it is the right place, and takes WebSockets.
    if (pathname === path) return refuse(response, 426, 'METHOD_NOT_ALLOWED')
    if (draining) return refuse(response, 503, 'UNAVAILABLE')
    await nodeHTTPRequestHandler({
      router: appRouter,
      path: pathname.slice(path.length + 1),
      req: request,
      res: response,
      maxBodySize: maxBodyBytes,
      createContext: async ({ info }): Promise<Context> => {
        if (info.calls.length > maxBatch) throw toTRPCError(tooManyTogether(maxBatch))
        return { parts, caller: await identify(tokensOf(request), null).catch((error) => Promise.reject(toTRPCError(error))) }
      },
      onError: ({ error, path: procedure, type }) => reportError(log, error, procedure, type),
    })
  }

  /**
   * The same for a socket, whose client waits meanwhile: while Postgres is away, waiting costs less than coming back again
   * and again, and it is over as soon as Postgres is back. The pauses differ, so that not everybody is let in at once.
   */
  async function identifyPatiently(tokens: string[], connection: Connection, user: string | undefined): Promise<Caller> {
    const until = Date.now() + signInPatienceMs
    for (;;) {
      try {
        return await identify(tokens, connection, user)
      } catch (error) {
        const pauseMs = 250 + Math.random() * 1_500
        if (draining || !connection.isOpen() || Date.now() + pauseMs > until || !isUnavailable(error)) throw error
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }

  /**
   * @param user the id of the person that the client takes itself for, if it says so
   * @throws {Failure} UNAUTHORIZED, ANOTHER_USER, TOO_MANY_CONNECTIONS
   */
  async function identify(tokens: string[], connection: Connection | null, user?: string): Promise<Caller> {
    for (const token of tokens) {
      const claims = await parts.sessions.tokens.parse(token)
      if (!claims) continue
      if (connection) connections.claim(connection, claims)
      const session = await findClaimed(parts.sessions, claims)
      if (!session || connection?.isClaimOver) continue
      if (user !== undefined && user !== session.user.id) throw new Failure('ANOTHER_USER')
      parts.sessionUse.began(session.id, session.lastSeenAt)
      const caller = callerOf(session, connection)
      if (connection) connections.accept(connection, caller)
      return caller
    }
    throw new Failure('UNAUTHORIZED')
  }

  const callerOf = ({ id, user, role, expiresAt }: Session, connection: Connection | null): Caller => ({
    user,
    role,
    sessionId: id,
    expiresAt,
    readAt: Date.now(),
    uid: connection?.uid ?? null,
    connection,
  })

  const isForeign = ({ headers }: IncomingMessage) => headers.origin !== undefined && !parts.allowedOrigins.includes(headers.origin)

  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(listen.port, listen.host, resolve)
  })

  return {
    port: (http.address() as AddressInfo).port,
    connections,
    count: () => ({ connections: connections.count(), ...parts.feeds.count() }),
    close: async () => {
      // Whoever spreads the load still has to be told, by /ready.
      draining = true
      await askAllToReconnect([...connections.all()])
      await until(() => connections.count() === 0, leaveMs)
      await until(() => [...connections.all()].every((connection) => !connection.isBusy()), answerMs)
      for (const connection of connections.all()) connection.close(closeCodes.restarting.code)
      await until(() => connections.count() === 0, leaveMs)
      connections.close()
      const closed = new Promise((resolve) => http.close(resolve))
      for (const wire of wires) wire.destroy()
      await closed
    },
  }
}

const tokensOf = ({ headers }: IncomingMessage) => readTokens(headers.authorization, headers.cookie)

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? ''
}

/** With the other half left open by its client, the socket would hold its descriptor for ever. */
function refuseUpgrade(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function refuse(response: ServerResponse, status: number, failure: FailureName): void {
  const { message } = new Failure(failure)
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    // It tells nothing that any page may not know, and a page of another site has to learn that it is one.
    'access-control-allow-origin': '*',
    ...(status === 426 && { upgrade: 'websocket' }),
  })
  response.end(JSON.stringify({ error: { code: failure, message } }))
}

function destroyItself(this: Duplex) {
  this.destroy()
}

async function askAllToReconnect(connections: Connection[]): Promise<void> {
  const steps = connections.length > few ? askOverMs / askStepMs : 1
  for (let step = 1, asked = 0; step <= steps; step++) {
    // Counted in steps, not by the clock: a node that was late must not catch up with a burst.
    for (const upTo = Math.round((connections.length * step) / steps); asked < upTo; asked++) connections[asked]?.askToReconnect()
    if (asked < connections.length) await new Promise((resolve) => setTimeout(resolve, askStepMs))
  }
}

async function until(condition: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
}
