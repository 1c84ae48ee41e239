import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createChat } from '../../src/sdk'
import { unknownPresence, withPresence } from '../../src/sdk/presence'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

async function join(node = 0) {
  const person = await roomline.signUp()
  const sockets = new Set<WebSocket>()
  let isOffline = false
  class CuttableSocket extends WebSocket {
    constructor(url: string | URL) {
      super(isOffline ? 'ws://127.0.0.1:9/' : url)
      sockets.add(this)
      this.on('error', () => {})
      this.on('close', () => sockets.delete(this))
    }
  }
  const client = createChat({
    url: roomline.urls[node] ?? '',
    auth: person.token,
    WebSocket: CuttableSocket as unknown as typeof globalThis.WebSocket,
  })
  const goOffline = (offline: boolean) => {
    isOffline = offline
    if (offline) for (const socket of sockets) socket.terminate()
  }
  return { person, client, goOffline, [Symbol.asyncDispose]: () => client.close() }
}

describe('presence through the SDK', () => {
  it('shows who is here, away and typing, and nothing without a connection', async () => {
    await using ada = await join(0)
    await using ben = await join(1)
    const presence = ada.client.people.in('general')
    expect(presence.state.get()).toEqual(unknownPresence)
    const stateOfBen = () => presence.state.get().people.get(ben.person.username)?.state
    await until(() => stateOfBen() === 'here')
    expect(presence.state.get()).toMatchObject({ known: true, count: 2, typing: [], ended: null })
    await ben.client.trpc.presence.update.mutate({ away: true })
    await until(() => stateOfBen() === 'away')
    const { people } = presence.state.get()
    await ben.client.trpc.chat.typing.mutate({ room: 'general' })
    await until(() => presence.state.get().typing.includes(ben.person.username))
    expect(presence.state.get().people).toBe(people)

    ada.goOffline(true)
    await until(() => !presence.state.get().known)
    expect(presence.state.get()).toEqual(unknownPresence)
    ada.goOffline(false)
    await until(() => stateOfBen() === 'away')
    presence.close()
    await ben.client.trpc.presence.update.mutate({ away: false })
    const later = ada.client.people.in('general')
    await until(() => later.state.get().people.get(ben.person.username)?.state === 'here')
    expect(stateOfBen()).toBe('away')
  })

  it('reports why it ended, and does not retry', async () => {
    await using ada = await join()
    await using ben = await join()
    const room = await ada.client.trpc.rooms.create.mutate({ name: 'For two', kind: 'private', members: [ben.person.username] })
    const presence = ben.client.people.in(room.id)
    await until(() => presence.state.get().known)
    await ben.client.trpc.rooms.leave.mutate({ room: room.id })
    await until(() => presence.state.get().ended !== null)
    expect(presence.state.get()).toMatchObject({ known: false, count: 0, ended: { name: 'MEMBERSHIP_ENDED', retry: false } })
  })

  it('a full state replaces earlier events, and a change adds to them', () => {
    const here = (username: string) => ({ username, state: 'here' as const, lastSeen: null })
    const now = withPresence(unknownPresence, { type: 'now', known: true, count: 2, people: [here('ada'), here('ben')], typing: [] })
    const changed = withPresence(now, { type: 'changed', known: true, count: 3, people: [here('cyd')], typing: ['ada'] })
    expect([...changed.people.keys()]).toEqual(['ada', 'ben', 'cyd'])
    expect(changed).toMatchObject({ count: 3, typing: ['ada'] })
    const again = withPresence(changed, { type: 'now', known: true, count: 1, people: [here('dot')], typing: [] })
    expect([...again.people.keys()]).toEqual(['dot'])
  })

  it('read marks: a full state replaces them, and a change moves some', () => {
    const event = { known: true, count: 0, people: [], typing: [] }
    const read = (...marks: [string, number][]) => ({ reads: marks.map(([username, readSeq]) => ({ username, readSeq })) })
    const now = withPresence(unknownPresence, { type: 'now', ...event, ...read(['ada', 3], ['ben', 1]) })
    const changed = withPresence(now, { type: 'changed', ...event, ...read(['ben', 4]) })
    expect(Object.fromEntries(changed.reads)).toEqual({ ada: 3, ben: 4 })
    expect(withPresence(changed, { type: 'changed', ...event }).reads).toBe(changed.reads)
    expect(withPresence(changed, { type: 'now', ...event }).reads.size).toBe(0)
  })
})
