import { WebSocket as BundledWebSocket } from 'ws'
import { type ChatClient, type ChatClientOptions, createChatClient as createForBrowsers } from '../sdk/index'

export * from '../sdk/index'

/**
 * As everywhere else, with the WebSocket that the SDK brings for Node: it can let go of a dead connection at once, and
 * tells what answered instead of one. Bun and Deno, which also read this entry, have better ones of their own.
 */
export function createChatClient(options: ChatClientOptions): ChatClient {
  const isNode = !('Bun' in globalThis) && !('Deno' in globalThis)
  const Socket = isNode ? (BundledWebSocket as unknown as typeof WebSocket) : globalThis.WebSocket
  return createForBrowsers({ WebSocket: Socket, ...options })
}
