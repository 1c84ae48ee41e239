import { randomBytes } from 'node:crypto'

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

interface FrameOptions {
  fin?: boolean
  /** The three reserved bits. */
  reserved?: number
  masked?: boolean
  /** What the header says, when it is not the length of the payload. */
  length?: bigint
  /** Writes the length in more bytes than it needs. */
  wide?: boolean
}

/** One WebSocket frame as a client writes it, valid or not. */
export function rawFrame(opcode: number, payload: Buffer | string = '', options: FrameOptions = {}): Buffer {
  const { fin = true, reserved = 0, masked = true, wide = false } = options
  const body = Buffer.from(payload)
  const length = options.length ?? BigInt(body.length)
  const head = [(fin ? 0x80 : 0) | (reserved << 4) | opcode]
  const mask = masked ? 0x80 : 0
  if (length < 126n && !wide) head.push(mask | Number(length))
  else if (length < 65_536n && !wide) head.push(mask | 126, Number(length >> 8n), Number(length & 255n))
  else head.push(mask | 127, ...Array.from({ length: 8 }, (_, at) => Number((length >> BigInt(8 * (7 - at))) & 255n)))
  if (!masked) return Buffer.concat([Buffer.from(head), body])
  const key = randomBytes(4)
  return Buffer.concat([Buffer.from(head), key, body.map((byte, at) => byte ^ (key[at % 4] ?? 0))])
}

const { continuation, text, binary, close, ping, pong } = opcodes
const me = '{"id":1,"method":"query","params":{"path":"session.me"}}'
const closing = (code: number, reason: Buffer | string = '') => {
  const body = Buffer.alloc(2)
  body.writeUInt16BE(code)
  return rawFrame(close, Buffer.concat([body, Buffer.from(reason)]))
}

/** What is wrong in the protocol of WebSockets, or right and rare. */
export const protocolFrames: Record<string, Buffer[]> = {
  'each reserved bit': [1, 2, 4, 7].map((reserved) => rawFrame(text, me, { reserved })),
  'reserved opcodes': [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => rawFrame(opcode, me)),
  'a frame without a mask': [rawFrame(text, me, { masked: false })],
  'no payload': [rawFrame(text), rawFrame(binary), rawFrame(ping), rawFrame(pong)],
  'a binary frame with a call': [rawFrame(binary, me)],
  'a binary frame with noise': [rawFrame(binary, randomBytes(2_000))],
  'text that is not UTF-8': [rawFrame(text, Buffer.from([0xff, 0xfe, 0x80])), rawFrame(text, Buffer.from([0xc0, 0xaf]))],
  'half a character in UTF-8': [rawFrame(text, Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))],
  'a character over two fragments': [
    rawFrame(text, Buffer.concat([Buffer.from('"'), Buffer.from([0xe2, 0x82])]), { fin: false }),
    rawFrame(continuation, Buffer.concat([Buffer.from([0xac]), Buffer.from('"')])),
  ],
  'a call in one-byte fragments': [...me].map((byte, at) => rawFrame(at === 0 ? text : continuation, byte, { fin: at === me.length - 1 })),
  'a ping between fragments': [rawFrame(text, me.slice(0, 9), { fin: false }), rawFrame(ping, 'x'), rawFrame(continuation, me.slice(9))],
  'a continuation of nothing': [rawFrame(continuation, me)],
  'a new message inside another': [rawFrame(text, '{', { fin: false }), rawFrame(text, me)],
  'a message that never ends': Array.from({ length: 50 }, (_, at) => rawFrame(at === 0 ? text : continuation, 'x', { fin: false })),
  'empty fragments': Array.from({ length: 50 }, (_, at) => rawFrame(at === 0 ? text : continuation, '', { fin: false })),
  'a long ping': [rawFrame(ping, 'x'.repeat(126))],
  'a ping in fragments': [rawFrame(ping, 'x', { fin: false })],
  'pongs that nobody asked for': Array.from({ length: 20 }, () => rawFrame(pong, 'x')),
  'a length with its highest bit set': [rawFrame(text, me, { length: 2n ** 63n })],
  'a length of 2^53': [rawFrame(text, me, { length: 2n ** 53n })],
  'a length of 4 GiB': [rawFrame(binary, me, { length: 2n ** 32n })],
  'a length that is too short': [rawFrame(text, me, { length: 5n })],
  'a length in more bytes than it needs': [rawFrame(text, me, { wide: true })],
  'a close of one byte': [rawFrame(close, 'x')],
  'codes that nobody may send': [0, 999, 1004, 1005, 1006, 1015, 2999, 65_535].map((code) => closing(code)),
  'a reason that is not UTF-8': [closing(1000, Buffer.from([0xff]))],
  'a reason that is too long': [closing(1000, 'x'.repeat(124))],
  'a call after the close': [closing(1000), rawFrame(text, me)],
  'two closes': [closing(1000), closing(1001)],
  'a server’s code': [closing(4401)],
  noise: [randomBytes(4_000)],
  HTTP: [Buffer.from('GET /trpc HTTP/1.1\r\nHost: x\r\n\r\n')],
  TLS: [Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03])],
}

const deep = (open: string, shut: string, depth: number) => `${open.repeat(depth)}1${shut.repeat(depth)}`
const call = (fields: object) => JSON.stringify({ id: 1, method: 'query', params: { path: 'session.me' }, ...fields })

