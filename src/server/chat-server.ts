import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getWSConnectionHandler } from '@trpc/server/adapters/ws'
import { WebSocketServer } from 'ws'
import { closeCodes, Failure, type FailureName, protocol } from '../contract/failures'
import { readTokens } from './auth/account-routes'
import { findTokenOwner } from './auth/session-token'
import type { SessionUse } from './auth/session-use'
import { findClaimed, type Session, type SessionParts } from './auth/sessions'
import type { Caller } from './caller'
import { Connection, type ConnectionLimits, type Connections, createConnections, maxMessageBytes } from './connections'
import type { Context } from './context'
import { costs, type FairClient } from './fairness/fair-client'
import type { Fairness } from './fairness/fairness'
import { createHttpAdmission } from './fairness/http-admission'
import { ClientSocket, canDeliverDirectly, deliverDirectly, directDeliveryEncoder } from './fanout/client-socket'
import type { RoomFeeds } from './fanout/room-feeds'
import { createHttpCalls } from './http-calls'
import { networkOf, readClientAddress } from './platform/client-address'
import { isUnavailable } from './platform/database'
import type { Health } from './platform/health'
import type { Log } from './platform/log'
import type { Metrics } from './platform/metrics'
import { createOperatorRoutes } from './platform/operator-routes'
import { createOtherOrigins } from './platform/other-origins'
import { realtimePath } from './platform/realtime-url'
import { waitUntil } from './platform/wait-until'
import type { ConnectionCounts } from './presence/connection-counts'
import { appRouter } from './router'
import { isJunk, maxCallsTogether, reportError, toErrorShape, toTRPCError } from './trpc'

export interface ChatServerParts extends Omit<Context['parts'], 'deliverDirectly'> {
  sessions: SessionParts
  feeds: RoomFeeds
  sessionUse: Pick<SessionUse, 'began' | 'ended'>
  connectionCounts: Pick<ConnectionCounts, 'connectionChanged'>
  health: Health
  metrics: Metrics
  metricsToken: string | undefined
  log: Log
  connectionLimits: ConnectionLimits
  /** The budgets of all clients of this node, for sockets and HTTP. */
  fairness: Fairness
  allowedOrigins: readonly string[]
  /** Other origins whose pages may connect and call with a token of their own. */
  corsOrigins: readonly string[]
  /** Decides under which names cookies are read. */
  publicUrl: string
  trustProxyHops: number
}

export interface ChatServerOptions {
  /** False sends every subscription through tRPC's loop. By default they are delivered directly if this release of tRPC allows it. */
  allowDirectDelivery?: boolean
}

export interface ChatServer {
  port: number
  /** For the revocation log, which decides over open sockets, and for admins, who see them. */
  connections: Pick<Connections, 'closeSessions' | 'applyPersonChanges' | 'turnAllAway' | 'all'>
  /** The number of open sockets, and of the rooms and followers they have. */
  count(): { connections: number; rooms: number; followers: number }
  /** Drains: refuses new connections, asks the clients to reconnect elsewhere, then closes with 1012. Leaves nothing open. */
  close(): Promise<void>
}

const noHeaders = {}
/** How many HTTP requests of one person, or of one address without a session, are answered at the same time. */
const maxRunningRequests = 4
/** A request for anything but a call, for example the reason why a socket did not open. */
const plainRequestUnits = 300
const methods: readonly string[] = ['GET', 'HEAD', 'POST', 'OPTIONS']
/** Nothing on this port is a page, and what somebody may see changes with each request. */
const answerHeaders = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' }
const answerHeaderNames = Object.keys(answerHeaders) as (keyof typeof answerHeaders)[]
/** How late connections that exceed a time-out may be noticed. Node's own 30 s would make 40 out of 10. */
const connectionsCheckingInterval = 1_000
/** How long the client may take to read why its upgrade was refused. */
const refusalMs = 5_000
/** Browsers and ws send a message in one piece, and proxies in pieces of some kilobytes. */
const maxFragments = 256
/** Clients are asked to reconnect evenly over this time, so that the remaining nodes are not flooded. */
const drainMs = 8_000
const drainStepMs = 100
/** Up to this many clients are all asked at once. */
const smallCrowd = 4
/** How long clients have to leave by themselves after the last was asked, before their sockets are closed. */
const leaveMs = 2_000
/** How long running calls may take to finish. */
const answerMs = 10_000
/** While Postgres is unavailable, how long a sign-in is retried before the client is asked to come back later. */
const signInPatienceMs = 8_000

