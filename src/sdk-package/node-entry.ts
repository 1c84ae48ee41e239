import { WebSocket as BundledWebSocket } from 'ws'
import { type Chat, type ChatOptions, createChat as createForBrowsers } from '../sdk/index'

export * from '../sdk/index'

/**
 * `createChat` for Node, with the `ws` library's WebSocket: it can drop a dead connection at once, and reports the HTTP
 * status of a refused one. Bun and Deno also load this entry, but use their own WebSocket.
 */
export function createChat(options: ChatOptions): Chat {
  const isNode = !('Bun' in globalThis) && !('Deno' in globalThis)
  const Socket = isNode ? BundledWebSocket : globalThis.WebSocket
  return createForBrowsers({ WebSocket: Socket, ...options })
}
