import type { ServerName } from '../server-names'
import type { BareSocket } from './bare-socket'
import { dialectOf } from './dialects'
import { openSocket } from './dialogue'
import { inParallel } from './in-parallel'
import { texts } from './texts'

export interface CrowdPlan {
  server: ServerName
  followers: { port: number; room: string; token?: string | undefined }[]
  senders: { port: number; token?: string | undefined }[]
}

/** What was sent and delivered in one `tally`. */
export interface Tally {
  messages: number
  deliveries: number
  /** Total size of the delivered frames' payloads. */
  bytes: number
  elapsedMs: number
  /** CPU time of the load process itself. */
  loadCpuUs: number
}

interface Room {
  name: string
  followers: number
  sentAt: number[]
  /** For each message, how many followers have received it. */
  seenBy: number[]
}

interface Follower {
  room: Room
  count: number
}

/** How many sockets are opened in parallel. */
const parallelOpens = 64
/** After this long without a delivery, missing messages count as lost. */
const silenceTimeoutMs = 30_000
/** How long to wait for surplus deliveries at the end. */
const surplusMs = 50
/** Every delivery is at least as long as its text, in bytes. */
const shortestDelivery = 250

export type Crowd = Awaited<ReturnType<typeof openCrowd>>

/**
 * Opens senders, and followers that count what they receive. Every message must reach every follower of its room exactly
 * once; anything else fails the run.
 */
export async function openCrowd(plan: CrowdPlan) {
  const dialect = dialectOf(plan.server)
  const rooms = new Map<string, Room>()
  const followers: Follower[] = []
  const sockets: BareSocket[] = []
  let ending = false
  let failure: Error | null = null
  let sent = 0
  let delivered = 0
  let deliveries = 0
  let bytesReceived = 0
  let answers = 0
  let onDelivered = (_latencyMs: number) => {}
  let wake = () => {}

  const fail = (message: string) => {
    if (ending) return
    failure ??= new Error(`${plan.server}: ${message}`)
    wake()
  }

  function receive(follower: Follower) {
    const { room } = follower
    const index = follower.count++
    const sentAt = room.sentAt[index]
    if (sentAt === undefined) return fail(`a follower of ${room.name} received more messages than were sent`)
    deliveries++
    const seen = (room.seenBy[index] ?? 0) + 1
    room.seenBy[index] = seen
    if (seen < room.followers) return
    delivered++
    onDelivered(performance.now() - sentAt)
    wake()
  }

  const watch = (socket: BareSocket) => {
    sockets.push(socket)
    socket.onClose = (reason) => fail(`a socket was ${reason}`)
  }
  const onOtherText = (socket: BareSocket, text: string) => {
    if (text === dialect.heartbeat?.ping) socket.send(dialect.heartbeat.pong)
    else fail(`unexpected text on a socket: ${text}`)
  }

  await inParallel(plan.followers, parallelOpens, async ({ port, room: name, token }) => {
    const room = rooms.get(name) ?? { name, followers: 0, sentAt: [], seenBy: [] }
    rooms.set(name, room)
    room.followers++
    const socket = await openSocket({ port, path: dialect.followPath, token }, dialect.follow(name))
    const follower = { room, count: 0 }
    followers.push(follower)
    socket.onText = (bytes, start, end) => {
      if (end - start >= shortestDelivery) {
        bytesReceived += end - start
        receive(follower)
      } else onOtherText(socket, bytes.toString('utf8', start, end))
    }
    watch(socket)
  })
  const senders = await inParallel(plan.senders, parallelOpens, async ({ port, token }) => {
    const socket = await openSocket({ port, path: dialect.sendPath, token }, dialect.prepare)
    socket.onText = (bytes, start, end) => {
      const text = bytes.toString('latin1', start, end)
      if (dialect.answer?.test(text)) {
        answers++
        wake()
      } else onOtherText(socket, text)
    }
    watch(socket)
    return socket
  })
  const targets = [...rooms.values()]
  let lastId = 1

  /** Writes one message to each room in turn. */
  function send() {
    const room = targets[sent % targets.length]
    const sender = senders[sent % senders.length]
    if (!room || !sender) throw new Error('the crowd has no rooms or no senders')
    const text = texts[sent % texts.length] ?? ''
    sent++
    room.sentAt.push(performance.now())
    sender.send(dialect.send(++lastId, room.name, text))
  }

  /** Resolves when at most `count` messages are not yet delivered to everybody. */
  async function untilInFlight(count: number) {
    let seen = -1
    let since = performance.now()
    while (sent - delivered > count || (count === 0 && dialect.answer && answers < sent)) {
      if (failure) throw failure
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        wake = resolve
        timer = setTimeout(resolve, 1_000)
      })
      clearTimeout(timer)
      if (seen !== deliveries + answers) since = performance.now()
      seen = deliveries + answers
      if (performance.now() - since > silenceTimeoutMs) fail(`${describeMissing()} after ${silenceTimeoutMs} ms of silence`)
    }
    if (failure) throw failure
  }

  function describeMissing(): string {
    const lacking = followers.filter(({ room, count }) => count < room.sentAt.length)
    return `${lacking.length} of ${followers.length} followers lack messages, ${sent - delivered} of ${sent} messages were not delivered to everybody, ${answers} were answered`
  }

  /** Runs `sending`, waits until everything is delivered, and counts. */
  async function tally(sending: () => Promise<void>): Promise<Tally> {
    for (const room of targets) {
      room.sentAt = []
      room.seenBy = []
    }
    for (const follower of followers) follower.count = 0
    sent = delivered = deliveries = bytesReceived = answers = 0
    const before = process.cpuUsage()
    const since = performance.now()
    await sending()
    await untilInFlight(0)
    const elapsedMs = performance.now() - since
    const { user, system } = process.cpuUsage(before)
    await pause(surplusMs)
    if (failure) throw failure
    return { messages: sent, deliveries, bytes: bytesReceived, elapsedMs, loadCpuUs: user + system }
  }

  return {
    /** Sends messages at an even pace, however late the server is. */
    steady: ({ messages, everyMs }: { messages: number; everyMs: number }): Promise<Tally> =>
      tally(async () => {
        const since = performance.now()
        for (let index = 0; index < messages; index++) {
          // Never two at once, even when this process is late: the server would deliver them together.
          await pause(Math.max(1, since + index * everyMs - performance.now()))
          if (failure) throw failure
          send()
        }
      }),

    /** Sends as fast as possible, with up to `inFlight` messages not yet delivered to everybody. */
    burst: ({ forMs, inFlight }: { forMs: number; inFlight: number }): Promise<Tally> =>
      tally(async () => {
        for (const until = performance.now() + forMs; performance.now() < until; ) {
          while (sent - delivered < inFlight) send()
          await untilInFlight(inFlight - 1)
        }
      }),

    /** Sends each message when everybody has the one before. @returns how long each took to reach its last follower */
    oneByOne: async ({ messages, pauseMs }: { messages: number; pauseMs: number }): Promise<{ latenciesMs: number[] }> => {
      const latenciesMs: number[] = []
      onDelivered = (latencyMs) => void latenciesMs.push(latencyMs)
      await tally(async () => {
        for (let index = 0; index < messages; index++) {
          await pause(Math.random() * pauseMs)
          send()
          await untilInFlight(0)
        }
      })
      onDelivered = () => {}
      return { latenciesMs }
    },

    close: () => {
      ending = true
      for (const socket of sockets) socket.destroy()
    },
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
