import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { password } from '../support/people'
import { createStockClient, type StockClient, until } from '../support/stock-client'
import { enter, startFreshWhole, type Whole } from '../support/whole'
import { installExample } from './installed-example'

let roomline: Whole & AsyncDisposable
let ada: StockClient
beforeAll(async () => {
  roomline = await startFreshWhole()
  ada = createStockClient({ url: roomline.realtimeUrl, cookie: await enter(roomline, 'register', 'ada', 'Ada') })
  await enter(roomline, 'register', 'terminal', 'Terminal')
})
afterAll(async () => {
  await ada?.close()
  await roomline?.[Symbol.asyncDispose]()
})

const say = (text: string, replyTo?: number) => ada.trpc.chat.send.mutate({ room: 'general', text, ...(replyTo && { replyTo }) })

describe('terminal client', () => {
  it('shows the history and what happens, who is typing, and sends what is typed', async () => {
    for (let index = 1; index <= 60; index++) await say(`message ${index}`)
    await using example = await installExample('terminal-client')
    const env = { ROOMLINE_WEB_URL: roomline.webUrl, ROOMLINE_USERNAME: 'terminal', ROOMLINE_PASSWORD: password }
    await using running = await example.start(env, /You are Terminal in general/)
    const shows = (words: string | RegExp) =>
      until(() => (typeof words === 'string' ? running.output().includes(words) : words.test(running.output())))
    const type = (line: string) => running.child.stdin?.write(`${line}\n`)
    expect(running.output()).toContain('Ada message 60')
    expect(running.output()).not.toContain('Ada message 5\n')

    const { seq } = await say('Is the terminal there?')
    await shows('Ada Is the terminal there?')
    await ada.trpc.chat.edit.mutate({ room: 'general', seq, text: 'Are you there?' })
    await shows('Ada Are you there? (edited)')
    await say('two\nlines \u001b[31m', seq)
    await shows(/↳ Ada: Are you there\?\n {6}Ada two\n {6}lines/)
    expect(running.output()).not.toContain('\u001b[31m')
    await ada.trpc.chat.typing.mutate({ room: 'general' })
    await shows('ada is typing …')
    await ada.trpc.chat.remove.mutate({ room: 'general', seq })
    await shows(`Message ${seq} was removed.`)

    type('written in a terminal')
    await until(async () => {
      const { messages } = await ada.trpc.chat.history.query({ room: 'general', limit: 5 })
      return messages.some(({ text, author }) => text === 'written in a terminal' && author.username === 'terminal')
    })
    type('/older')
    await shows('Ada message 5\n')
    type('/who')
    await shows(/Here: .*ada/)
    type('/quit')
    await until(() => running.child.exitCode === 0)
  }, 120_000)
})
