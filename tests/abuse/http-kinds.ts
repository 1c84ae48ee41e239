/** What floods over plain HTTP are made of. */
export interface Kind {
  /** One request, or many in one piece. */
  dose: string
  /** How many requests that is; they are sent again when as many have been answered. */
  requests?: number
  /** Sent again and again without waiting for an answer. */
  drip?: string
  /** Sent as fast as they are taken, without waiting for answers. */
  isBlind?: boolean
  /** The answers are never read. */
  isDeaf?: boolean
  /** Closed as soon as the request is sent. */
  isHasty?: boolean
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`
const post = (path: string, headers: string, body = '') => `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n${body}`
const json = 'Content-Type: application/json\r\n'

const batch = (path: string, input?: object) => {
  const inputs = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [index, input]))
  const paths = Array.from({ length: 100 }, () => path).join()
  return `/trpc/${paths}?batch=1&input=${encodeURIComponent(JSON.stringify(inputs))}`
}

const historyBatch = () => batch('chat.history', { room: 'general', limit: 100 })

/** By name; each gets the header with the cookie, or nothing. */
export const httpKinds: Record<string, (cookie: string) => Kind> = {
  'history, 100 in a batch': (cookie) => ({ dose: get(historyBatch(), cookie) }),
  'history that nobody reads': (cookie) => ({ dose: get(historyBatch(), cookie), isDeaf: true }),
  'session.me, closed at once': (cookie) => ({ dose: get('/trpc/session.me', cookie), isHasty: true }),
  'tiny requests, pipelined': () => ({ dose: 'GET / HTTP/1.1\r\nHost:\r\n\r\n'.repeat(2_500), requests: 2_500, isBlind: true }),
  'search, 100 in a batch': (cookie) => ({ dose: get(batch('chat.search', { query: 'something' }), cookie) }),
  'rooms.list, 100 in a batch': (cookie) => ({ dose: get(batch('rooms.list'), cookie) }),
  'session.me': (cookie) => ({ dose: get('/trpc/session.me', cookie) }),
  'session.me, 100 in a batch': (cookie) => ({ dose: get(`/trpc/${'session.me,'.repeat(99)}session.me?batch=1`, cookie) }),
  'session.me, pipelined': (cookie) => ({ dose: get('/trpc/session.me', cookie).repeat(100), requests: 100, isBlind: true }),
  'unknown procedures': (cookie) => ({ dose: get('/trpc/no.such', cookie) }),
  'unknown procedures, 100 in a batch': (cookie) => ({ dose: get(`/trpc/${'no.such,'.repeat(99)}no.such?batch=1`, cookie) }),
  'bad input': (cookie) => ({ dose: get('/trpc/chat.history?input=%7B%22room%22%3A1%7D', cookie) }),
  'deep JSON': (cookie) => ({
    dose: post('/trpc/chat.send', `${cookie}${json}Content-Length: 60000\r\n`, '['.repeat(30_000) + ']'.repeat(30_000)),
  }),
  'bodies that are too big': (cookie) => ({
    dose: post('/trpc/chat.send', `${cookie}${json}Content-Length: 90000\r\n`, 'x'.repeat(90_000)),
  }),
  'forged tokens': () => ({ dose: get('/trpc/session.me', 'Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.forged\r\n') }),
  'a subscription': (cookie) => ({ dose: get('/trpc/chat.onMessage?input=%7B%22room%22%3A%22general%22%7D', cookie) }),
  health: () => ({ dose: get('/health') }),
  ready: () => ({ dose: get('/ready') }),
  'unknown paths': () => ({ dose: get('/nowhere') }),
  TRACE: () => ({ dose: 'TRACE /trpc/session.me HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n' }),
  'no HTTP': () => ({ dose: 'x\r\n\r\n' }),
  'headers of 15 kB': (cookie) => ({ dose: get('/trpc/session.me', `${cookie}X-Big: ${'x'.repeat(15_000)}\r\n`) }),
  'headers that never end': () => ({ dose: 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n', drip: 'X-Slow: 1\r\n' }),
  'bodies that never end': (cookie) => ({ dose: post('/trpc/chat.send', `${cookie}${json}Content-Length: 60000\r\n`), drip: 'x' }),
  'chunks of one byte': (cookie) => ({
    dose: post('/trpc/chat.send', `${cookie}${json}Transfer-Encoding: chunked\r\n`),
    drip: '1\r\nx\r\n'.repeat(5_000),
  }),
  'expecting to continue': (cookie) => ({
    dose: post('/trpc/chat.send', `${cookie}${json}Expect: 100-continue\r\nContent-Length: 60000\r\n`),
  }),
  'upgrades to something else': () => ({ dose: get('/trpc', 'Connection: Upgrade\r\nUpgrade: h2c\r\n') }),
  'connections that send nothing': () => ({ dose: '' }),
}
