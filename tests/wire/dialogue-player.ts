import { randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'
import { createNormalizer, type Dialogue, type Step } from './dialogues'

interface PlayedSocket {
  socket: WebSocket
  frames: string[]
  closed: Promise<number>
  code: number | null
}

/** Plays the client's side of a dialogue on real servers. @returns the same dialogue with what the servers answered */
export async function playDialogue({ steps }: Dialogue): Promise<Step[]> {
  // Several dialogues are played at once, on one Redis. With a secret of its own, a server does not hear the others.
  await using roomline = await startRoomline({ nodes: 2, env: { AUTH_SECRET: randomBytes(32).toString('base64url') } })
  const stage = await setStage(roomline, steps)
  const { toDocument, fromDocument } = createNormalizer()
  const fill = (text: string) => fromDocument(text.replace(/<(\w+)>/g, (_, name: string) => stage.tokenOf(name)))
  const sockets: PlayedSocket[] = []
  let response: Response | undefined
  const newest = () => {
    const socket = sockets.at(-1)
    if (!socket) throw new Error('the dialogue has no socket yet')
    return socket
  }

  const play = async (step: Step): Promise<Step> => {
    switch (step.kind) {
      case 'connect':
        sockets.push(await open(`${roomline.urls[stage.node] ?? ''}${step.path.replace('/trpc', '')}`, mapValues(step.headers, fill)))
        return step
      case 'send':
        newest().socket.send(fill(step.frame))
        return step
      case 'receive': {
        const { frames, closed } = newest()
        await Promise.race([until(() => frames.length > 0, 8_000).catch(() => {}), closed])
        return { ...step, frame: toDocument(frames.shift() ?? 'nothing') }
      }
      case 'meanwhile':
        await stage.act(step.words, sockets)
        return step
      case 'closed':
        return { ...step, code: await newest().closed }
      case 'request': {
        const url = (roomline.urls[0] ?? '').replace('ws:', 'http:').replace('/trpc', '') + step.path
        response = await fetch(url, {
          method: step.method,
          headers: mapValues(step.headers, fill),
          ...(step.body && { body: fill(step.body) }),
        })
        return step
      }
      case 'response':
        return { ...step, status: response?.status ?? 0, body: toDocument((await response?.text()) ?? '') }
    }
  }

  const played: Step[] = []
  for (const step of steps) played.push(await play(step))
  for (const { frames, socket } of sockets) {
    played.push(...frames.map((frame): Step => ({ kind: 'receive', frame: toDocument(frame) })))
    socket.terminate()
  }
  return played
}

async function open(url: string, headers: Record<string, string>): Promise<PlayedSocket> {
  const socket = new WebSocket(url, { headers })
  const frames: string[] = []
  const played: PlayedSocket = {
    socket,
    frames,
    code: null,
    closed: new Promise((resolve) => {
      socket.once('close', (code) => {
        played.code = code
        resolve(code)
      })
    }),
  }
  socket.on('message', (data) => frames.push(String(data)))
  socket.on('error', () => {})
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  return played
}

/** The people whom a dialogue names, and what happens beside its frames. */
async function setStage(roomline: Roomline, steps: readonly Step[]) {
  const text = JSON.stringify(steps)
  const names = [...new Set(['ada', 'bob', ...[...text.matchAll(/<(\w+)>/g)].map(([, name = '']) => name)])]
  const people = new Map<string, { token: string; cookie: string }>()
  // The first person becomes the server's admin, who may more than others.
  await roomline.signUp('the-first')
  for (const name of names.filter((each) => each !== 'nonsense')) people.set(name, await roomline.signUp(name))
  const trpcOf = (name: string) => roomline.connect({ username: name, cookie: people.get(name)?.cookie ?? '', token: '' }, { node: 1 }).trpc
  const stage = {
    /** On which node the next socket is opened. */
    node: 0,
    tokenOf: (name: string) => people.get(name)?.token ?? name,
    act: async (words: string, sockets: PlayedSocket[]): Promise<void> => {
      for (const [pattern, act] of acts) {
        const match = pattern.exec(words)
        if (match) return act(match.slice(1) as [string, string], sockets)
      }
      throw new Error(`docs/protocol.md: the test does not know how to play this: ${words}`)
    },
  }
  const newestOf = (sockets: PlayedSocket[]) => sockets.at(-1) as PlayedSocket
  const frameOf = (call: (id: number) => string, count: number) =>
    `[${Array.from({ length: count }, (_, index) => call(index + 1)).join()}]`
  const me = (id: number) => `{"id":${id},"method":"query","params":{"path":"session.me"}}`
  const acts: [RegExp, (words: [string, string], sockets: PlayedSocket[]) => Promise<void>][] = [
    [
      /^(\w+) sends "(.*)" to general$/,
      async ([name, said]) => void (await trpcOf(name).chat.send.mutate({ room: 'general', text: said })),
    ],
    [
      /^(\w+) signs out$/,
      async ([name]) => void (await roomline.web.logout(postJson('/api/logout', {}, { cookie: people.get(name)?.cookie ?? '' }))),
    ],
    [
      /^the network cuts the connection$/,
      async (_, sockets) => {
        newestOf(sockets).socket.terminate()
        await newestOf(sockets).closed
      },
    ],
    [
      /^the server begins to shut down$/,
      async () => {
        stage.node = 1
        closing = roomline.nodes[0]?.close()
      },
    ],
    [
      /^the server closes the first socket with 1012$/,
      async (_, sockets) => {
        await closing
        if ((await sockets[0]?.closed) !== 1012) throw new Error(`the first socket was closed with ${sockets[0]?.code}`)
      },
    ],
    [/^the client sends nothing for five seconds$/, async () => {}],
    [/^the client sends an array of 1,001 calls of session.me$/, async (_, sockets) => newestOf(sockets).socket.send(frameOf(me, 1_001))],
    [
      /^the other 1,000 are answered alike$/,
      async (_, sockets) => {
        const { frames } = newestOf(sockets)
        await until(() => frames.length >= 1_000)
        const others = new Set(frames.splice(0, 1_000).map((frame) => frame.replace(/^\{"id":\d+/, '{"id":0')))
        if (others.size !== 1) throw new Error(`they are not answered alike: ${[...others].join('\n')}`)
      },
    ],
    [
      /^the client sends a frame of more than 1 MiB$/,
      async (_, sockets) =>
        newestOf(sockets).socket.send(
          JSON.stringify({ id: 1, method: 'query', params: { path: 'session.me', input: 'x'.repeat(1_100_000) } }),
        ),
    ],
    [
      /^the client asks for 40 MB of history, and reads nothing for half a minute$/,
      async (_, sockets) => {
        const { socket, frames } = newestOf(sockets)
        await until(() => frames.length > 0)
        frames.length = 0
        await roomline.pool.query(
          `WITH made AS (INSERT INTO messages (room_id, seq, version, author_id, text)
             SELECT 'general', n, n, (SELECT id FROM users WHERE username = 'bob'), $1 FROM generate_series(1, 100) n)
           UPDATE rooms SET last_seq = 100, last_version = 100 WHERE id = 'general'`,
          ['x'.repeat(4_000)],
        )
        const call = (id: number) => `{"id":${id},"method":"query","params":{"path":"chat.history","input":{"room":"general","limit":100}}}`
        socket.pause()
        socket.send(frameOf(call, 100))
        const metrics = (roomline.urls[0] ?? '').replace('ws:', 'http:').replace('/trpc', '/metrics')
        await until(
          async () => /^roomline_closed_total\{by="server",code="4408"\} [1-9]/m.test(await (await fetch(metrics)).text()),
          45_000,
        )
        socket.resume()
        await newestOf(sockets).closed
        frames.length = 0
      },
    ],
    [
      /^(\w+) is removed from general$/,
      async ([name]) => void (await trpcOf('the-first').rooms.remove.mutate({ room: 'general', username: name })),
    ],
  ]
  let closing: Promise<void> | undefined
  people.set('the-first', await roomline.signIn('the-first'))
  return stage
}

const mapValues = (values: Record<string, string>, change: (value: string) => string) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
