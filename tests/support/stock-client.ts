import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client'
import { WebSocket } from 'ws'
import type { Message } from '../../src/contract/message'
import type { AppRouter } from '../../src/server/router'

export interface StockOptions {
  /** A function is called for each connection. */
  url: string | (() => string)
  cookie?: string | undefined
  /** Further headers of the handshake. */
  headers?: Record<string, string>
  connectionParams?: Record<string, string>
  /** Pings the server, and reconnects when it does not answer in time. */
  keepAlive?: { intervalMs: number; pongTimeoutMs: number }
}

/** tRPC's own client, unchanged, over a WebSocket that can send a cookie outside a browser. */
export interface StockClient {
  trpc: TRPCClient<AppRouter>
  /** When each socket was opened, and with which code each was closed. */
  opened: number[]
  closed: number[]
  /** Drops the connection without a closing handshake. */
  cut(): void
  /** Follows a room and keeps its messages. Resolves once the server has confirmed the subscription. */
  follow(room: string, lastEventId?: string): Promise<Followed>
  close(): Promise<void>
}

export interface Followed {
  messages: Message[]
  errors: unknown[]
  /** Resolves with the first `count` messages once they have arrived. */
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
          for (const check of waiting) check()
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
          const timeout = setTimeout(() => {
            waiting.delete(check)
            rejectCount(new Error(`${messages.length} of ${count} messages arrived within ${timeoutMs} ms`))
          }, timeoutMs)
          const check = () => {
            if (messages.length < count) return
            clearTimeout(timeout)
            waiting.delete(check)
            resolveCount(messages.slice(0, count))
          }
          waiting.add(check)
          check()
        }),
    }
  })
}

/** The name of the failure that a call is rejected with. */
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

/** Waits until a condition is true. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not true within ${timeoutMs} ms: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
