/** The events of a WebSocket, with what the SDK uses of them. */
export interface SocketEvents {
  open?(): void
  message?(data: unknown): void
  close?(code: number): void
  error?(message: string): void
}

/** @returns an unsubscribe function, after which errors of the socket are ignored */
export function listenToSocket(socket: WebSocket, on: SocketEvents): () => void {
  const listeners: [string, (event: never) => void][] = [
    ['open', () => on.open?.()],
    ['message', ({ data }: { data: unknown }) => on.message?.(data)],
    ['close', ({ code }: { code: number }) => on.close?.(code)],
    ['error', ({ message }: { message?: string }) => on.error?.(String(message ?? ''))],
  ]
  for (const [type, listener] of listeners) socket.addEventListener(type, listener as EventListener)
  return () => {
    // With ws, an unhandled error event ends the process, and closing a socket that has not opened raises one.
    socket.addEventListener('error', ignore)
    for (const [type, listener] of listeners) socket.removeEventListener(type, listener as EventListener)
  }
}

/** Destroys a socket without a closing handshake where the runtime can do that. */
export function destroySocket(socket: WebSocket): void {
  const { terminate } = socket as WebSocket & { terminate?: () => void }
  if (terminate) terminate.call(socket)
  else if (socket.readyState !== socket.CLOSED) socket.close()
}

const ignore = () => {}
