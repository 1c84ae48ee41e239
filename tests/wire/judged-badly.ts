import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import type { JudgeCommand } from '../../src/conformance/client/judged-client'

/** A client that does what a client must not: the judge has to find that out. */
let url = ''
let room = ''
let waiting: { room: string; text: string } | null = null

const report = (event: object) => void process.stdout.write(`${JSON.stringify(event)}\n`)

function connect() {
  const socket = new WebSocket(url)
  let lastId = 0
  const call = (method: string, path: string, input: object) =>
    socket.send(JSON.stringify({ id: ++lastId, method, params: { path, input } }))
  socket.on('open', () => {
    call('query', 'session.me', {})
    // It forgets where it was.
    if (room) call('subscription', 'chat.onMessage', { room })
  })
  socket.on('message', (data) => {
    if (String(data) === 'PING') return
    const { result, error } = JSON.parse(String(data))
    if (error?.data?.failure) call('mutation', 'chat.send', { ...waiting, clientId: String(Math.random()) })
    const message = result?.data?.data
    if (message) report({ event: 'message', room: message.room, id: String(message.version), seq: message.seq, text: message.text })
  })
  socket.on('error', () => {})
  // It comes back at once, whatever it was told.
  socket.on('close', () => setTimeout(connect, 20))
  follow = () => call('subscription', 'chat.onMessage', { room })
  send = () => call('mutation', 'chat.send', { ...waiting, clientId: String(Math.random()) })
}
let follow = () => {}
let send = () => {}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as JudgeCommand
  if (command.do === 'connect') {
    url = `${command.url}?token=${command.token}`
    connect()
  } else if (command.do === 'follow') {
    room = command.room
    follow()
  } else if (command.do === 'send') {
    waiting = { room: command.room, text: command.text }
    send()
  }
}