/** The realtime server: tRPC over WebSocket, and over plain HTTP for queries and mutations, on one port. */
export async function startChatServer(
  needs: ChatServerParts,
  listen: { host: string; port: number },
  { allowDirectDelivery = true }: ChatServerOptions = {},
): Promise<ChatServer> {
  const { log } = needs
  const isDirect = allowDirectDelivery && (await canDeliverDirectly())
  if (!isDirect) log.warn('direct delivery is off or does not work with this release of tRPC: subscriptions cost more')
  const parts = { ...needs, deliverDirectly: isDirect ? deliverDirectly : null }
  const connections = createConnections({
    limits: parts.connectionLimits,
    log,
    fairness: parts.fairness,
    onClose: parts.metrics.closed,
    onGone: parts.sessionUse.ended,
    onPresence: parts.connectionCounts.connectionChanged,
  })
  let draining = false
  const operatorRoutes = createOperatorRoutes('', { ...parts, isDraining: () => draining })
  const otherOrigins = createOtherOrigins(parts.corsOrigins, (path) => (isCallPath(path) ? ['GET', 'POST'] : null))

  const http = createServer({ headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval })
  const admission = createHttpAdmission({
    server: http,
    fairness: parts.fairness,
    isBehindProxy: parts.trustProxyHops > 0,
    findPayer: (request) => ({
      userId: findTokenOwner(parts.sessions.tokens, tokensOf(request, parts.publicUrl)),
      address: readClientAddress(request, parts.trustProxyHops),
    }),
    unitsOf: (request) => (pathOf(request).startsWith(`${realtimePath}/`) ? costs.connect : plainRequestUnits),
    refuse: refuseForNow,
    maxRunning: maxRunningRequests,
  })
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    for (const name of answerHeaderNames) response.setHeader(name, answerHeaders[name])
    otherOrigins.takeCookie(request)
    otherOrigins.allowReading(request, response)
    admission
      .serve(request, response, (client) => answer(request, response, client))
      .catch((error: unknown) => {
        log.error({ err: error }, 'a request failed')
        response.destroy()
      })
  }
  http.on('request', serve)
  // The body is asked for when its turn has come.
  http.on('checkContinue', serve)
  http.on('clientError', refuseMalformed)
  const answerCalls = createHttpCalls({
    parts,
    log,
    identify: async (request, turns) => {
      const ip = readClientAddress(request, parts.trustProxyHops)
      return { ...(await identify(tokensOf(request, parts.publicUrl), null, ip)), turns }
    },
  })
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes.before,
    maxFragments,
    perMessageDeflate: false,
    clientTracking: false,
    WebSocket: ClientSocket,
  })

  // Otherwise ws answers by itself, without our headers.
  wss.on('wsClientError', (error, wire) => {
    refuseUpgrade(wire, error.message.includes('method') ? '405 Method Not Allowed' : '400 Bad Request')
  })

  const serveSocket = getWSConnectionHandler({
    wss,
    router: appRouter,
    maxBatchSize: maxCallsTogether,
    experimental_encoder: directDeliveryEncoder,
    createContext: async ({ req, res, info }): Promise<Context> => {
      const connection = (res as ClientSocket).owner
      if (!(connection instanceof Connection)) throw new Error('the socket has no connection')
      const { token, user, protocol: spoken } = info.connectionParams ?? {}
      const tokens = [...(token ? [token] : []), ...tokensOf(req, parts.publicUrl)]
      // The adapter keeps the request as long as the socket is open.
      req.headers = noHeaders
      connection.startSignIn()
      try {
        // Whoever does not say it, as tRPC's own client, uses what it knows of the contract.
        if (spoken !== undefined && !(Number(spoken) >= protocol.oldest)) throw new Failure('CLIENT_OUTDATED')
        return { parts, caller: await identifyPatiently(tokens, connection, user) }
      } catch (error) {
        const refused = toTRPCError(error)
        // Close first: once this throws, the adapter answers every waiting call by its id, unless the socket is closing.
        connection.turnAway(refused.cause instanceof Failure ? refused.cause : new Failure('INTERNAL'))
        throw refused
      }
    },
    onError: ({ error, path: procedure, type, ctx }) => {
      reportError(log, error, procedure, type)
      if (isJunk(error)) ctx?.caller.connection?.countJunk()
    },
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
    // Until the upgrade is done there is no other listener, and an unhandled error would end the process.
    wire.on('error', destroyItself)
    if (draining) return refuseUpgrade(wire, '503 Service Unavailable')
    if (pathOf(request) !== realtimePath) return refuseUpgrade(wire, '404 Not Found')
    // Otherwise a page of another site could act with its visitor's cookie.
    if (isForeign(request)) return refuseUpgrade(wire, '403 Forbidden')
    otherOrigins.takeCookie(request)
    const payer = findUpgradePayer(request)
    const waitMs = payer.waitMs()
    if (waitMs > 0) return refuseUpgrade(wire, '429 Too Many Requests', `Retry-After: ${Math.ceil(waitMs / 1_000)}`)
    payer.runInTurn(0, () => {
      addressOf(request).spend(costs.connect)
      if (!wire.destroyed) wss.handleUpgrade(request, wire, head, accept)
    })
  })

  const addressOf = (request: IncomingMessage) => parts.fairness.address(networkOf(readClientAddress(request, parts.trustProxyHops)))

  /** The address, until it has used up its budget: from then on it does not count for those who are signed in. */
  function findUpgradePayer(request: IncomingMessage): FairClient {
    const address = addressOf(request)
    if (address.waitMs() === 0) return address
    const userId = findTokenOwner(parts.sessions.tokens, tokensOf(request, parts.publicUrl))
    return userId === null ? address : parts.fairness.person(userId)
  }

  /** A separate function, so that the socket's callbacks do not keep the whole request (some kilobytes) in memory. */
  function accept(socket: ClientSocket, request: IncomingMessage) {
    const { socket: wire, url, headers } = request
    wire.off('error', destroyItself)
    const ip = readClientAddress(request, parts.trustProxyHops)
    const connection = connections.add(socket, wire, ip, networkOf(ip))
    socket.on('error', logSocketError)
    if (connections.isOverPerIp(connection)) return connection.turnAway(new Failure('TOO_MANY_CONNECTIONS'))
    const { host, authorization, cookie } = headers
    connection.hasToken = readTokens(authorization, cookie, parts.publicUrl).length > 0
    serveSocket(socket, { url, headers: { host, authorization, cookie } } as IncomingMessage)
  }

  const logSocketError = (error: Error) => log.debug({ error: error.message }, 'a socket failed')

  async function answer(request: IncomingMessage, response: ServerResponse, client: FairClient): Promise<void> {
    const pathname = pathOf(request)
    if (!methods.includes(request.method ?? '') || pathname === '*') {
      response.setHeader('allow', methods.join(', '))
      return refuse(response, 405, 'METHOD_NOT_ALLOWED')
    }
    const operatorRoute = operatorRoutes[pathname]
    if (operatorRoute) return operatorRoute(request, response)
    if (!isCallPath(pathname)) return refuse(response, 404, 'NO_SUCH_PROCEDURE')
    if (isForeign(request)) return refuse(response, 403, 'FOREIGN_ORIGIN')
    if (otherOrigins.answerPreflight(request, response)) return
    // A client whose socket did not open asks here for the reason. This is the right URL, but it needs a WebSocket.
    if (pathname === realtimePath) return refuse(response, 426, 'METHOD_NOT_ALLOWED')
    if (draining) return refuse(response, 503, 'UNAVAILABLE')
    await answerCalls(request, response, pathname.slice(realtimePath.length + 1), client)
  }

  /**
   * `identify` for a socket. While Postgres is unavailable it tries again: that costs less than clients that reconnect again
   * and again. The pauses are random, so that not all clients get in at the same moment.
   */
  async function identifyPatiently(tokens: string[], connection: Connection, user: string | undefined): Promise<Caller> {
    const until = Date.now() + signInPatienceMs
    for (;;) {
      try {
        return await identify(tokens, connection, connection.ip, user)
      } catch (error) {
        const pauseMs = 250 + Math.random() * 1_500
        if (draining || !connection.isOpen() || Date.now() + pauseMs > until || !isUnavailable(error)) throw error
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }

  /**
   * @param user the id of the person that the client expects to be signed in, if it says so
   * @throws {Failure} UNAUTHORIZED, ANOTHER_USER, TOO_MANY_CONNECTIONS
   */
  async function identify(tokens: string[], connection: Connection | null, ip: string, user?: string): Promise<Caller> {
    for (const token of tokens) {
      const claims = await parts.sessions.tokens.parse(token)
      if (!claims) continue
      if (connection) connections.claim(connection, claims)
      const session = await findClaimed(parts.sessions, claims)
      if (!session || connection?.isSessionOver) continue
      if (user !== undefined && user !== session.user.id) throw new Failure('ANOTHER_USER')
      parts.sessionUse.began(session.id, session.lastSeenAt)
      const caller = callerOf(session, connection, ip)
      if (connection) connections.accept(connection, caller)
      return caller
    }
    throw new Failure('UNAUTHORIZED')
  }

  const callerOf = ({ id, user, role, expiresAt }: Session, connection: Connection | null, ip: string): Caller => ({
    user,
    ip,
    role,
    sessionId: id,
    expiresAt,
    readAt: Date.now(),
    uid: connection?.uid ?? null,
    connection,
    turns: connection ?? atOnce,
  })

  const isForeign = (request: IncomingMessage) => {
    const { origin } = request.headers
    return origin !== undefined && !parts.allowedOrigins.includes(origin) && !otherOrigins.isListed(request)
  }

  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(listen.port, listen.host, resolve)
  })

  return {
    port: (http.address() as AddressInfo).port,
    connections,
    count: () => ({ connections: connections.count(), ...parts.feeds.count() }),
    close: async () => {
      // The HTTP server stays open, so that the load balancer learns it from /ready.
      draining = true
      await askAllToReconnect([...connections.all()])
      await waitUntil(() => connections.count() === 0, leaveMs)
      await waitUntil(() => [...connections.all()].every((connection) => !connection.isBusy()), answerMs)
      for (const connection of connections.all()) connection.close(closeCodes.restarting.code)
      await waitUntil(() => connections.count() === 0, leaveMs)
      connections.close()
      const closed = new Promise((resolve) => http.close(resolve))
      for (const wire of wires) wire.destroy()
      await closed
    },
  }
}

