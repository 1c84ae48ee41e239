import type { ServerName } from '../server-names'

/** What is said and heard on a socket, one after the other, until it is of use. */
export type Dialogue = readonly ({ say: string } | { hear: string })[]

/** How one kind of server is spoken to. */
export interface Dialect {
  followPath: string
  sendPath: string
  greetPath: string
  follow(room: string): Dialogue
  /** Before the first send. */
  prepare: Dialogue
  /** The least that shows that the server knows who asks and answers. */
  greet: Dialogue
  send(id: number, room: string, text: string): string
  /** How the answer to a send begins when it went well; null when sends are not answered. */
  answer: RegExp | null
  /** A text that asks whether the client is there, and what is answered. */
  heartbeat?: { ask: string; answer: string }
}

const trpc: Dialect = {
  followPath: '/trpc',
  sendPath: '/trpc',
  greetPath: '/trpc',
  follow: (room) => [{ say: subscribe(room) }, { hear: '"started"' }],
  prepare: [],
  greet: [{ say: '{"id":1,"method":"query","params":{"path":"session.me"}}' }, { hear: '"result"' }],
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
  greet: [{ say: 'hello' }, { hear: 'hello' }],
  send: (_id, _room, text) => text,
  answer: null,
}

const enginePath = '/socket.io/?EIO=4&transport=websocket'
const openedBySocketIo: Dialogue = [{ hear: '0{' }, { say: '40' }, { hear: '40{' }]

const socketIo: Dialect = {
  followPath: enginePath,
  sendPath: enginePath,
  greetPath: enginePath,
  follow: (room) => [...openedBySocketIo, { say: `420["follow","${room}"]` }, { hear: '430' }],
  prepare: openedBySocketIo,
  greet: openedBySocketIo,
  send: (id, room, text) => `42${id}["send","${room}","${text}"]`,
  answer: /^43\d+\[/,
  heartbeat: { ask: '2', answer: '3' },
}

const dialects: Record<ServerName, Dialect> = { roomline: trpc, trpc, ws: plain, socketio: socketIo }

export const dialectOf = (server: ServerName): Dialect => dialects[server]

export function subscribe(room: string, after?: number): string {
  const lastEventId = after === undefined ? '' : `,"lastEventId":"${after}"`
  return `{"id":1,"method":"subscription","params":{"path":"chat.onMessage","input":{"room":"${room}"${lastEventId}}}}`
}

let sent = 0
const run = Math.random().toString(36).slice(2, 14).padEnd(12, '0')

/** As long as the ids that the SDK makes. */
const clientId = () => `${run}-${String(++sent).padStart(23, '0')}`
