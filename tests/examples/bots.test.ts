import { rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareExample } from '../../examples/prepare'
import type { Message } from '../../src/contract/message'
import { createStockClient, type StockClient, until } from '../support/stock-client'
import { enter, startFreshWhole, type Whole } from '../support/whole'
import { findPorts, installExample } from './installed-example'

let roomline: Whole & AsyncDisposable
let ada: StockClient
beforeAll(async () => {
  roomline = await startFreshWhole()
  await enter(roomline, 'register', 'first-admin')
  ada = createStockClient({ url: roomline.realtimeUrl, cookie: await enter(roomline, 'register', 'ada', 'Ada') })
})
afterAll(async () => {
  await ada?.close()
  await roomline?.[Symbol.asyncDispose]()
})

const say = (text: string) => ada.trpc.chat.send.mutate({ room: 'general', text })

async function messagesOf(username: string): Promise<Message[]> {
  const { messages } = await ada.trpc.chat.history.query({ room: 'general', limit: 100 })
  return messages.filter(({ author, kind }) => author.username === username && kind === 'text')
}
const textsOf = async (username: string) => (await messagesOf(username)).map(({ text }) => text)

describe('the examples of bots', () => {
  it('echo bot: answers, and after a restart answers what it missed, and nothing twice', async () => {
    await using example = await installExample('echo-bot')
    const env = await prepareExample(roomline, { bot: 'echo' })
    {
      await using _ = await example.start(env, /answers in general/)
      await say('one')
      await until(async () => (await textsOf('echo')).length === 1)
    }
    await say('two')
    {
      await using _ = await example.start(env, /answers in general/)
      await say('three')
      await until(async () => (await textsOf('echo')).length === 3)
    }
    expect(await textsOf('echo')).toEqual(['Ada said: one', 'Ada said: two', 'Ada said: three'])
    await rm(path.join(example.folder, 'state.json'))
  })

  it('ops bot: carries out commands, and says what is wrong with others', async () => {
    await using example = await installExample('ops-bot')
    await using _ = await example.start(await prepareExample(roomline, { bot: 'ops' }), /listens in general/)
    const asked = [await say('!deploy api v1.5')]
    for (const text of ['!scale web 5', '!scale web many', '!deploy db v1', '@ops status', '@ops hello', '!help'])
      asked.push(await say(text))
    await until(async () => (await textsOf('ops')).length === asked.length, 20_000)
    expect(await textsOf('ops')).toEqual([
      'api runs v1.5. Asked for by @ada.',
      'web runs 5 times.',
      'copies: must be a number\nUsage: `!scale <service> <copies>`',
      'service: must be api or web\nUsage: `!deploy <service> <version>`',
      '- **api** v1.5, 2 copies\n- **web** v3.0, 5 copies',
      'I only know commands, Ada. `!help` lists them.',
      expect.stringContaining('- `!status` shows what runs'),
    ])
    const { messages } = await ada.trpc.chat.history.query({ room: 'general', limit: 100 })
    expect(messages.find(({ seq }) => seq === asked[0]?.seq)?.reactions).toMatchObject([{ emoji: '🚀', usernames: ['ops'] }])
  })

  it('order service: an order and its message are both there, or neither, by either way', async () => {
    await using example = await installExample('order-service')
    const [port] = await findPorts(1)
    const env = await prepareExample(roomline, { bot: 'shop', database: true })
    await using _ = await example.start({ ...env, PORT: String(port) }, /Order with/)
    const order = (item: string, amount: number, by = '') =>
      fetch(`http://127.0.0.1:${port}/orders${by}`, { method: 'POST', body: JSON.stringify({ item, amount }) }).then(({ status }) => status)
    for (const by of ['', '?by=outbox']) {
      expect(await order('tea', 2, by)).toBe(201)
      expect(await order('nothing', 0, by)).toBe(400)
      expect(await order('cake', 1, by)).toBe(201)
    }
    await until(async () => (await textsOf('shop')).length === 4)
    expect((await textsOf('shop')).sort()).toEqual(['Order 1: 2 × tea', 'Order 3: 1 × cake', 'Order 4: 2 × tea', 'Order 6: 1 × cake'])
  })
})
