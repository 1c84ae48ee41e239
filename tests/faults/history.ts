import { TRPCClientError } from '@trpc/client'
import { WebSocket } from 'ws'
import { failures, isFailureName } from '../../src/contract/failures'
import type { Message } from '../../src/contract/message'
import { type StockClient, until } from '../support/stock-client'
import { type Acknowledged, type Follower, findViolation, fingerprint, longBytes, type Seen, type Stored, toStored } from './checker'

/** Everything the bench has seen of one room. */
export interface RoomHistory {
  room: string
  /** @throws when a node or a service has ended that nobody ended */
  requireAlive(): void
  acknowledged: Acknowledged[]
  followers: LiveFollower[]
  /** How long each acknowledged send took, from its first try. */
  sendMs: number[]
  /** What sends were rejected with before they were acknowledged, and how often. */
  rejections: Map<string, number>
  /** Rejections that a person would have had to read: neither typed nor worth trying again. */
  errors: string[]
  /** Waits until every follower is where the room is, and has the checker judge. @throws what it found */
  judge(timeoutMs?: number): Promise<void>
  /** Longest, 99th percentile and median from the server's stamp, taken before the commit, to the follower. */
  lateness(sinceMs?: number, untilMs?: number): Lateness
  /** Nothing came to any follower for no longer than this. */
  longestSilenceMs(): number
}

export interface Lateness {
  count: number
  p50: number
  p99: number
  max: number
}

export interface LiveFollower extends Follower {
  log: Seen[]
  /** For each entry of the log: when it came, and how long after the server's stamp. */
  times: { at: number; lateMs: number }[]
  /** How often the subscription ended with an error that may be tried again, and was opened anew. */
  reopened: number
  last(): number
  stop(): void
}

type Query = <Row extends Record<string, unknown>>(sql: string, values?: unknown[]) => Promise<Row[]>

export function createHistory(room: string, query: Query, requireAlive: () => void): RoomHistory {
  const history: RoomHistory = {
    room,
    requireAlive,
    acknowledged: [],
    followers: [],
    sendMs: [],
    rejections: new Map(),
    errors: [],
    judge: async (timeoutMs = 60_000) => {
      requireAlive()
      const counters = await query<{ last_seq: number; last_version: number }>('SELECT last_seq, last_version FROM rooms WHERE id = $1', [
        room,
      ])
      const { last_seq: lastSeq = 0, last_version: lastVersion = 0 } = counters[0] ?? {}
      // Whoever does not get there is found by the checker.
      await until(() => history.followers.every((follower) => follower.last() >= lastVersion), timeoutMs).catch(() => {})
      const violation = history.errors[0] ?? findViolation({ ...history, lastSeq, lastVersion, stored: await readStored(room, query) })
      if (violation) throw new Error(violation)
    },
    lateness: (sinceMs = 0, untilMs = Number.POSITIVE_INFINITY) =>
      summarise(
        history.followers.flatMap(({ times }) => times.filter(({ at }) => at >= sinceMs && at < untilMs).map(({ lateMs }) => lateMs)),
      ),
    longestSilenceMs: () =>
      Math.max(...history.followers.flatMap(({ times }) => times.map(({ at }, index) => at - (times[index - 1]?.at ?? at))), 0),
  }
  return history
}

async function readStored(room: string, query: Query): Promise<Stored[]> {
  const rows = await query<{ seq: number; version: number; author_id: string; client_id: string | null; text: string; time: Date }>(
    `SELECT seq, version, author_id, client_id, time,
       CASE WHEN octet_length(text) > $2 THEN encode(sha256(convert_to(text, 'UTF8')), 'hex') ELSE text END AS text
     FROM messages WHERE room_id = $1 ORDER BY seq`,
    [room, longBytes],
  )
  return rows.map(({ author_id: authorId, client_id: clientId, time, ...row }) => ({
    ...row,
    authorId,
    clientId,
    time: time.toISOString(),
  }))
}

export function summarise(values: number[]): Lateness {
  const sorted = Float64Array.from(values).sort()
  const share = (part: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0)
  return { count: sorted.length, p50: share(0.5), p99: share(0.99), max: share(1) }
}

/**
 * Follows the room with a stock client for as long as the history is kept. Resolves when it has started. A subscription
 * that ends with an error that may be tried again is opened anew after the last version that came, as any program would.
 */