/** What may stand in a text frame instead of a call. */
export const texts: Record<string, string> = {
  'no JSON': '{',
  'an empty text': '',
  'a word': 'hello',
  null: 'null',
  true: 'true',
  'a number': '17',
  'a number beyond doubles': '1e999',
  'minus zero': '-0',
  text: '"text"',
  'an object without anything': '{}',
  'an empty list': '[]',
  'lists in lists': '[[],[[]]]',
  'a list of null': '[null,null]',
  'a list of everything': '[1,"x",null,true,{},[]]',
  'a byte order mark': `\ufeff${me}`,
  'a comment': `/* hello */${me}`,
  'a comma too many': '{"id":1,}',
  'two calls without a list': me + me,
  'half a character': '{"id":1,"method":"query","params":{"path":"\\ud800"}}',
  'NUL in a path': '{"id":1,"method":"query","params":{"path":"session\\u0000.me"}}',
  'one key twice': '{"id":1,"id":2,"method":"query","method":"mutation","params":{"path":"session.me"}}',
  'the key __proto__': '{"__proto__":{"caller":{"role":"admin"}},"id":1,"method":"query","params":{"path":"session.me"}}',
  'the key constructor': '{"constructor":{"prototype":{"x":1}},"id":1,"method":"query","params":{"path":"session.me"}}',
  'lists 900 deep': deep('[', ']', 900),
  'lists 30,000 deep': deep('[', ']', 30_000),
  'objects 8,000 deep': deep('{"a":', '}', 8_000),
  'an input 9,000 lists deep': `{"id":1,"method":"query","params":{"path":"users.search","input":${deep('[', ']', 9_000)}}}`,
  'an id that is null': call({ id: null }),
  'an id that is negative': call({ id: -1 }),
  'an id that is a fraction': call({ id: 1.5 }),
  'an id that is huge': '{"id":1e400,"method":"query","params":{"path":"session.me"}}',
  'an id that is long': call({ id: 'x'.repeat(30_000) }),
  'an id that is __proto__': call({ id: '__proto__' }),
  'an id that is a list': call({ id: [1] }),
  'an id that is an object': call({ id: { toString: 1 } }),
  'an id that is true': call({ id: true }),
  'no method': '{"id":1,"params":{"path":"session.me"}}',
  'an unknown method': call({ method: 'delete' }),
  'a method that is a number': call({ method: 7 }),
  'a method of objects': call({ method: 'toString' }),
  'the wrong method': call({ method: 'mutation' }),
  'the wrong protocol': call({ jsonrpc: '1.0' }),
  'a protocol that is an object': call({ jsonrpc: {} }),
  'no params': '{"id":1,"method":"query"}',
  'params that are null': call({ params: null }),
  'params that are a list': call({ params: ['session.me'] }),
  'no path': call({ params: {} }),
  'an empty path': call({ params: { path: '' } }),
  'a path that is a number': call({ params: { path: 1 } }),
  'a path that is a list': call({ params: { path: ['session', 'me'] } }),
  'half a path': call({ params: { path: 'session' } }),
  'a path with more behind it': call({ params: { path: 'session.me.toString' } }),
  'the path __proto__': call({ params: { path: '__proto__' } }),
  'the path constructor.prototype': call({ params: { path: 'constructor.prototype' } }),
  'the path then': call({ params: { path: 'then' } }),
  'a path of dots': call({ params: { path: '.'.repeat(20_000) } }),
  'a long path': call({ params: { path: 'x'.repeat(50_000) } }),
  'a lastEventId that is an object': call({
    method: 'subscription',
    params: { path: 'chat.onMessage', input: { room: 'general' }, lastEventId: {} },
  }),
  'a lastEventId of its own kind': call({
    method: 'subscription',
    params: { path: 'chat.onMessage', input: { room: 'general' }, lastEventId: '1e9' },
  }),
  'a lastEventId below zero': call({
    method: 'subscription',
    params: { path: 'chat.onMessage', input: { room: 'general', lastEventId: '-1' } },
  }),
  'an input that is a list for a subscription': call({ method: 'subscription', params: { path: 'chat.onMessage', input: [] } }),
  'a stop of nothing': '{"id":99,"method":"subscription.stop"}',
  'a stop with an object as id': '{"id":{},"method":"subscription.stop"}',
  'a stop without an id': '{"method":"subscription.stop"}',
  'connectionParams in the middle': '{"method":"connectionParams","data":{"token":"x"}}',
  'connectionParams that are a list': '{"method":"connectionParams","data":[1]}',
  'connectionParams of numbers': '{"method":"connectionParams","data":{"token":1,"user":{}}}',
  'the notice of a server': '{"id":null,"method":"reconnect"}',
  'an answer': '{"id":1,"result":{"type":"data","data":1}}',
  'an error': '{"id":1,"error":{"code":-32600,"message":"x","data":{}}}',
  'a text PING': 'PING',
  'a text PONG': 'PONG',
  'a PING that is not one': 'PING ',
  'one id three times': `[${me},${me},${me}]`,
  'three subscriptions of one id': `[${Array(3).fill('{"id":5,"method":"subscription","params":{"path":"chat.onMessage","input":{"room":"general"}}}')}]`,
  '300 calls': `[${Array.from({ length: 300 }, (_, id) => `{"id":${id},"method":"query","params":{"path":"session.me"}}`)}]`,
  '1,001 calls': `[${Array.from({ length: 1_001 }, (_, id) => `{"id":${id},"method":"query","params":{"path":"session.me"}}`)}]`,
  '60 kB of text': `"${'x'.repeat(60_000)}"`,
  '60 kB of escapes': `"${'\\u0041'.repeat(10_000)}"`,
  '60 kB of spaces': ' '.repeat(60_000),
}
