import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { FailureName } from '../../contract/failures'
import type { Message } from '../../contract/message'
import { expectTrue, waitFor } from '../rules'
import { errorOf, makeMessage, meOf } from './scripted-answers'

export interface ScriptedCall {
  id: number | string
  method: string
  params: { path: string; input?: Record<string, unknown>; lastEventId?: string }
}

/** A connection of the judged client. */
export interface ScriptedConnection {
  socket: WebSocket
  url: string
  /** In milliseconds, as `performance.now()` counts them. */
  openedAt: number
  /** As the client gave it; null until it did. */
  token: string | null
  calls: ScriptedCall[]
  pings: number
  pongs: number
  closedWith: number | null
  /** The subscriptions that it has not stopped, by id. A client may have several of one room. */
  following: Map<number | string, ScriptedCall>
  send(frame: string): void
  /** Ends it without a closing handshake. */
  cut(): void
}

/** What the server does otherwise than usual. A rule sets it before it lets the client connect. */
export interface Script {
  /** Decides about a connection by its number, from 1. */
  accept?(number: number): { failure: FailureName; code: number } | null
  /** The HTTP status of an upgrade that is refused, by the number of the attempt. */
  refuse?(attempt: number): number | null
  /** What happens to a message that the client sends, by how often it was sent. Default: it is stored and acknowledged. */
  onSend?(
    call: ScriptedCall,
    connection: ScriptedConnection,
    time: number,
  ): 'store' | 'hold' | { failure: FailureName; retryAfterMs?: number }
  /** How long a PONG takes, in milliseconds; null for none. */
  pongMs?(): number | null
  /** What a subscription is answered with instead of being started. */
  onFollow?(room: string): FailureName | null
}

/** A realtime server with one person and as many rooms as are asked for, which does what a script says. It repeats nothing. */
export interface ScriptedServer {
  url: string
  script: Script
  connections: ScriptedConnection[]
  /** How often a socket was asked for. */
  attempts: number[]
  /** All messages of a room, by version. */
  messages(room: string): Message[]
  /** Adds a message and sends it to whoever follows the room. @param deliver sends one frame otherwise than usual */
  say(room: string, text: string, deliver?: Deliver): Message
  /** Waits for the client's connection of this number, from 1, signed in. */
  connected(number: number, withinMs?: number): Promise<ScriptedConnection>
  /** Waits until the client follows a room on this connection. @param after the event id with which it must resume */
  followed(connection: ScriptedConnection, room: string, after?: string): Promise<void>
  /** Stops listening, and ends all connections. */
  stop(): Promise<void>
  /** Listens again, at the same address. */
  start(): Promise<void>
}

type Deliver = (connection: ScriptedConnection, frame: string) => void

/** How soon a client must subscribe on a new connection. */
const subscribeMs = 10_000

export const judgedToken = 'token-of-the-judge'

