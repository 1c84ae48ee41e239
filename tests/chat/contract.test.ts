import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { type Chat, createChat } from '../../src/sdk'
import { describeContract } from '../sdk/contract/contract'
import { startRoomline } from '../support/roomline'

/** Two nodes over Postgres and Redis, with people on both. */
describeContract('on real nodes', async () => {
  const roomline = await startRoomline({ nodes: 2 })
  // The first to sign up is the admin; the people of the rules are not.
  await roomline.signUp()
  const sockets = new Map<string, Set<WebSocket>>()
  const chats: Chat[] = []

  function socketsOf(username: string) {
    const own = new Set<WebSocket>()
    sockets.set(username, own)
    return class extends WebSocket {
      constructor(url: string | URL) {
        super(url)
        own.add(this)
        this.on('error', () => {})
        this.on('close', () => own.delete(this))
      }
    }
  }

  return {
    connect: async (username) => {
      const { token } = await roomline.signUp(username)
      const url = roomline.urls[chats.length % roomline.urls.length] ?? ''
      const chat = createChat({ url, auth: token, WebSocket: socketsOf(username) })
      chats.push(chat)
      await chat.people.me()
      return chat
    },
    cut: ({ username }) => {
      for (const socket of sockets.get(username) ?? []) socket.terminate()
    },
    pass: () => pause(10),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(chats.map((chat) => chat.close()))
      await roomline[Symbol.asyncDispose]()
    },
  }
})