export function startFollower(history: RoomHistory, client: StockClient, after = 0): Promise<LiveFollower> {
  let stopped = false
  let unsubscribe = () => {}
  const follower: LiveFollower = {
    name: `follower ${history.followers.length + 1}`,
    after,
    log: [],
    times: [],
    reopened: 0,
    last: () => follower.log.at(-1)?.version ?? after,
    stop: () => {
      stopped = true
      unsubscribe()
    },
  }
  history.followers.push(follower)
  return new Promise((resolve) => {
    const open = () => {
      if (stopped) return
      const again = () => {
        follower.reopened++
        setTimeout(open, 100)
      }
      const subscription = client.trpc.chat.onMessage.subscribe(
        { room: history.room, lastEventId: String(follower.last()) },
        {
          onStarted: () => resolve(follower),
          onData: ({ data }) => keep(follower, data),
          onError: (error) => {
            if (mayTryAgain(error)) again()
            else history.errors.push(`${follower.name}: its subscription ended with ${describe(error)}`)
          },
          onStopped: again,
        },
      )
      unsubscribe = () => subscription.unsubscribe()
    }
    open()
  })
}

export function keep(follower: LiveFollower, message: Message) {
  const { seq, version } = message
  const at = Date.now()
  follower.log.push({ seq, version, print: fingerprint(toStored(message)) })
  follower.times.push({ at, lateMs: at - Date.parse(message.time) })
}

export interface Sender {
  client: StockClient
  person: { id: string; username: string }
  /** Without an answer for so long, it cuts its connection and goes elsewhere. */
  patienceMs?: number
}

/** Follows with the least there can be of a client: a socket that a test pauses, and that never reconnects by itself. */
export async function startBareFollower(
  history: RoomHistory,
  { url, token, after = 0, continues }: { url: string; token: string; after?: number; continues?: LiveFollower },
): Promise<{ follower: LiveFollower; socket: WebSocket; closed: Promise<number> }> {
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` }, perMessageDeflate: false })
  const follower: LiveFollower = continues ?? {
    name: `bare follower ${history.followers.length + 1}`,
    after,
    log: [],
    times: [],
    reopened: 0,
    last: () => follower.log.at(-1)?.version ?? after,
    stop: () => socket.terminate(),
  }
  follower.stop = () => socket.terminate()
  if (!continues) history.followers.push(follower)
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('open', resolve))
  const started = new Promise<void>((resolve) => {
    socket.on('message', (bytes: Buffer) => {
      const frame = JSON.parse(bytes.toString())
      if (frame.error) history.errors.push(`${follower.name}: ${frame.error.data?.failure ?? frame.error.message}`)
      if (frame.result?.type === 'data') keep(follower, frame.result.data.data)
      if (frame.result?.type === 'started') resolve()
    })
  })
  socket.send(subscribeFrame(history.room, follower.last()))
  await started
  return { follower, socket, closed }
}

/** As tRPC's own client asks for it. */
export function subscribeFrame(room: string, after: number): string {
  return JSON.stringify({
    id: 1,
    jsonrpc: '2.0',
    method: 'subscription',
    params: { path: 'chat.onMessage', input: { room, lastEventId: String(after) } },
  })
}

let sent = 0

/** Sends one message until it is acknowledged, each time under the same clientId. */
export async function send(
  history: RoomHistory,
  sender: Sender,
  text = `message ${++sent} of ${sender.person.username}`,
): Promise<Message> {
  const clientId = `${sender.person.username}-${++sent}`
  const since = performance.now()
  for (;;) {
    history.requireAlive()
    const patience = sender.patienceMs === undefined ? undefined : setTimeout(() => sender.client.cut(), sender.patienceMs)
    try {
      const message = await sender.client.trpc.chat.send.mutate({ room: history.room, text, clientId })
      history.acknowledged.push({ authorId: sender.person.id, clientId, text, message })
      history.sendMs.push(performance.now() - since)
      return message
    } catch (error) {
      const name = describe(error)
      history.rejections.set(name, (history.rejections.get(name) ?? 0) + 1)
      if (!mayTryAgain(error)) {
        history.errors.push(`a send of ${sender.person.username} was rejected with ${name}`)
        throw error
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    } finally {
      clearTimeout(patience)
    }
  }
}

/** Whether the failure table says so, or it was the connection that went. */
function mayTryAgain(error: unknown): boolean {
  const failure = failureIn(error)
  return failure === undefined ? isConnectionLoss(error) : isFailureName(failure) && failure !== 'INTERNAL' && failures[failure].retry
}

function describe(error: unknown): string {
  return failureIn(error) ?? (isConnectionLoss(error) ? 'connection lost' : String(error))
}

const failureIn = (error: unknown) => (error as { data?: { failure?: string } | null }).data?.failure

/** What the stock client makes of a socket that went: an error without a word from the server. */
function isConnectionLoss(error: unknown): boolean {
  return error instanceof TRPCClientError && error.shape === undefined
}