export async function startScriptedServer(): Promise<ScriptedServer> {
  const rooms = new Map<string, Message[]>()
  const connections: ScriptedConnection[] = []
  const attempts: number[] = []
  const sendCounts = new Map<string, number>()
  let port = 0
  let http = createServer()
  const wss = new WebSocketServer({ noServer: true, autoPong: false })
  const messagesOf = (room: string) => {
    const known = rooms.get(room) ?? []
    rooms.set(room, known)
    return known
  }

  const server: ScriptedServer = {
    url: '',
    script: {},
    connections,
    attempts,
    messages: messagesOf,
    say: (room, text, deliver) => add(room, text, null, deliver),
    connected: async (number, withinMs = 10_000) => {
      await waitFor(`connection ${number}, signed in`, () => (connections[number - 1]?.token ?? null) !== null, withinMs)
      return connections[number - 1] as ScriptedConnection
    },
    followed: async (connection, room, after) => {
      const cursors = () => followersOf(connection, room).map(cursorOf)
      await waitFor(`a subscription of ${room}`, () => cursors().length > 0, subscribeMs)
      if (after === undefined) return
      const isThere = () => cursors().includes(after)
      await waitFor('', isThere, 1_000).catch(() => expectTrue(`the subscription to resume after event ${after}`, isThere(), cursors()))
    },
    stop: async () => {
      for (const { socket } of connections) socket.terminate()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
    start,
  }
  await start()
  return server

  async function start() {
    http = createServer((_, response) => {
      // A client whose socket does not open may ask why.
      response.writeHead(426, { 'content-type': 'application/json' })
      response.end('{"error":{"code":"METHOD_NOT_ALLOWED","message":"This address needs a WebSocket."}}')
    })
    http.on('upgrade', (request, wire, head) => {
      attempts.push(performance.now())
      wire.on('error', () => wire.destroy())
      const status = server.script.refuse?.(attempts.length)
      if (status) return wire.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      wss.handleUpgrade(request, wire, head, (socket) => serve(socket, request))
    })
    await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
    port = (http.address() as AddressInfo).port
    server.url = `ws://127.0.0.1:${port}/trpc`
  }

  function serve(socket: WebSocket, { url = '', headers }: IncomingMessage) {
    const connection: ScriptedConnection = {
      ...{ socket, url, openedAt: performance.now(), token: null, calls: [], pings: 0, pongs: 0, closedWith: null },
      following: new Map(),
      send: (frame) => socket.send(frame),
      cut: () => socket.terminate(),
    }
    connections.push(connection)
    const number = connections.length
    const refused = server.script.accept?.(number) ?? null
    const signIn = (token: string) => {
      connection.token = token
      if (refused) {
        socket.send(JSON.stringify({ id: null, error: errorOf(refused.failure) }))
        socket.close(refused.code)
      }
    }
    const fromHeader = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? /X-Token=([^;]+)/.exec(headers.cookie ?? '')?.[1]
    if (!url.includes('connectionParams=1')) signIn(fromHeader ?? '')
    socket.on('error', () => {})
    socket.on('close', (code) => {
      connection.closedWith = code
      connection.following.clear()
    })
    const pong = (answer: () => void) => {
      connection.pings++
      const waitMs = server.script.pongMs?.() ?? (server.script.pongMs ? null : 0)
      if (waitMs !== null) setTimeout(answer, waitMs)
    }
    socket.on('ping', (data) => pong(() => socket.pong(data)))
    socket.on('message', (data) => {
      const text = String(data)
      if (text === 'PING') return pong(() => socket.send('PONG'))
      if (text === 'PONG') return void connection.pongs++
      const frames = [JSON.parse(text)].flat()
      for (const frame of frames) {
        if (frame.method === 'connectionParams') signIn(String(frame.data?.token ?? ''))
        else if (!refused) receive(connection, frame)
      }
    })
  }

  function receive(connection: ScriptedConnection, call: ScriptedCall) {
    connection.calls.push(call)
    const answer = (data: unknown) => connection.send(JSON.stringify({ id: call.id, result: { type: 'data', data } }))
    const fail = (failure: FailureName, retryAfterMs?: number) =>
      connection.send(JSON.stringify({ id: call.id, error: errorOf(failure, call.params.path, retryAfterMs) }))
    if (call.method === 'subscription.stop') {
      connection.following.delete(call.id)
      return connection.send(JSON.stringify({ id: call.id, result: { type: 'stopped' } }))
    }
    const { path, input = {} } = call.params
    const room = String(input.room)
    switch (path) {
      case 'session.me':
        return answer(meOf(connections.indexOf(connection)))
      case 'chat.history':
        return answer({ messages: messagesOf(room).slice(-50), hasBefore: messagesOf(room).length > 50, hasAfter: false })
      case 'chat.onMessage':
        return follow(connection, call, room, fail)
      case 'chat.send':
        return store(connection, call, room, answer, fail)
      default:
        return fail('NO_SUCH_PROCEDURE')
    }
  }

  function follow(connection: ScriptedConnection, call: ScriptedCall, room: string, fail: (failure: FailureName) => void) {
    const failure = server.script.onFollow?.(room)
    if (failure) return fail(failure)
    connection.following.set(call.id, call)
    connection.send(JSON.stringify({ id: call.id, result: { type: 'started' } }))
    const after = cursorOf(call)
    if (after === null) return
    for (const message of messagesOf(room)) if (message.version > Number(after)) connection.send(eventFrame(call, message))
  }

  function store(
    connection: ScriptedConnection,
    call: ScriptedCall,
    room: string,
    answer: (data: unknown) => void,
    fail: (failure: FailureName, retryAfterMs?: number) => void,
  ) {
    const { text, clientId } = call.params.input as { text: string; clientId?: string }
    const time = (sendCounts.get(`${room} ${clientId}`) ?? 0) + 1
    sendCounts.set(`${room} ${clientId}`, time)
    const outcome = server.script.onSend?.(call, connection, time) ?? 'store'
    if (typeof outcome === 'object') return fail(outcome.failure, outcome.retryAfterMs)
    const stored = messagesOf(room).find((message) => clientId !== undefined && message.clientId === clientId)
    const message = stored ?? add(room, text, clientId ?? null)
    if (outcome === 'store') answer(message)
  }

  function add(room: string, text: string, clientId: string | null, deliver: Deliver = ({ send }, frame) => send(frame)): Message {
    const message = makeMessage(room, messagesOf(room).length + 1, text, clientId)
    messagesOf(room).push(message)
    for (const connection of connections) {
      for (const call of followersOf(connection, room)) deliver(connection, eventFrame(call, message))
    }
    return message
  }
}

const followersOf = ({ following }: ScriptedConnection, room: string): ScriptedCall[] =>
  [...following.values()].filter(({ params }) => params.input?.room === room)

/** The id from which a subscription wants to go on. */
const cursorOf = ({ params }: ScriptedCall): string | null =>
  params.lastEventId ?? (params.input?.lastEventId as string | undefined) ?? null

function eventFrame(call: ScriptedCall, message: Message): string {
  const id = String(message.version)
  return JSON.stringify({ id: call.id, result: { type: 'data', data: { id, data: message }, id } })
}
