import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { serveActs } from '../acts'
import { ownUsage } from '../own-usage'
import { createMessage } from './message'

/** The simplest server: it encodes a message once and sends it to all followers in a loop. */
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
    const encoded = Buffer.from(JSON.stringify(createMessage('room', String(data))))
    for (const follower of followers) if (follower.readyState === WebSocket.OPEN) follower.send(encoded, { binary: false })
  })
})
server.on('listening', () => serveActs(ownUsage, (server.address() as AddressInfo).port))