const tokensOf = ({ headers }: IncomingMessage, publicUrl: string) => readTokens(headers.authorization, headers.cookie, publicUrl)

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? ''
}

const isCallPath = (path: string) => path === realtimePath || path.startsWith(`${realtimePath}/`)

/** For calls whose turns are taken elsewhere. */
const atOnce: Caller['turns'] = { takeTurn: (call) => call() }

/** The socket is destroyed once the answer is sent: a client that keeps its half open would hold the descriptor for ever. */
function refuseUpgrade(socket: Duplex, status: string, ...headers: string[]): void {
  socket.once('finish', () => socket.destroy())
  // It may never be, when answers to earlier requests are waiting unread.
  setTimeout(() => socket.destroy(), refusalMs).unref()
  socket.end(rawAnswer(status, headers))
}

const rawAnswer = (status: string, more: string[]) => {
  const headers = Object.entries({ ...answerHeaders, connection: 'close', 'content-length': '0' })
  return [`HTTP/1.1 ${status}`, ...headers.map(([name, value]) => `${name}: ${value}`), ...more, '', ''].join('\r\n')
}

/** What is no HTTP, or too large or too slow to be read. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  refuseUpgrade(socket, status)
}

/** In tRPC's format, which its clients understand; other programs look at the status and the header. */
function refuseForNow(response: ServerResponse, retryAfterMs: number): void {
  const shape = toErrorShape(toTRPCError(new Failure('TOO_MANY_REQUESTS', { retryAfterMs })))
  response.writeHead(429, {
    'content-type': 'application/json',
    'retry-after': String(Math.ceil(retryAfterMs / 1_000)),
    connection: 'close',
  })
  response.end(JSON.stringify({ error: shape }))
}

function refuse(response: ServerResponse, status: number, failure: FailureName): void {
  const { message } = new Failure(failure)
  // Nothing in the answer is secret, and a page of another site has to learn that its origin is refused.
  if (!response.hasHeader('access-control-allow-origin')) response.setHeader('access-control-allow-origin', '*')
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(status === 426 && { upgrade: 'websocket' }),
  })
  response.end(JSON.stringify({ error: { code: failure, message } }))
}

function destroyItself(this: Duplex) {
  this.destroy()
}

async function askAllToReconnect(connections: Connection[]): Promise<void> {
  const steps = connections.length > smallCrowd ? drainMs / drainStepMs : 1
  for (let step = 1, asked = 0; step <= steps; step++) {
    // In fixed steps, not by the clock: a node that was delayed must not catch up with a burst.
    for (const upTo = Math.round((connections.length * step) / steps); asked < upTo; asked++) connections[asked]?.askToReconnect()
    if (asked < connections.length) await new Promise((resolve) => setTimeout(resolve, drainStepMs))
  }
}
