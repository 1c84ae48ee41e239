import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'
import { serveActs } from '../acts'
import { ownUsage } from '../own-usage'
import { createMessage } from './message'

/** Socket.IO over WebSocket only, with its Redis adapter, as it runs on several nodes. */
const redisUrl = process.env.REDIS_URL ?? ''
const publisher = new Redis(redisUrl)
const subscriber = publisher.duplicate()
const http = createServer()
const io = new Server(http, { transports: ['websocket'], adapter: createAdapter(publisher, subscriber), serveClient: false })

io.on('connection', (socket) => {
  socket.on('follow', async (room: string, answer: () => void) => {
    await socket.join(room)
    answer()
  })
  socket.on('send', (room: string, text: string, answer: () => void) => {
    io.to(room).emit('message', createMessage(room, text))
    answer()
  })
})
await Promise.all(
  [publisher, subscriber].map((redis) => redis.status === 'ready' || new Promise((resolve) => redis.once('ready', resolve))),
)
http.listen(0, '127.0.0.1', () => serveActs(ownUsage, (http.address() as AddressInfo).port))
