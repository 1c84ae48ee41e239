import { WebSocket } from 'ws'
import { RuleBroken, waitFor } from '../rules'

/** A frame that answers a call: what came for its id. */
export interface BareAnswer {
  id: number | string | null
  // biome-ignore lint/suspicious/noExplicitAny: the rules say what it must be
  result?: { type: string; id?: string; data?: any }
  // biome-ignore lint/suspicious/noExplicitAny: the rules say what it must be
  error?: { message: string; code: number; data: any }
}

type CallKind = 'query' | 'mutation' | 'subscription'

/** A WebSocket without a client library on it. */
export interface BareConnection {
  socket: WebSocket
  /** Everything that arrived, in order. */
  frames: string[]
  /** The code with which it was closed; null while it is open. */
  closedWith(): number | null
  send(value: unknown): void
  /** Makes a call and waits for its answer. */
  ask(kind: CallKind, path: string, input?: unknown): Promise<BareAnswer>
  /** The data of the answer. @throws {RuleBroken} when the call is rejected */
  // biome-ignore lint/suspicious/noExplicitAny: the rules say what it must be
  must(kind: CallKind, path: string, input?: unknown): Promise<any>
  /** The name of the failure that a call is rejected with; "accepted" when it is not. */
  failureOf(kind: CallKind, path: string, input?: unknown): Promise<string>
  /** Starts a subscription and waits until it is started. */
  follow(path: string, input: object, more?: object): Promise<Followed>
  untilClosed(withinMs?: number): Promise<number>
  close(): void
}

export interface Followed {
  id: number
  /** The frames of its id after `started`. */
  frames(): BareAnswer[]
  /** Waits for so many of them. */
  until(count: number, withinMs?: number): Promise<BareAnswer[]>
}

export interface OpenOptions {
  cookie?: string
  bearer?: string
  /** Connection parameters, sent at once. `null` announces them and sends none. */
  params?: Record<string, string> | null
  headers?: Record<string, string>
}

const answerMs = 10_000
/** Above the ids that rules give to calls of their own. */
let lastId = 1_000_000

/** @throws {RuleBroken} when no socket opens */
export async function openConnection(url: string, { cookie, bearer, params, headers }: OpenOptions): Promise<BareConnection> {
  const socket = new WebSocket(params === undefined ? url : `${url}?connectionParams=1`, {
    headers: { ...(cookie && { cookie }), ...(bearer && { authorization: `Bearer ${bearer}` }), ...headers },
    perMessageDeflate: false,
  })
  const frames: string[] = []
  let closeCode: number | null = null
  socket.on('message', (data) => frames.push(String(data)))
  socket.on('close', (code) => {
    closeCode = code
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', (error) => reject(new RuleBroken(`no socket opened: ${error.message}`)))
  })
  socket.on('error', () => {})
  const send = (value: unknown) => socket.send(typeof value === 'string' ? value : JSON.stringify(value))
  if (params) send({ method: 'connectionParams', data: params })

  const framesOf = (id: number | string | null) =>
    frames
      .filter((frame) => frame.startsWith('{'))
      .map(parse)
      .filter((each) => each.id === id)
  const ask = async (kind: CallKind, path: string, input?: unknown): Promise<BareAnswer> => {
    const id = ++lastId
    send({ id, method: kind, params: { path, input } })
    await waitFor(`an answer to ${path}`, () => framesOf(id).length > 0 || closeCode !== null, answerMs)
    const [answer] = framesOf(id)
    if (!answer) throw new RuleBroken(`expected an answer to ${path}, but the connection was closed with ${closeCode}`)
    return answer
  }

  return {
    socket,
    frames,
    closedWith: () => closeCode,
    send,
    ask,
    must: async (kind, path, input) => {
      const { result, error } = await patiently(() => ask(kind, path, input))
      if (!result) throw new RuleBroken(`${path} was rejected: ${JSON.stringify(error?.data ?? error)}`)
      return result.data
    },
    failureOf: async (kind, path, input) => (await patiently(() => ask(kind, path, input))).error?.data?.failure ?? 'accepted',
    follow: async (path, input, more = {}) => {
      const id = ++lastId
      send({ id, method: 'subscription', params: { path, input, ...more } })
      await waitFor(`an answer to ${path}`, () => framesOf(id).length > 0, answerMs)
      const [first] = framesOf(id)
      if (first?.result?.type !== 'started') throw new RuleBroken(`expected ${path} to be started, got ${JSON.stringify(first)}`)
      const followed: Followed = {
        id,
        frames: () => framesOf(id).slice(1),
        until: async (count, withinMs = answerMs) => {
          await waitFor(`${count} events of ${path}`, () => followed.frames().length >= count, withinMs)
          return followed.frames()
        },
      }
      return followed
    },
    untilClosed: async (withinMs = 5_000) => {
      await waitFor('the connection to be closed', () => closeCode !== null, withinMs)
      return closeCode as unknown as number
    },
    close: () => socket.terminate(),
  }
}

/** Waits as long as the server asks, where it limits how much somebody may do. */
async function patiently(call: () => Promise<BareAnswer>): Promise<BareAnswer> {
  for (;;) {
    const answer = await call()
    const { failure, retryAfterMs } = answer.error?.data ?? {}
    if (failure !== 'TOO_MANY_REQUESTS' || !retryAfterMs) return answer
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs))
  }
}

function parse(frame: string): BareAnswer {
  try {
    return JSON.parse(frame)
  } catch {
    throw new RuleBroken(`expected JSON, got ${frame.slice(0, 200)}`)
  }
}
