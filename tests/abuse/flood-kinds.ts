/** What floods are made of. Each dose is bytes that a socket can send again and again. */

const textOpcode = 1
const final = 0x80

/** A client's WebSocket frame. The mask is zero, so that a frame can be built once. */
export function frame(payload: Buffer | string, { opcode = textOpcode, isFinal = true } = {}): Buffer {
  const body = Buffer.from(payload)
  const first = (isFinal ? final : 0) | opcode
  const mask = Buffer.alloc(4)
  if (body.length < 126) return Buffer.concat([Buffer.from([first, 0x80 | body.length]), mask, body])
  const head = body.length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10)
  head[0] = first
  if (body.length < 65_536) {
    head[1] = 0x80 | 126
    head.writeUInt16BE(body.length, 2)
  } else {
    head[1] = 0x80 | 127
    head.writeBigUInt64BE(BigInt(body.length), 2)
  }
  return Buffer.concat([head, mask, body])
}

const times = (count: number, make: (index: number) => Buffer | string) =>
  Buffer.concat(Array.from({ length: count }, (_, index) => Buffer.from(make(index))))

const call = (id: number, path: string, input?: unknown, method = 'query') => JSON.stringify({ id, method, params: { path, input } })

const calls = (count: number, path: string, input?: unknown, method?: string) =>
  times(count, (index) => frame(call(index + 1, path, input, method)))

const subscribe = (id: number) => frame(call(id, 'chat.onMessage', { room: 'general' }, 'subscription'))

/** Opens a subscription and stops it. */
const again = (path: string, input?: unknown) =>
  times(50, (index) => frame(index % 2 === 0 ? call(7, path, input, 'subscription') : '{"id":7,"method":"subscription.stop"}'))

const inOneFrame = (count: number, path: string, input?: unknown) =>
  frame(`[${Array.from({ length: count }, (_, index) => call(index + 1, path, input)).join(',')}]`)

const nested = (bytes: number) => '['.repeat(bytes / 2) + ']'.repeat(bytes / 2)

const withInput = (json: string) => frame(`{"id":1,"method":"query","params":{"path":"chat.history","input":${json}}}`)

/** Floods over sockets that are signed in. */
export const signedInDoses = {
  'unknown procedures': () => calls(200, 'no.such'),
  'unknown procedures, 1,000 in a frame': () => inOneFrame(1_000, 'no.such'),
  'session.me': () => calls(200, 'session.me'),
  'session.me, 1,000 in a frame': () => inOneFrame(1_000, 'session.me'),
  'bad input': () => calls(200, 'chat.history', { room: 1, extra: true }),
  'history of 100 messages': () => calls(50, 'chat.history', { room: 'general', limit: 100 }),
  search: () => calls(100, 'chat.search', { query: 'something' }),
  'rooms.list': () => calls(100, 'rooms.list'),
  typing: () => calls(200, 'chat.typing', { room: 'general' }, 'mutation'),
  'read marks': () => calls(200, 'chat.markRead', { room: 'general', seq: 1 }, 'mutation'),
  'presence again and again': () => again('presence.onChange', { room: 'general' }),
  'the room list again and again': () => again('rooms.onChange'),
  'acts refused by role': () => calls(100, 'rooms.update', { room: 'general', name: 'mine' }, 'mutation'),
  'unknown subscription.stop': () => times(200, (index) => frame(`{"id":${index + 1},"method":"subscription.stop"}`)),
  'one subscription again and again': () => again('chat.onMessage', { room: 'general' }),
  'subscriptions with the same id': () => times(100, () => subscribe(7)),
  'malformed envelopes': () =>
    times(200, (index) => frame(['{"id":1}', 'null', '1', '"x"', '{', '{"id":1,"method":"x"}'][index % 6] ?? '')),
  'empty arrays': () => times(500, () => frame('[]')),
  'empty frames': () => times(1_000, () => frame('')),
  'binary frames': () => times(200, () => frame('junk', { opcode: 2 })),
  '60 kB of deep JSON': () => withInput(nested(60_000)),
  '1 MiB of deep JSON': () => withInput(nested(1_000_000)),
  '1 MiB of empty arrays': () => withInput(`[${'[],'.repeat(340_000)}0]`),
  '900 kB of unknown keys': () => withInput(`{${Array.from({ length: 60_000 }, (_, index) => `"key ${index}":1`).join(',')}}`),
  'more calls than a frame may have': () => frame(`[${'{"id":1},'.repeat(4_900)}{"id":1}]`),
  'text PING': () => times(500, () => frame('PING')),
  'text PONG': () => times(500, () => frame('PONG')),
  'ping frames': () => times(500, () => frame('', { opcode: 9 })),
  'pong frames': () => times(500, () => frame('', { opcode: 10 })),
  'one-byte fragments': () => fragments(2_000),
  'empty fragments': () => times(2_000, (index) => frame('', { opcode: index === 0 ? textOpcode : 0, isFinal: false })),
} satisfies Record<string, () => Buffer>

/** Floods over sockets that never sign in. */
export const unsignedDoses = {
  'text PING': signedInDoses['text PING'],
  'pong frames': signedInDoses['pong frames'],
  'one-byte fragments': signedInDoses['one-byte fragments'],
  'empty fragments': signedInDoses['empty fragments'],
  'forged tokens': () => frame('{"method":"connectionParams","data":{"token":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.forged"}}'),
  'malformed sign-ins': () => frame('[[[[[[[['),
  'half a message': () => frame('x'.repeat(60_000)).subarray(0, 50_000),
  'nothing at all': () => Buffer.alloc(0),
} satisfies Record<string, () => Buffer>

function fragments(count: number): Buffer {
  return times(count, (index) => frame('x', { opcode: index === 0 ? textOpcode : 0, isFinal: false }))
}
