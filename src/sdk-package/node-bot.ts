import { type Bot, type BotOptions, createBot as createForBrowsers } from '../sdk/bot/index'
import { OwnWebSocket } from './node-socket'

export * from '../sdk/bot/index'

/** `createBot` for Node, with a WebSocket. */
export function createBot(options: BotOptions): Bot {
  return createForBrowsers({ WebSocket: OwnWebSocket, ...options })
}
