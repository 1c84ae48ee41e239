/** What the SDK needs of a WebSocket: the one of a browser, of Node, Bun and Deno, and of the library `ws` have it. */
export interface WebSocketLike {
  readonly readyState: number
  send(data: string): void
  close(code?: number, reason?: string): void
  addEventListener(type: string, listener: (event: unknown) => void): void
  removeEventListener(type: string, listener: (event: unknown) => void): void
}

export type WebSocketClass = new (url: string) => WebSocketLike

/** The `readyState` of an open socket, and of a closed one. */
export const socketStates = { open: 1, closed: 3 } as const

/** The events of a WebSocket, with what the SDK uses of them. */
export interface SocketEvents {
  open?(): void
  message?(data: unknown): void
  close?(code: number): void
  error?(message: string): void
}

/** @returns an unsubscribe function, after which errors of the socket are ignored */
export function listenToSocket(socket: WebSocketLike, on: SocketEvents): () => void {
  const listeners: [keyof SocketEvents, (event: unknown) => void][] = [
    ['open', () => on.open?.()],
    ['message', (event) => on.message?.((event as { data: unknown }).data)],
    ['close', (event) => on.close?.((event as { code: number }).code)],
    ['error', (event) => on.error?.(String((event as { message?: string }).message ?? ''))],
  ]
  for (const [type, listener] of listeners) socket.addEventListener(type, listener)
  return () => {
    // With ws, an unhandled error event ends the process, and closing a socket that has not opened raises one.
    socket.addEventListener('error', ignore)
    for (const [type, listener] of listeners) socket.removeEventListener(type, listener)
  }
}

/** Destroys a socket without a closing handshake where the runtime can do that. */
export function destroySocket(socket: WebSocketLike): void {
  const { terminate } = socket as WebSocketLike & { terminate?: () => void }
  if (terminate) terminate.call(socket)
  else if (socket.readyState !== socketStates.closed) socket.close()
}

const ignore = () => {}
