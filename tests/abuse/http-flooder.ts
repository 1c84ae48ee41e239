import { connect, type Socket } from 'node:net'
import { constants, setPriority } from 'node:os'
import { httpKinds } from './http-kinds'

/** What the flooder is told to do, over IPC. */
export interface HttpFloodPlan {
  port: number
  kind: string
  sockets: number
  /** Null for requests without a person. */
  cookie: string | null
  /** Whether the answers are left unread. */
  deaf?: boolean
}

/** What it did. */
export interface HttpFloodResult {
  requests: number
  bytesRead: number
  opened: number
  /** How many answers there were, by status, and `closed` for connections that were closed. */
  statuses: Record<string, number>
}

const tickMs = 5
const maxConnectsPerTick = 10

/** A process of its own, with low priority: on a small machine the flood must not take the processor from the control client. */
setPriority(constants.priority.PRIORITY_LOW)
process.on('disconnect', () => process.exit())

let stop: (() => HttpFloodResult) | null = null
process.on('message', (message: { flood: HttpFloodPlan } | { stop: true }) => {
  if ('flood' in message) {
    stop = flood(message.flood)
    process.send?.({ started: true })
  } else process.send?.({ result: stop?.() })
})
process.send?.({ ready: true })

function flood({ port, kind, sockets: count, cookie, deaf }: HttpFloodPlan): () => HttpFloodResult {
  const plan = httpKinds[kind]?.(cookie === null ? '' : `Cookie: ${cookie}\r\n`) ?? { dose: '' }
  const result: HttpFloodResult = { requests: 0, bytesRead: 0, opened: 0, statuses: {} }
  const sockets = new Map<Socket, { waiting: number }>()

  function sendTo(socket: Socket, state: { waiting: number }) {
    if (plan.dose === '') return
    state.waiting += plan.requests ?? 1
    result.requests += plan.requests ?? 1
    socket.write(plan.dose)
  }

  function open() {
    const socket = connect({ port, host: '127.0.0.1' })
    const state = { waiting: 0 }
    sockets.set(socket, state)
    socket.on('connect', () => {
      result.opened++
      sendTo(socket, state)
      if (deaf) socket.pause()
    })
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      result.bytesRead += bytes.length
      for (const [, status = ''] of bytes.toString('latin1').matchAll(/HTTP\/1\.1 (\d+)/g)) {
        result.statuses[status] = (result.statuses[status] ?? 0) + 1
        if (--state.waiting <= 0) sendTo(socket, state)
      }
    })
    socket.on('close', () => {
      sockets.delete(socket)
      result.statuses.closed = (result.statuses.closed ?? 0) + 1
    })
  }

  const timer = setInterval(() => {
    for (let opened = 0; sockets.size < count && opened < maxConnectsPerTick; opened++) open()
    for (const [socket, state] of sockets) {
      if (socket.connecting || socket.writableLength > 65_536) continue
      if (plan.drip) socket.write(plan.drip)
      else if (plan.isBlind) sendTo(socket, state)
    }
  }, tickMs)
  return () => {
    clearInterval(timer)
    for (const socket of sockets.keys()) socket.destroy()
    return result
  }
}
