import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createChat } from '../../src/sdk'
import { emptyLog, withFrame } from '../../src/sdk/devtools/frames'
import { type Frame, inspect } from '../../src/sdk/inspection'
import { until } from '../support/stock-client'
import { type BareServer, startBareServer } from './bare-server'

let server: BareServer
beforeAll(async () => {
  server = await startBareServer()
})
afterAll(() => server.close())

describe('inspecting a chat', () => {
  it('shows its frames, but no token', async () => {
    const chat = createChat({ url: server.url, auth: 'a very secret token', WebSocket })
    const frames: Frame[] = []
    const stop = inspect(chat).onFrame((frame) => frames.push(frame))
    await chat.trpc.rooms.list.query()
    expect(frames.map(({ direction, text }) => `${direction} ${text}`)).toEqual([
      'sent {"method":"connectionParams","data":{"protocol":"2","token":"…"}}',
      expect.stringMatching(/^sent .*session\.me/),
      expect.stringMatching(/^received .*"id":"hello"/),
      expect.stringMatching(/^sent .*rooms\.list/),
      expect.stringMatching(/^received /),
    ])
    stop()
    await chat.trpc.rooms.list.query()
    expect(frames).toHaveLength(5)
    await chat.close()
  })

  it('cuts the connection and lets it come back, and shows what waits meanwhile', async () => {
    const chat = createChat({ url: server.url, auth: 'token', WebSocket })
    const { cut, isCut, unsent } = inspect(chat)
    await until(() => chat.connection.get().state === 'connected')
    cut(true)
    expect(isCut.get()).toBe(true)
    await until(() => chat.connection.get().state === 'connecting')
    const { clientId } = chat.room('general').send('written while cut')
    await until(() => unsent.get().length === 1)
    expect(unsent.get()).toMatchObject([{ clientId, room: 'general', state: 'pending', text: 'written while cut' }])
    cut(false)
    await until(() => chat.connection.get().state === 'connected', 10_000)
    await chat.close()
  })

  it('knows no other object', () => {
    expect(() => inspect({})).toThrow('not a chat')
  })
})

describe('the log of frames', () => {
  const at = 0
  const sent = (text: string): Frame => ({ direction: 'sent', at, text })
  const received = (text: string): Frame => ({ direction: 'received', at, text })

  it('follows each stream with its cursor, from its start to its end', () => {
    const frames = [
      sent('PING'),
      sent('{"id":1,"method":"subscription","params":{"path":"chat.onMessage","input":{"room":"general","lastEventId":"7"}}}'),
      received('{"id":1,"result":{"type":"started"}}'),
      received('{"id":1,"result":{"id":"8","type":"data","data":{"id":"8"}}}'),
      received('[{"id":1,"result":{"id":"9","type":"data","data":{}}},{"id":2,"result":{"type":"data","data":[]}}]'),
    ]
    const log = frames.reduce(withFrame, emptyLog)
    expect(log.streams).toEqual([{ id: 1, path: 'chat.onMessage', input: '{"room":"general","lastEventId":"7"}', cursor: '9', events: 2 }])
    expect(withFrame(log, sent('{"id":1,"method":"subscription.stop"}')).streams).toEqual([])
    expect(withFrame(log, received('{"id":1,"error":{"message":"no"}}')).streams).toEqual([])
    expect(withFrame(log, received('{"id":1,"result":{"type":"stopped"}}')).streams).toEqual([])
  })

  it('keeps the latest two hundred', () => {
    const log = Array.from({ length: 500 }, (_, index) => sent(`PING ${index}`)).reduce(withFrame, emptyLog)
    expect(log.frames).toHaveLength(200)
    expect(log.frames.at(-1)?.text).toBe('PING 499')
  })
})
