import { listenToSocket, type WebSocketClass, type WebSocketLike } from './connection/raw-socket'
import type { Unsent } from './outbox-storage'
import type { Store } from './store'

/** A frame on the wire. */
export interface Frame {
  direction: 'sent' | 'received'
  /** Milliseconds since the epoch. */
  at: number
  /** The frame, without the token in it. */
  text: string
}

/** What developers can see of a chat, and do to it. */
export interface Inspection {
  /** Calls back with each frame on any of its sockets. @returns an unsubscribe function */
  onFrame(listener: (frame: Frame) => void): () => void
  /** The messages that are on their way or were rejected, of all rooms. */
  unsent: Store<readonly Unsent[]>
  /** Whether the connection is cut, as if the network were gone. */
  isCut: Store<boolean>
  /** Cuts the connection, or lets the chat connect again. */
  cut(isCut: boolean): void
}

const inspections = new WeakMap<object, Inspection>()

/**
 * What happens inside a chat, for tools such as `RoomlineDevtools`.
 * @throws Error when this is not a chat that `createChat` made
 */
export function inspect(chat: object): Inspection {
  const inspection = inspections.get(chat)
  if (!inspection) throw new Error('inspect: this is not a chat of createChat')
  return inspection
}

export function makeInspectable(chat: object, inspection: Inspection): void {
  inspections.set(chat, inspection)
}

const secret = /("token":")[^"]*"/g

/** Sockets that can be listened to and cut. While nobody does, they cost nothing. */
export function tapSockets(Socket: WebSocketClass, isCut: () => boolean) {
  const listeners = new Set<(frame: Frame) => void>()
  const sockets = new Set<WebSocketLike>()
  const report = (direction: Frame['direction'], data: unknown) => {
    if (listeners.size === 0 || typeof data !== 'string') return
    const frame = { direction, at: Date.now(), text: data.replace(secret, '$1…"') }
    for (const listener of [...listeners]) listener(frame)
  }
  /** A constructor that returns a socket of the other class, whichever that is. */
  function TappedSocket(url: string): WebSocketLike {
    // Nothing listens there.
    const socket = new Socket(isCut() ? 'ws://127.0.0.1:9/' : url)
    const send = socket.send.bind(socket)
    socket.send = (data) => {
      report('sent', data)
      send(data)
    }
    sockets.add(socket)
    listenToSocket(socket, { message: (data) => report('received', data), close: () => void sockets.delete(socket) })
    return socket
  }
  return {
    Socket: TappedSocket as unknown as WebSocketClass,
    sockets,
    onFrame: (listener: (frame: Frame) => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
