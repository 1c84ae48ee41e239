import { EventEmitter, on } from 'node:events'
import type { AddressInfo } from 'node:net'
import { initTRPC, tracked } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { WebSocketServer } from 'ws'
import { z } from 'zod'
import type { Message } from '../../src/contract/message'
import { serveActs } from '../acts'
import { ownUsage } from '../own-usage'
import { createMessage } from './message'

/** tRPC with its own WebSocket adapter, as in its documentation: each subscriber has an async generator over an event emitter. */
const t = initTRPC.create()
const rooms = new EventEmitter().setMaxListeners(0)

const router = t.router({
  chat: t.router({
    onMessage: t.procedure.input(z.object({ room: z.string(), lastEventId: z.string().nullish() })).subscription(async function* ({
      input,
      signal,
    }) {
      for await (const [message] of on(rooms, input.room, signal ? { signal } : {}) as AsyncIterable<[Message]>) {
        yield tracked(String(message.version), message)
      }
    }),
    send: t.procedure.input(z.object({ room: z.string(), text: z.string() })).mutation(({ input }) => {
      const message = createMessage(input.room, input.text)
      rooms.emit(input.room, message)
      return message
    }),
  }),
})

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
applyWSSHandler({ wss: server, router, createContext: () => ({}) })
server.on('listening', () => serveActs(ownUsage, (server.address() as AddressInfo).port))
