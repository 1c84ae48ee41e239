import { WebSocket as BundledWebSocket } from 'ws'
import { type ChatClient, type ChatClientOptions, createChatClient as createForBrowsers } from '../sdk/index'

export * from '../sdk/index'

/** As everywhere else, with a WebSocket for the versions of Node that have none of their own (before 22). */
export function createChatClient(options: ChatClientOptions): ChatClient {
  return createForBrowsers({ WebSocket: globalThis.WebSocket ?? (BundledWebSocket as unknown as typeof WebSocket), ...options })
}
