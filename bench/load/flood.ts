import { openSendWindow, type Sends, type WindowPlan } from '../send-window'
import type { BareSocket } from './bare-socket'
import { dialectOf } from './dialects'
import { openSocket } from './dialogue'
import { inParallel } from './in-parallel'
import { texts } from './texts'

export interface FloodPlan extends WindowPlan {
  port: number
  senders: { token: string; rooms: string[] }[]
  /** How many sends of each sender wait for their answer at the same time. */
  inFlight: number
}

const dialect = dialectOf('roomline')

/** Sends to Roomline over many connections, each sending the next message as soon as one is acknowledged. */
export async function flood({ port, senders, inFlight, ...window }: FloodPlan): Promise<Sends> {
  const sockets = await inParallel(senders, 64, ({ token }) => openSocket({ port, path: dialect.sendPath, token }, dialect.prepare))
  const sends = openSendWindow(window)
  await Promise.all(sockets.map((socket, index) => floodOn(socket, senders[index]?.rooms ?? [], inFlight, sends)))
  for (const socket of sockets) socket.destroy()
  return sends.result()
}

function floodOn(socket: BareSocket, rooms: string[], inFlight: number, sends: ReturnType<typeof openSendWindow>): Promise<void> {
  return new Promise((resolve, reject) => {
    const sentAt = new Map<number, number>()
    let lastId = 1
    const sendNext = () => {
      const id = ++lastId
      sentAt.set(id, performance.now())
      socket.send(dialect.send(id, rooms[id % rooms.length] ?? '', texts[id % texts.length] ?? ''))
    }
    socket.onClose = (reason) => reject(new Error(`a sender's socket was ${reason}`))
    socket.onText = (bytes, start, end) => {
      const text = bytes.toString('latin1', start, end)
      const id = Number(/^\{"id":(\d+),"result"/.exec(text)?.[1])
      const since = sentAt.get(id)
      if (since === undefined) return reject(new Error(`a send was answered with ${text}`))
      sentAt.delete(id)
      sends.acknowledge(1, since)
      if (sends.isOpen()) sendNext()
      else if (sentAt.size === 0) resolve()
    }
    for (let left = inFlight; left > 0; left--) sendNext()
  })
}
