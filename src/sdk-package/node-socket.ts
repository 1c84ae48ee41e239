import { WebSocket as BundledWebSocket } from 'ws'
import type { WebSocketClass } from '../sdk/index'

/**
 * In Node the `ws` library's WebSocket: it can drop a dead connection at once, and reports the HTTP status of a refused one. Bun
 * and Deno also load the entries for Node, but use their own.
 */
export const OwnWebSocket: WebSocketClass = 'Bun' in globalThis || 'Deno' in globalThis ? globalThis.WebSocket : BundledWebSocket
