import type { BareSocket } from './bare-socket'
import { openSocket } from './dialogue'

export interface Call {
  port: number
  token: string
  type: 'query' | 'mutation'
  path: string
  input?: unknown
}

export interface Answer {
  elapsedMs: number
  /** The name of the failure, or null. */
  failure: string | null
  data: unknown
}

interface Line {
  socket: BareSocket
  waiting: Map<number, (text: string) => void>
}

const lines = new Map<string, Promise<Line>>()
let lastId = 0

/** One connection for each person and node. */
function lineFor({ port, token }: Call): Promise<Line> {
  const key = `${port} ${token}`
  const existing = lines.get(key)
  if (existing) return existing
  const line = openSocket({ port, path: '/trpc', token }, []).then((socket) => {
    const waiting: Line['waiting'] = new Map()
    socket.onText = (bytes, start, end) => {
      const text = bytes.toString('utf8', start, end)
      const id = Number(/^\{"id":(\d+)/.exec(text)?.[1])
      waiting.get(id)?.(text)
      waiting.delete(id)
    }
    socket.onClose = () => {
      lines.delete(key)
      for (const answer of waiting.values()) answer('{"error":{"data":{"failure":"CLOSED"}}}')
    }
    return { socket, waiting }
  })
  lines.set(key, line)
  return line
}

/** Makes one call and waits for its answer. */
export async function makeCall(call: Call): Promise<Answer> {
  const { socket, waiting } = await lineFor(call)
  const id = ++lastId
  const since = performance.now()
  const text = await new Promise<string>((resolve) => {
    waiting.set(id, resolve)
    socket.send(JSON.stringify({ id, method: call.type, params: { path: call.path, input: call.input } }))
  })
  const elapsedMs = performance.now() - since
  const { result, error } = JSON.parse(text)
  return { elapsedMs, failure: error ? (error.data?.failure ?? error.message ?? 'unknown') : null, data: result?.data }
}

/** Calls one after the other. @returns the time of each; the answers stay here */
export async function callInTurn(calls: readonly Call[]): Promise<{ elapsedMs: number; failure: string | null }[]> {
  const results: { elapsedMs: number; failure: string | null }[] = []
  for (const call of calls) {
    const { elapsedMs, failure } = await makeCall(call)
    results.push({ elapsedMs, failure })
  }
  return results
}

export interface RacePlan {
  /** Each of these people repeats these calls, without a pause, beginning at different ones. */
  people: { port: number; token: string }[]
  calls: Pick<Call, 'type' | 'path' | 'input'>[]
  forMs: number
  /** Somebody who sends meanwhile, every so often. */
  sender: { port: number; token: string; room: string; everyMs: number }
}

/** @returns how many calls were answered and refused, and how long each send beside them took */
export async function race({ people, calls, forMs, sender }: RacePlan) {
  const until = performance.now() + forMs
  let answered = 0
  const refusals: Record<string, number> = {}
  const answersMs: number[] = []
  const caller = async (person: RacePlan['people'][number], index: number) => {
    for (let turn = index; performance.now() < until; turn++) {
      const call = calls[turn % calls.length]
      if (!call) return
      const { failure, elapsedMs } = await makeCall({ ...person, ...call })
      if (failure === null) {
        answered++
        answersMs.push(elapsedMs)
      } else refusals[failure] = (refusals[failure] ?? 0) + 1
    }
  }
  const sendsMs: number[] = []
  const send = async () => {
    for (let turn = 0; performance.now() < until; turn++) {
      const input = { room: sender.room, text: `a message beside the searches, number ${turn}` }
      sendsMs.push((await makeCall({ ...sender, type: 'mutation', path: 'chat.send', input })).elapsedMs)
      await new Promise((resolve) => setTimeout(resolve, sender.everyMs))
    }
  }
  await Promise.all([...people.map(caller), send()])
  return { answeredPerSecond: answered / (forMs / 1_000), refusals, answersMs, sendsMs }
}
