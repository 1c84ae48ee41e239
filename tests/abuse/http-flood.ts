import { connect, type Socket } from 'node:net'
import type { FloodPlan, FloodResult } from './flood-plan'
import { httpKinds } from './http-kinds'

const tickMs = 5
const maxConnectsPerTick = 10

export function floodHttp({ port, kind, sockets: count, cookie, from }: FloodPlan): () => FloodResult {
  const plan = httpKinds[kind]?.(cookie === null ? '' : `Cookie: ${cookie}\r\n`) ?? { dose: '' }
  const result: FloodResult = { bytes: 0, opened: 0, outcomes: {} }
  const sockets = new Map<Socket, { waiting: number }>()

  function sendTo(socket: Socket, state: { waiting: number }) {
    if (plan.dose === '') return
    state.waiting += plan.requests ?? 1
    result.bytes += plan.dose.length
    socket.write(plan.dose)
  }

  function open() {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from })
    const state = { waiting: 0 }
    sockets.set(socket, state)
    socket.on('connect', () => {
      result.opened++
      sendTo(socket, state)
      if (plan.isDeaf) socket.pause()
      if (plan.isHasty) socket.end()
    })
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      for (const [, status = ''] of bytes.toString('latin1').matchAll(/HTTP\/1\.1 (\d+)/g)) {
        result.outcomes[status] = (result.outcomes[status] ?? 0) + 1
        if (--state.waiting <= 0) sendTo(socket, state)
      }
    })
    socket.on('close', () => {
      sockets.delete(socket)
      result.outcomes.closed = (result.outcomes.closed ?? 0) + 1
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
