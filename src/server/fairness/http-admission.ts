import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { createGate, type Gate } from '../platform/background'
import { networkOf, parseAddress } from '../platform/client-address'
import type { FairClient } from './fair-client'
import type { Fairness } from './fairness'

/** Who a request is counted against. */
export interface Payer {
  /** The person whose session's token it has, if the token is known to be genuine; otherwise null. */
  userId: string | null
  /** The client's address, for all others. */
  address: string
}

interface AdmissionOptions {
  server: Server
  fairness: Fairness
  /** Whether the peers of the connections are our own proxies, and not clients. */
  isBehindProxy: boolean
  /** Called before the request has had its turn, so it must not wait for anything, least of all the database. */
  findPayer(request: IncomingMessage): Payer
  /** What the request costs before anything is known about it, in units of `costs`. */
  unitsOf(request: IncomingMessage): number
  /** Answers 429 and closes the connection. */
  refuse(response: ServerResponse, retryAfterMs: number): void
  /** How many requests of one payer are answered at the same time. */
  maxRunning: number
}

export interface HttpAdmission {
  /**
   * Answers the request when it is its payer's turn. A payer's turn lasts until an answer is sent: one that is not read holds up
   * only the other requests of the same payer, and is destroyed when nothing of it was read for some seconds.
   */
  serve(request: IncomingMessage, response: ServerResponse, answer: (client: FairClient) => Promise<void>): Promise<void>
}

/** How many requests of one payer wait. */
const maxWaiting = 64
/** A request that would wait for longer than this is refused at once. */
const maxWaitMs = 5_000
/** Requests that a client has sent on one connection before it has read the answer to the first. */
const maxPipelined = 8
/** Connections of one network without an answer in progress. When there are more, the oldest idle one is closed. */
const maxWiresPerNetwork = 256
/** What a new connection costs its network until a person's token arrives on it, in units of `costs`. */
const connectionUnits = 250
/** What it costs a network when a connection is closed for what it sends. */
const refusedUnits = 20_000
/** A body in chunks of one byte costs fifty times as much to read as to send. All ordinary clients know the length of theirs. */
const lengthRequired =
  'HTTP/1.1 411 Length Required\r\nconnection: close\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\ncontent-length: 0\r\n\r\n'
/** How long a new connection of a network that has used up its budget waits until it is read. */
const maxPauseMs = 2_000
/** How long nothing at all may arrive or be read while a request is being answered. */
const silenceMs = 20_000
/** How long nothing may be read of an answer that is complete. */
const stallMs = 5_000

interface Wire {
  network: string
  /** Whether a person's token has arrived on it. */
  isPersons: boolean
  /** Requests that have not been answered yet. */
  open: number
  /** Resolves when the latest of them has been answered. */
  answered: Promise<void>
}

