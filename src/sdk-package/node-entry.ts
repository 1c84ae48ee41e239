import { WebSocket as BundledWebSocket } from 'ws'
import { type ChatClient, type ChatClientOptions, createChatClient as createForBrowsers } from '../sdk/index'

export * from '../sdk/index'

/**
 * `createChatClient` for Node, with the `ws` library's WebSocket: it can drop a dead connection at once, and reports the HTTP
 * status of a refused one. Bun and Deno also load this entry, but use their own WebSocket.
 */
export function createChatClient(options: ChatClientOptions): ChatClient {
  const isNode = !('Bun' in globalThis) && !('Deno' in globalThis)
  const Socket = isNode ? (BundledWebSocket as unknown as typeof WebSocket) : globalThis.WebSocket
  return createForBrowsers({ WebSocket: Socket, ...options })
}
