import type { ServerName } from '../server-names'

/** What to send on a new socket and which texts to expect, in order, until it is ready. */
export type Dialogue = readonly ({ send: string } | { expect: string })[]

/** The protocol of one kind of server. */
export interface Dialect {
  followPath: string
  sendPath: string
  greetPath: string
  follow(room: string): Dialogue
  /** Before the first send. */
  prepare: Dialogue
  /** The smallest exchange that shows that the server has authenticated the client and answers. */
  greet: Dialogue
  send(id: number, room: string, text: string): string
  /** How the answer to a successful send begins; null when sends are not answered. */
  answer: RegExp | null
  /** The server's heartbeat and the client's answer, for protocols that use text frames for it. */
  heartbeat?: { ping: string; pong: string }
}

const trpc: Dialect = {
  followPath: '/trpc',
  sendPath: '/trpc',
  greetPath: '/trpc',
  follow: (room) => [{ send: subscribe(room) }, { expect: '"started"' }],
  prepare: [],
  greet: [{ send: '{"id":1,"method":"query","params":{"path":"session.me"}}' }, { expect: '"result"' }],
  send: (id, room, text) =>
    `{"id":${id},"method":"mutation","params":{"path":"chat.send","input":{"room":"${room}","text":"${text}","clientId":"${clientId()}"}}}`,
  answer: /^\{"id":\d+,"result"/,
}

const plain: Dialect = {
  followPath: '/follow',
  sendPath: '/send',
  greetPath: '/echo',
  follow: () => [],
  prepare: [],
  greet: [{ send: 'hello' }, { expect: 'hello' }],
  send: (_id, _room, text) => text,
  answer: null,
}

const enginePath = '/socket.io/?EIO=4&transport=websocket'
const openedBySocketIo: Dialogue = [{ expect: '0{' }, { send: '40' }, { expect: '40{' }]

const socketIo: Dialect = {
  followPath: enginePath,
  sendPath: enginePath,
  greetPath: enginePath,
  follow: (room) => [...openedBySocketIo, { send: `420["follow","${room}"]` }, { expect: '430' }],
  prepare: openedBySocketIo,
  greet: openedBySocketIo,
  send: (id, room, text) => `42${id}["send","${room}","${text}"]`,
  answer: /^43\d+\[/,
  heartbeat: { ping: '2', pong: '3' },
}

const dialects: Record<ServerName, Dialect> = { roomline: trpc, trpc, ws: plain, socketio: socketIo }

export const dialectOf = (server: ServerName): Dialect => dialects[server]

export function subscribe(room: string, after?: number): string {
  const lastEventId = after === undefined ? '' : `,"lastEventId":"${after}"`
  return `{"id":1,"method":"subscription","params":{"path":"chat.onMessage","input":{"room":"${room}"${lastEventId}}}}`
}

let sent = 0
const run = Math.random().toString(36).slice(2, 14).padEnd(12, '0')

/** Ids of the same length as the SDK's. */
const clientId = () => `${run}-${String(++sent).padStart(23, '0')}`
