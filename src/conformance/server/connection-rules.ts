import { WebSocket } from 'ws'
import { procedureContracts } from '../../contract/procedures'
import { expectThat, expectTrue, pauseFor, type Rule, waitFor } from '../rules'
import type { ServerStage } from './stage'

/** The status with which an upgrade is refused; 101 when it is not. */
const upgradeStatus = (url: string, headers: Record<string, string>) =>
  new Promise<number>((resolve) => {
    const socket = new WebSocket(url, { headers })
    socket.once('unexpected-response', (request, { statusCode = 0 }) => {
      request.destroy()
      resolve(statusCode)
    })
    socket.once('open', () => {
      socket.terminate()
      resolve(101)
    })
    socket.on('error', () => {})
  })

const meCall = (id: number) => ({ id, method: 'query', params: { path: 'session.me' } })

const isRefused = (frames: readonly string[], failure: string) => {
  const first = JSON.parse(frames[0] ?? 'null')
  return first?.id === null && first.error?.data?.failure === failure
}

export const serverConnectionRules: Rule<ServerStage>[] = [
  {
    name: 'handshake: a cookie, a bearer token and connection parameters each sign in',
    check: async ({ ada, open }) => {
      for (const options of [{ cookie: ada.cookie }, { bearer: ada.token }, { params: { token: ada.token } }]) {
        const connection = await open(null, options)
        const me = await connection.must('query', 'session.me')
        expectThat(`the user by ${Object.keys(options)[0]}`, me?.user?.username, ada.username)
        const shape = procedureContracts['session.me'].output.safeParse(me)
        expectTrue('an answer of the contract', shape.success, shape.error?.issues)
      }
    },
  },
  {
    name: 'handshake: a foreign Origin is refused with 403 and another path with 404, before a socket opens',
    check: async ({ ada, realtimeUrl }) => {
      const { cookie } = ada
      expectThat('a foreign origin', await upgradeStatus(realtimeUrl, { cookie, origin: 'https://elsewhere.example' }), 403)
      expectThat('another path', await upgradeStatus(realtimeUrl.replace(/\/trpc$/, '/other'), { cookie }), 404)
      expectThat('no origin', await upgradeStatus(realtimeUrl, { cookie }), 101)
    },
  },
  ...[
    { what: 'a token that is not valid', options: { params: { token: 'not-a-token' } } },
    { what: 'no token', options: {} },
  ].map(
    ({ what, options }): Rule<ServerStage> => ({
      name: `handshake: ${what} gets an UNAUTHORIZED error with the id null, no other answer, and 4401`,
      check: async ({ open }) => {
        const connection = await open(null, options)
        connection.send(meCall(1))
        expectThat('the close code', await connection.untilClosed(2_000), 4401)
        expectTrue('an error with the id null first', isRefused(connection.frames, 'UNAUTHORIZED'), connection.frames)
        expectThat('the number of frames', connection.frames.length, 1)
      },
    }),
  ),
  {
    name: 'handshake: the cookie of somebody else than `user` gets 4403 before any call is made',
    check: async ({ ada, bob, room, open }) => {
      const connection = await open(ada, { params: { user: bob.id } })
      connection.send({ id: 1, method: 'mutation', params: { path: 'chat.send', input: { room, text: 'As whom?' } } })
      expectThat('the close code', await connection.untilClosed(), 4403)
      expectTrue('an error with the id null first', isRefused(connection.frames, 'ANOTHER_USER'), connection.frames)
      const { messages } = await (await open(ada)).must('query', 'chat.history', { room })
      expectTrue(
        'no message',
        messages.every(({ text }: { text: string }) => text !== 'As whom?'),
      )
    },
  },
  {
    name: 'handshake: a client that announces connection parameters and sends none is closed with 4408',
    check: async ({ open }) => expectThat('the close code', await (await open(null, { params: null })).untilClosed(15_000), 4408),
  },
  {
    name: 'closing: a close that the client began is answered with its own code',
    check: async ({ ada, open }) => {
      for (const [code, answer] of [
        [undefined, 1005],
        [1000, 1000],
        [4000, 4000],
      ] as const) {
        const connection = await open(ada)
        await connection.must('query', 'session.me')
        connection.socket.close(code)
        expectThat(`the answer to ${code}`, await connection.untilClosed(), answer)
      }
    },
  },
  {
    name: 'frames: PING is answered with PONG, and a ping of the WebSocket with a pong',
    check: async ({ ada, open }) => {
      const { frames, send, socket } = await open(ada)
      let pongs = 0
      socket.on('pong', () => pongs++)
      send('PING')
      socket.ping()
      await waitFor('both answers', () => frames.includes('PONG') && pongs === 1, 3_000)
    },
  },
  {
    name: 'frames: ids may be numbers or texts, and each call of an array gets a frame of its own',
    check: async ({ ada, open }) => {
      const { frames, send } = await open(ada)
      send([meCall(7), { ...meCall(8), id: 'eight' }])
      await waitFor('two answers', () => frames.length === 2, 5_000)
      const ids = frames.map((frame) => JSON.parse(frame).id)
      expectThat('the ids', [ids.includes(7), ids.includes('eight')], [true, true])
    },
  },
  {
    name: 'frames: of 1,001 calls in one frame each is refused, and the connection goes on',
    check: async ({ ada, open }) => {
      const { frames, send, must } = await open(ada)
      send(Array.from({ length: 1_001 }, (_, index) => meCall(index)))
      await waitFor('an answer to each', () => frames.length >= 1_001, 20_000)
      expectTrue(
        'errors only',
        frames.every((frame) => JSON.parse(frame).error?.data?.code === 'BAD_REQUEST'),
      )
      await must('query', 'session.me')
    },
  },
  {
    name: 'frames: one that is larger than 1 MiB is answered by its id, and closes the connection with 1009',
    check: async ({ ada, open }) => {
      const connection = await open(ada)
      await connection.must('query', 'session.me')
      connection.send({ ...meCall(9), params: { path: 'session.me', input: 'x'.repeat(1_200_000) } })
      expectThat('the close code', await connection.untilClosed(), 1009)
      const answer = JSON.parse(connection.frames.at(-1) ?? 'null')
      expectThat('the answer', [answer?.id, answer?.error?.data?.code], [9, 'PAYLOAD_TOO_LARGE'])
    },
  },
  {
    name: 'frames: what is not JSON gets an error with the id null, and the connection goes on',
    check: async ({ ada, open }) => {
      const { frames, send, must } = await open(ada)
      await must('query', 'session.me')
      send('this is not JSON')
      await waitFor('an answer', () => frames.length === 2, 5_000)
      expectThat('its id', JSON.parse(frames[1] ?? '{}').id, null)
      await must('query', 'session.me')
    },
  },
  {
    name: 'calls: unknown procedures are NOT_FOUND; unknown keys are BAD_REQUEST and named',
    check: async ({ ada, room, open }) => {
      const { ask } = await open(ada)
      expectThat('an unknown procedure', (await ask('query', 'chat.nothing')).error?.data?.code, 'NOT_FOUND')
      const { data } = (await ask('mutation', 'chat.send', { room, text: 'Hello', colour: 'red' })).error ?? {}
      expectThat('an unknown key', [data?.code, data?.failure, Object.keys(data?.fields ?? {})], ['BAD_REQUEST', 'BAD_REQUEST', ['colour']])
    },
  },
  {
    name: 'sessions: revoking one closes its sockets with 4401, and nobody else',
    check: async ({ ada, signInAgain, open }) => {
      const again = await signInAgain(ada)
      const [connection, other] = [await open(again), await open(ada)]
      const { sessionId } = await connection.must('query', 'session.me')
      const sessions = await other.must('query', 'session.list')
      expectTrue(
        'the session in the list',
        sessions.some(({ id, current }: { id: string; current: boolean }) => id === sessionId && !current),
      )
      await other.must('mutation', 'session.revoke', { sessionId })
      expectThat('the close code', await connection.untilClosed(), 4401)
      await pauseFor(200)
      expectThat('the other connection', other.closedWith(), null)
    },
  },
]
