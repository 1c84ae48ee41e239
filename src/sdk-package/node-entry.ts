import { type Chat, type ChatOptions, createChat as createForBrowsers } from '../sdk/index'
import { OwnWebSocket } from './node-socket'

export * from '../sdk/index'

/** `createChat` for Node, with a WebSocket. */
export function createChat(options: ChatOptions): Chat {
  return createForBrowsers({ WebSocket: OwnWebSocket, ...options })
}
