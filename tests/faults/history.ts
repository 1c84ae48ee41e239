import { TRPCClientError } from '@trpc/client'
import { WebSocket } from 'ws'
import { failures, isFailureName } from '../../src/contract/failures'
import type { Message } from '../../src/contract/message'
import { type StockClient, until } from '../support/stock-client'
import { type Acknowledged, type Follower, findViolation, fingerprint, longBytes, type Seen, type Stored, toStored } from './checker'

/** Everything that was observed of one room. */
export interface RoomHistory {
  room: string
  /** @throws when a node has ended that no test ended */
  requireAlive(): void
  acknowledged: Acknowledged[]
  followers: LiveFollower[]
  /** How long each acknowledged send took, from its first try, in milliseconds. */
  sendMs: number[]
  /** The failures that sends were rejected with before they were acknowledged, and how often. */
  rejections: Map<string, number>
  /** Failures that a client may not retry: there should be none. */
  errors: string[]
  /** Waits until every follower has the room's newest version, and runs the checker. @throws what it found */
  verify(timeoutMs?: number): Promise<void>
  /** From the server's timestamp, taken before the commit, to the follower. */
  lateness(sinceMs?: number, untilMs?: number): Lateness
  /** The longest time between two messages at any follower. */
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
  /** For each entry of the log: when it arrived, and how long after the server's timestamp. */
  times: { at: number; lateMs: number }[]
  /** How often the subscription ended with a failure that allows a retry, and was opened again. */
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
    verify: async (timeoutMs = 60_000) => {
      requireAlive()
      const counters = await query<{ last_seq: number; last_version: number }>('SELECT last_seq, last_version FROM rooms WHERE id = $1', [
        room,
      ])
      const { last_seq: lastSeq = 0, last_version: lastVersion = 0 } = counters[0] ?? {}
      // The checker finds a follower that does not get there.
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
 * Follows the room with a stock client. Resolves when the subscription has started. A subscription that ends with a
 * failure that allows a retry is opened again after the last version received, as any program would do.
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
  /** Without an answer for this long, it drops its connection and goes to another node. */
  patienceMs?: number
}

/** Follows over a bare socket, which a test can pause and which never reconnects by itself. */
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

/** The frame that tRPC's own client sends. */
export function subscribeFrame(room: string, after: number): string {
  return JSON.stringify({
    id: 1,
    jsonrpc: '2.0',
    method: 'subscription',
    params: { path: 'chat.onMessage', input: { room, lastEventId: String(after) } },
  })
}

let sent = 0

/** Sends one message, again until it is acknowledged, always with the same clientId. */
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

/** Whether the failure table allows it, or the connection was lost. */
function mayTryAgain(error: unknown): boolean {
  const failure = failureIn(error)
  return failure === undefined ? isConnectionLoss(error) : isFailureName(failure) && failure !== 'INTERNAL' && failures[failure].retry
}

function describe(error: unknown): string {
  return failureIn(error) ?? (isConnectionLoss(error) ? 'connection lost' : String(error))
}

const failureIn = (error: unknown) => (error as { data?: { failure?: string } | null }).data?.failure

/** How the stock client reports a lost socket: an error without a shape from the server. */
function isConnectionLoss(error: unknown): boolean {
  return error instanceof TRPCClientError && error.shape === undefined
}
