import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { serveActs } from '../acts'
import { ownUsage } from '../own-usage'
import { makeMessage } from './message'

/** The plainest there is: one ready buffer, sent in a loop to all who are connected. */
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
const followers = new Set<WebSocket>()

server.on('connection', (socket, { url = '' }) => {
  socket.on('error', () => {})
  if (url.startsWith('/echo')) return void socket.on('message', (data) => socket.send(data, { binary: false }))
  if (url.startsWith('/follow')) {
    followers.add(socket)
    socket.on('close', () => followers.delete(socket))
  }
  socket.on('message', (data) => {
    const ready = Buffer.from(JSON.stringify(makeMessage('room', String(data))))
    for (const follower of followers) if (follower.readyState === WebSocket.OPEN) follower.send(ready, { binary: false })
  })
})
server.on('listening', () => serveActs(ownUsage, (server.address() as AddressInfo).port))
