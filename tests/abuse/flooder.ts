import { connect, type Socket } from 'node:net'
import { constants, setPriority } from 'node:os'
import { signedInDoses, unsignedDoses } from './flood-kinds'

/** What the flooder is told to do, over IPC. */
export interface FloodPlan {
  port: number
  /** The name of a dose, or `connects`: handshakes only, again and again. */
  kind: string
  sockets: number
  /** Null for sockets without a person. */
  cookie: string | null
  /** Whether the answers are left unread. */
  deaf?: boolean
}

/** What it did. */
export interface FloodResult {
  bytes: number
  opened: number
  /** How often sockets were closed, by code; 0 when without one, and HTTP statuses of refused handshakes. */
  closed: Record<string, number>
}

const tickMs = 5
/** As much as one process can do without taking the machine from everybody else by its own work. */
const maxBytesPerTick = 256 * 1024
const maxConnectsPerTick = 10

/** A process of its own, with low priority: on a small machine the flood must not take the processor from the control client. */
setPriority(constants.priority.PRIORITY_LOW)
process.on('disconnect', () => process.exit())

let stop: (() => FloodResult) | null = null
process.on('message', (message: { flood: FloodPlan } | { stop: true }) => {
  if ('flood' in message) {
    stop = flood(message.flood)
    process.send?.({ started: true })
  } else process.send?.({ result: stop?.() })
})
process.send?.({ ready: true })

function flood({ port, kind, sockets: count, cookie, deaf }: FloodPlan): () => FloodResult {
  const doses: Record<string, () => Buffer> = cookie === null ? unsignedDoses : signedInDoses
  const dose = doses[kind]?.() ?? Buffer.alloc(0)
  const result: FloodResult = { bytes: 0, opened: 0, closed: {} }
  const sockets = new Set<Socket>()
  const ready = new Set<Socket>()
  const request = [
    `GET /trpc${cookie === null ? '?connectionParams=1' : ''} HTTP/1.1`,
    ...['Host: 127.0.0.1', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
    ...(cookie === null ? [] : [`Cookie: ${cookie}`]),
    ...['', ''],
  ].join('\r\n')

  function open() {
    const socket = connect({ port, host: '127.0.0.1' })
    sockets.add(socket)
    let isOpen = false
    let code = '0'
    socket.on('connect', () => socket.write(request))
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      if (!isOpen) {
        const status = /^HTTP\/1\.1 (\d+)/.exec(bytes.toString('latin1'))?.[1]
        if (status !== '101') {
          code = `HTTP ${status}`
          socket.destroy()
          return
        }
        isOpen = true
        result.opened++
        if (kind === 'connects') socket.destroy()
        else ready.add(socket)
        if (deaf) socket.pause()
      }
      // A close frame ends what the server sends.
      const at = bytes.lastIndexOf(0x88)
      if (at >= 0 && bytes.length - at >= 4 && (bytes[at + 1] ?? 0) === bytes.length - at - 2) code = String(bytes.readUInt16BE(at + 2))
    })
    socket.on('close', () => {
      sockets.delete(socket)
      ready.delete(socket)
      result.closed[code] = (result.closed[code] ?? 0) + 1
    })
  }

  const timer = setInterval(() => {
    for (let opened = 0; sockets.size < count && opened < maxConnectsPerTick; opened++) open()
    let left = maxBytesPerTick
    for (const socket of ready) {
      if (left <= 0) break
      if (dose.length === 0 || socket.writableLength > dose.length) continue
      socket.write(dose)
      result.bytes += dose.length
      left -= dose.length
      // Others come first next time.
      ready.delete(socket)
      ready.add(socket)
    }
  }, tickMs)
  return () => {
    clearInterval(timer)
    for (const socket of sockets) socket.destroy()
    return result
  }
}
