import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client'
import { WebSocket } from 'ws'
import type { Message } from '../../src/contract/message'
import type { AppRouter } from '../../src/server/router'

export interface StockOptions {
  /** A function is asked anew for each connection. */
  url: string | (() => string)
  cookie?: string | undefined
  /** Further headers of the handshake. */
  headers?: Record<string, string>
  connectionParams?: Record<string, string>
  /** Pings the server so often, and reconnects when it does not answer. */
  keepAlive?: { intervalMs: number; pongTimeoutMs: number }
}

/** tRPC's own client with nothing of ours in it, but for a WebSocket that can carry a cookie outside a browser. */
export interface StockClient {
  trpc: TRPCClient<AppRouter>
  /** When each socket was opened, and with which code each was closed. */
  opened: number[]
  closed: number[]
  /** Cuts the connection under the client, without a goodbye. */
  cut(): void
  /** Follows a room, and keeps what came. Resolves when the server has said that it started. */
  follow(room: string, lastEventId?: string): Promise<Followed>
  close(): Promise<void>
}

export interface Followed {
  messages: Message[]
  errors: unknown[]
  /** Resolves with the first `count` messages once they are there. */
  until(count: number, timeoutMs?: number): Promise<Message[]>
  stop(): void
}

export function createStockClient({ url, cookie, headers, connectionParams, keepAlive }: StockOptions): StockClient {
  const opened: number[] = []
  const closed: number[] = []
  let latest: WebSocket | undefined
  class CookieSocket extends WebSocket {
    constructor(address: string | URL) {
      super(address, { headers: { ...(cookie && { cookie }), ...headers } })
      latest = this
      this.on('open', () => opened.push(performance.now()))
      this.on('close', (code) => closed.push(code))
      this.on('error', () => {})
    }
  }
  const socket = createWSClient({
    url,
    WebSocket: CookieSocket as unknown as typeof globalThis.WebSocket,
    ...(connectionParams && { connectionParams }),
    ...(keepAlive && { keepAlive: { enabled: true, ...keepAlive } }),
  })
  const trpc = createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] })
  return {
    trpc,
    opened,
    closed,
    cut: () => latest?.terminate(),
    follow: (room, lastEventId) => follow(trpc, room, lastEventId),
    close: () => socket.close(),
  }
}

function follow(trpc: TRPCClient<AppRouter>, room: string, lastEventId?: string): Promise<Followed> {
  const messages: Message[] = []
  const errors: unknown[] = []
  const waiting = new Set<() => void>()
  return new Promise((resolve, reject) => {
    const subscription = trpc.chat.onMessage.subscribe(
      { room, ...(lastEventId !== undefined && { lastEventId }) },
      {
        onStarted: () => resolve(followed),
        onData: ({ data }) => {
          messages.push(data)
          for (const look of waiting) look()
        },
        onError: (error) => {
          errors.push(error)
          reject(error)
        },
      },
    )
    const followed: Followed = {
      messages,
      errors,
      stop: () => subscription.unsubscribe(),
      until: (count, timeoutMs = 10_000) =>
        new Promise((resolveCount, rejectCount) => {
          const late = setTimeout(() => {
            waiting.delete(look)
            rejectCount(new Error(`${messages.length} of ${count} messages came within ${timeoutMs} ms`))
          }, timeoutMs)
          const look = () => {
            if (messages.length < count) return
            clearTimeout(late)
            waiting.delete(look)
            resolveCount(messages.slice(0, count))
          }
          waiting.add(look)
          look()
        }),
    }
  })
}

/** The failure's name of a rejected call. */
export async function failureOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => {
      throw new Error('the call was not rejected')
    },
    (reason: unknown) => reason,
  )
  const data = (error as { data?: { failure?: string } | null }).data
  return data?.failure ?? String(error)
}

/** Waits until something is so. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it did not become so within ${timeoutMs} ms: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
