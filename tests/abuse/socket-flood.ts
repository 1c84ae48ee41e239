import { connect, type Socket } from 'node:net'
import { signedInDoses, unsignedDoses } from './flood-kinds'
import type { FloodPlan, FloodResult } from './flood-plan'

const tickMs = 5
/** As much as one process can do without taking the machine from everybody else by its own work. */
const maxBytesPerTick = 256 * 1024
const maxConnectsPerTick = 10
/** The end of a kind's name when its answers are left unread. */
const unread = ', unread'
/** The same when each byte is a packet of its own. */
const dripped = ', byte by byte'

export function floodSockets({ port, kind, sockets: count, cookie, from }: FloodPlan): () => FloodResult {
  const doses: Record<string, () => Buffer> = cookie === null ? unsignedDoses : signedInDoses
  const whole = doses[kind.replace(unread, '').replace(dripped, '')]?.() ?? Buffer.alloc(0)
  const dose = kind.endsWith(dripped) ? whole.subarray(0, 1) : whole
  let next = 0
  const result: FloodResult = { bytes: 0, opened: 0, outcomes: {} }
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
    const socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true })
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
        if (kind.endsWith(unread)) socket.pause()
      }
      // A close frame ends what the server sends.
      const at = bytes.lastIndexOf(0x88)
      if (at >= 0 && bytes.length - at >= 4 && (bytes[at + 1] ?? 0) === bytes.length - at - 2) code = String(bytes.readUInt16BE(at + 2))
    })
    socket.on('close', () => {
      sockets.delete(socket)
      ready.delete(socket)
      result.outcomes[code] = (result.outcomes[code] ?? 0) + 1
    })
  }

  const timer = setInterval(() => {
    for (let opened = 0; sockets.size < count && opened < maxConnectsPerTick; opened++) open()
    let left = maxBytesPerTick
    for (const socket of ready) {
      if (left <= 0) break
      if (dose.length === 0 || socket.writableLength > dose.length) continue
      socket.write(kind.endsWith(dripped) ? whole.subarray(next, ++next) : dose)
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
