import type { ServerName } from '../server-names'
import type { BareSocket } from './bare-socket'
import { openSocket } from './converse'
import { dialectOf } from './dialects'
import { inParallel } from './in-parallel'
import { texts } from './texts'

export interface CrowdPlan {
  server: ServerName
  followers: { port: number; room: string; token?: string | undefined }[]
  senders: { port: number; token?: string | undefined }[]
}

/** What was sent and came since the last `begin`. */
export interface Tally {
  messages: number
  deliveries: number
  /** Of the deliveries' texts. */
  bytes: number
  elapsedMs: number
  /** What the counting itself cost. */
  loadCpuUs: number
}

interface Room {
  name: string
  followers: number
  sentAt: number[]
  /** For each message, how many followers have it. */
  seenBy: number[]
}

interface Follower {
  room: Room
  count: number
}

/** So many sockets are opened at once. */
const openAtOnce = 64
/** With nothing coming for so long, what is missing is lost. */
const patienceMs = 30_000
/** What comes once too often comes within this. */
const surplusMs = 50
/** Every delivery is longer: it carries the text. */
const shortestDelivery = 250

export type Crowd = Awaited<ReturnType<typeof openCrowd>>

/**
 * Followers that count what each of them gets, and senders. Every message has to reach every follower of its room, once:
 * anything else ends the run.
 */
export async function openCrowd(plan: CrowdPlan) {
  const dialect = dialectOf(plan.server)
  const rooms = new Map<string, Room>()
  const followers: Follower[] = []
  const sockets: BareSocket[] = []
  let ending = false
  let failure: Error | null = null
  let sent = 0
  let done = 0
  let deliveries = 0
  let bytesReceived = 0
  let answers = 0
  let onDone = (_latencyMs: number) => {}
  let wake = () => {}

  const fail = (words: string) => {
    if (ending) return
    failure ??= new Error(`${plan.server}: ${words}`)
    wake()
  }

  function receive(follower: Follower) {
    const { room } = follower
    const index = follower.count++
    const sentAt = room.sentAt[index]
    if (sentAt === undefined) return fail(`a follower of ${room.name} got more than was sent`)
    deliveries++
    const seen = (room.seenBy[index] ?? 0) + 1
    room.seenBy[index] = seen
    if (seen < room.followers) return
    done++
    onDone(performance.now() - sentAt)
    wake()
  }

  const watch = (socket: BareSocket) => {
    sockets.push(socket)
    socket.onClose = (reason) => fail(`a socket was ${reason}`)
  }
  const hearSmall = (socket: BareSocket, text: string) => {
    if (text === dialect.heartbeat?.ask) socket.say(dialect.heartbeat.answer)
    else fail(`a follower was told ${text}`)
  }

  await inParallel(plan.followers, openAtOnce, async ({ port, room: name, token }) => {
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
      } else hearSmall(socket, bytes.toString('utf8', start, end))
    }
    watch(socket)
  })
  const senders = await inParallel(plan.senders, openAtOnce, async ({ port, token }) => {
    const socket = await openSocket({ port, path: dialect.sendPath, token }, dialect.prepare)
    socket.onText = (bytes, start, end) => {
      const text = bytes.toString('latin1', start, end)
      if (dialect.answer?.test(text)) {
        answers++
        wake()
      } else hearSmall(socket, text)
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
    if (!room || !sender) throw new Error('there is nobody to send')
    const text = texts[sent % texts.length] ?? ''
    sent++
    room.sentAt.push(performance.now())
    sender.say(dialect.send(++lastId, room.name, text))
  }

  /** Resolves when so many at most are on their way. */
  async function untilUnderWay(count: number) {
    let seen = -1
    let since = performance.now()
    while (sent - done > count || (count === 0 && dialect.answer && answers < sent)) {
      if (failure) throw failure
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        wake = resolve
        timer = setTimeout(resolve, 1_000)
      })
      clearTimeout(timer)
      if (seen !== deliveries + answers) since = performance.now()
      seen = deliveries + answers
      if (performance.now() - since > patienceMs) fail(`${describeMissing()} after ${patienceMs} ms of silence`)
    }
    if (failure) throw failure
  }

  function describeMissing(): string {
    const lacking = followers.filter(({ room, count }) => count < room.sentAt.length)
    return `${lacking.length} of ${followers.length} followers lack messages, ${sent - done} of ${sent} are not everywhere, ${answers} were answered`
  }

  /** Sends in some way until nothing is on its way any more, and counts. */
  async function tally(sending: () => Promise<void>): Promise<Tally> {
    for (const room of targets) {
      room.sentAt = []
      room.seenBy = []
    }
    for (const follower of followers) follower.count = 0
    sent = done = deliveries = bytesReceived = answers = 0
    const before = process.cpuUsage()
    const since = performance.now()
    await sending()
    await untilUnderWay(0)
    const elapsedMs = performance.now() - since
    const { user, system } = process.cpuUsage(before)
    await pause(surplusMs)
    if (failure) throw failure
    return { messages: sent, deliveries, bytes: bytesReceived, elapsedMs, loadCpuUs: user + system }
  }

  return {
    /** One message after the other at an even pace, however late the server is. */
    steady: ({ messages, everyMs }: { messages: number; everyMs: number }): Promise<Tally> =>
      tally(async () => {
        const since = performance.now()
        for (let index = 0; index < messages; index++) {
          // Never two at once, even when this process was late: they would be delivered together.
          await pause(Math.max(1, since + index * everyMs - performance.now()))
          if (failure) throw failure
          send()
        }
      }),

    /** As fast as it goes, with so many messages on their way that not everybody has. */
    burst: ({ forMs, atOnce }: { forMs: number; atOnce: number }): Promise<Tally> =>
      tally(async () => {
        for (const until = performance.now() + forMs; performance.now() < until; ) {
          while (sent - done < atOnce) send()
          await untilUnderWay(atOnce - 1)
        }
      }),

    /** The next when everybody has the last one. @returns how long each took to the last of its followers */
    oneByOne: async ({ messages, pauseMs }: { messages: number; pauseMs: number }): Promise<{ latenciesMs: number[] }> => {
      const latenciesMs: number[] = []
      onDone = (latencyMs) => void latenciesMs.push(latencyMs)
      await tally(async () => {
        for (let index = 0; index < messages; index++) {
          await pause(Math.random() * pauseMs)
          send()
          await untilUnderWay(0)
        }
      })
      onDone = () => {}
      return { latenciesMs }
    },

    close: () => {
      ending = true
      for (const socket of sockets) socket.drop()
    },
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