/** The bounds of a server's plain HTTP: connections, requests on a connection, requests of a payer, unread answers. */
export function createHttpAdmission(options: AdmissionOptions): HttpAdmission {
  const { server, fairness, isBehindProxy, findPayer, unitsOf, refuse, maxRunning } = options
  const wires = new WeakMap<Socket, Wire>()
  const networks = new Map<string, Set<Socket>>()
  /** Only of those who have a request open. */
  const gates = new Map<string, Gate>()

  function forget(this: Socket) {
    leave(this)
  }

  function leave(socket: Socket) {
    const network = wires.get(socket)?.network ?? ''
    const sockets = networks.get(network)
    sockets?.delete(socket)
    if (sockets?.size === 0) networks.delete(network)
  }

  server.on('connection', (socket: Socket) => {
    const network = networkOf(parseAddress(socket.remoteAddress ?? '') ?? '')
    const wire: Wire = { network, isPersons: false, open: 0, answered: Promise.resolve() }
    wires.set(socket, wire)
    guardParser(socket, (request) => {
      // A proxy that adds the chunks makes them of what it has read itself.
      const isChunked = !isBehindProxy && request.headers['transfer-encoding'] !== undefined
      if (!isChunked && wire.open < maxPipelined) return true
      if (!isBehindProxy) fairness.address(network).spend(refusedUnits)
      if (isChunked) socket.end(lengthRequired)
      socket.destroySoon()
      return false
    })
    if (isBehindProxy) return
    const payer = fairness.address(network)
    payer.spend(connectionUnits)
    if (payer.waitMs() > 0) {
      // Reading it could cost more than its network has left.
      socket.pause()
      setTimeout(() => socket.resume(), Math.min(payer.waitMs(), maxPauseMs)).unref()
    }
    const sockets = networks.get(network) ?? new Set()
    if (sockets.size >= maxWiresPerNetwork) {
      const idle = [...sockets].find((other) => wires.get(other)?.open === 0)
      ;(idle ?? socket).destroy()
      if (!idle) return
    }
    networks.set(network, sockets)
    sockets.add(socket)
    socket.on('close', forget)
  })
  // From here on it is counted as a WebSocket. There are very many, most of them idle: nothing is kept for them here.
  server.on('upgrade', (_, socket) => {
    leave(socket as Socket)
    socket.off('close', forget)
    wires.delete(socket as Socket)
  })

  /** Requests on one connection are answered one after the other. @returns false when it is closed meanwhile, or there are too many */
  async function takeWireTurn(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const wire = wires.get(request.socket)
    if (!wire || wire.open >= maxPipelined) {
      request.socket.destroy()
      return false
    }
    const { answered } = wire
    wire.open++
    wire.answered = new Promise((resolve) => {
      response.once('close', () => {
        wire.open--
        resolve()
      })
    })
    await answered
    return !request.socket.destroyed
  }

  /** Otherwise many people behind one address would use up its budget. */
  function giveBackConnection(socket: Socket) {
    const wire = wires.get(socket)
    if (!wire || wire.isPersons || isBehindProxy) return
    wire.isPersons = true
    fairness.address(wire.network).giveBack(connectionUnits)
  }

  return {
    serve: async (request, response, answer) => {
      // The rest of what arrived together with the request for which the connection was closed.
      if (request.socket.destroyed) return
      if (!(await takeWireTurn(request, response))) return
      const { userId, address } = findPayer(request)
      const network = networkOf(address)
      if (userId !== null) giveBackConnection(request.socket)
      const client = userId === null ? fairness.address(network) : fairness.person(userId)
      const key = userId ?? network
      const gate = gates.get(key) ?? createGate(maxRunning)
      if (gate.waiting() >= maxWaiting || client.waitMs() > maxWaitMs) {
        // Even a refusal costs something.
        if (!client.allowsJunk()) return void request.socket.destroy()
        return refuse(response, Math.max(client.waitMs(), 1_000))
      }
      gates.set(key, gate)
      // What waits for nobody any more must not take the turns, or the memory, of what somebody still waits for.
      const gone = new AbortController()
      response.once('close', () => gone.abort())
      try {
        await gate.run(async () => {
          await client.run(async () => {}, unitsOf(request), gone.signal)
          response.setTimeout(silenceMs, () => response.destroy())
          await answer(client)
          await untilSent(response)
          // Otherwise Node reads the rest of a body that nobody wants, however long it is.
          if (!request.complete) request.socket.destroySoon()
        }, gone.signal)
      } catch (error) {
        if (!gone.signal.aborted) throw error
      } finally {
        if (!gate.isBusy() && gates.get(key) === gate) gates.delete(key)
      }
    },
  }
}

/** Node's parser of requests, as far as it is used here. */
interface Parser {
  onIncoming?: ((request: IncomingMessage, keepsAlive: boolean) => number) | null
}

/** What Node's parser takes for the beginning of another protocol. */
const notHttp = 2

/**
 * Looks at each request before anything behind its headers is parsed. Node parses all that has arrived together, even for a
 * socket that is destroyed: thousands of requests or of chunks of a body, which takes a tenth of a second. Should a later
 * release of Node have another parser, it does so again, and `http-bounds.test.ts` shows it.
 * @param admits whether to go on
 */
function guardParser(socket: Socket, admits: (request: IncomingMessage) => boolean): void {
  const { parser } = socket as { parser?: Parser | null }
  const onIncoming = parser?.onIncoming
  if (!parser || !onIncoming) return
  parser.onIncoming = (request, keepsAlive) => (admits(request) ? onIncoming(request, keepsAlive) : notHttp)
}

/** Resolves when the answer is with the client, or the connection is closed. */
async function untilSent(response: ServerResponse): Promise<void> {
  if (response.destroyed || response.closed) return
  // Node sees it when a part of what waits is read, and begins to count anew.
  response.setTimeout(stallMs, () => response.destroy())
  await new Promise((resolve) => response.once('close', resolve))
}
