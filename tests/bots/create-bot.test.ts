import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import type { Message } from '../../src/contract/message'
import { type Bot, type BotOptions, type BotProblem, createBot } from '../../src/sdk/bot'
import { type ConnectedPerson, connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

let roomline: Roomline
let ada: ConnectedPerson
beforeAll(async () => {
  roomline = await startRoomline()
  ada = await connectPerson(roomline, { name: 'ada' })
})
afterAll(() => roomline[Symbol.asyncDispose]())

let made = 0
/** A bot's account that is in a new room of ada's, and starts as often as wanted. */
async function setStage() {
  const username = `robot-${++made}`
  const { token } = await ada.trpc.bots.create.mutate({ username, displayName: `Robot ${made}` })
  const room = await makeRoom('private', ada)
  await ada.trpc.rooms.invite.mutate({ room, username })
  const problems: BotProblem[] = []
  const state = new Map<string, string>()
  const start = (options: Partial<BotOptions> = {}) =>
    createBot({ url: roomline.urls[0] ?? '', auth: token, state, onError: (problem) => problems.push(problem), WebSocket, ...options })
  const say = (text: string, replyTo?: number) => ada.trpc.chat.send.mutate({ room, text, ...(replyTo && { replyTo }) })
  const answers = async (count: number, timeoutMs?: number): Promise<Message[]> => {
    const read = async () =>
      (await ada.trpc.chat.history.query({ room, limit: 100 })).messages.filter(({ author }) => author.username === username)
    await until(async () => (await read()).filter(({ kind }) => kind === 'text').length >= count, timeoutMs)
    return (await read()).filter(({ kind }) => kind === 'text')
  }
  return { username, token, room, problems, state, start, say, answers }
}

const started = async (bot: Bot) => {
  await bot.ready
  return bot
}

describe('createBot', () => {
  it('onMessage: gets the new texts of others, and never edits, lines, its own or those before it came', async () => {
    const { start, say, room, answers, problems } = await setStage()
    await say('before it came')
    const seen: string[] = []
    const bot = start()
    bot.onMessage(({ text }) => {
      seen.push(text)
      return `You said ${text}`
    })
    await bot.ready
    const { seq } = await say('one')
    await answers(1)
    await ada.trpc.chat.edit.mutate({ room, seq, text: 'edited' })
    await ada.trpc.chat.react.mutate({ room, seq, emoji: '👍' })
    await ada.trpc.rooms.update.mutate({ room, topic: 'a line about the room' })
    await say('two')
    const [first, second] = await answers(2)
    expect(first).toMatchObject({ text: 'You said one', replyTo: { seq } })
    expect(second?.text).toBe('You said two')
    expect(seen).toEqual(['one', 'two'])
    expect(problems).toEqual([])
    await bot.close()
    expect(await bot.ended).toBeNull()
  })

  it('a restart: goes on after the last message, also after one that was edited while it was away', async () => {
    const { start, say, room, answers, state } = await setStage()
    const seen: string[] = []
    const run = async () => {
      const bot = start()
      bot.onMessage(({ text }) => {
        seen.push(text)
        return `re ${text}`
      })
      return started(bot)
    }
    const first = await run()
    await say('one')
    await answers(1)
    await first.close()
    const edited = await say('two')
    await say('three')
    await ada.trpc.chat.edit.mutate({ room, seq: edited.seq, text: 'two, edited' })
    const removed = await say('four')
    await ada.trpc.chat.remove.mutate({ room, seq: removed.seq })
    const second = await run()
    await answers(3)
    await second.close()
    expect([...seen].sort()).toEqual(['one', 'three', 'two, edited'])
    const third = await run()
    await say('five')
    await answers(4)
    await third.close()
    expect(seen).toHaveLength(4)
    expect(state.size).toBe(1)
  })

  it('a crash between the answer and the note of it: answers once', async () => {
    const { start, say, answers, state } = await setStage()
    const bot = start()
    let runs = 0
    bot.onMessage(() => `answer ${++runs}`)
    await bot.ready
    const before = new Map(state)
    await say('hello')
    await answers(1)
    await bot.close()
    // As if it had never been noted.
    const again = start({ state: before })
    again.onMessage(() => `answer ${++runs}`)
    await again.ready
    await say('and again')
    await answers(2)
    expect(runs).toBe(3)
    expect((await answers(2)).map(({ text }) => text)).toEqual(['answer 1', 'answer 3'])
    await again.close()
  })

  it('onMention and commands: each text goes where it belongs', async () => {
    const { start, say, answers, username } = await setStage()
    const bot = start()
    bot.onMention(({ author }) => `yes, ${author.username}?`)
    bot.command('deploy <service> [version]', ({ service, version = 'main' }) => `deploying ${service} at ${version}`)
    bot.command('wait <minutes>', {
      description: 'sets a timer',
      args: z.object({ minutes: z.coerce.number<string>().int().max(60) }),
      run: async ({ minutes }, message) => void (await message.reply(`${minutes + 1} minutes`)),
    })
    await bot.ready
    for (const text of [
      'nothing',
      `@${username} are you there`,
      '!deploy api',
      `@${username}: deploy api v2`,
      '!wait 4',
      '!wait 90',
      '!wait',
      '!help',
      '!unknown',
    ])
      await say(text)
    const texts = (await answers(7)).map(({ text }) => text)
    expect(texts).toEqual([
      'yes, ada?',
      'deploying api at main',
      'deploying api at v2',
      '5 minutes',
      'minutes: Too big: expected number to be <=60\nUsage: `!wait <minutes>`',
      'minutes is missing\nUsage: `!wait <minutes>`',
      '- `!deploy <service> [version]`\n- `!wait <minutes>` sets a timer',
    ])
    await bot.close()
  })

  it('a handler that throws: is reported, and the bot goes on with the next message', async () => {
    const { start, say, answers, problems, room } = await setStage()
    const bot = start()
    bot.onMessage(({ text }) => {
      if (text === 'bad') throw new Error('a bug')
      return 'good'
    })
    bot.onMessage(async ({ text }) => {
      if (text === 'bad') await Promise.reject(new Error('another'))
    })
    await bot.ready
    const { seq } = await say('bad')
    await say('fine')
    await answers(1)
    expect(problems.map(({ failure, message, room: where }) => [failure.words, message?.seq, where])).toEqual([
      ['a bug', seq, room],
      ['another', seq, room],
    ])
    await bot.close()
  })

  it('two bots: do not answer each other', async () => {
    const one = await setStage()
    const two = await ada.trpc.bots.create.mutate({ username: 'second-robot', displayName: 'Second robot' })
    await ada.trpc.rooms.invite.mutate({ room: one.room, username: 'second-robot' })
    const bots = [one.start(), createBot({ url: roomline.urls[0] ?? '', auth: two.token, state: new Map(), WebSocket })]
    for (const bot of bots) bot.onMessage(({ text }) => `echo of ${text}`)
    for (const bot of bots) await bot.ready
    await one.say('hello')
    await one.answers(1)
    await one.say('once more')
    await one.answers(2)
    await until(
      async () =>
        (await ada.trpc.chat.history.query({ room: one.room })).messages.filter(({ text }) => text === 'echo of once more').length === 2,
    )
    const { messages } = await ada.trpc.chat.history.query({ room: one.room })
    expect(messages.filter(({ text }) => text.startsWith('echo of echo'))).toEqual([])
    for (const bot of bots) await bot.close()
  })

  it('rooms: it follows those that it is added to later, leaves those that it is removed from, and joins those it is told to', async () => {
    const { start, answers, username, room, say } = await setStage()
    const bot = start()
    const seen: string[] = []
    bot.onMessage(({ text }) => void seen.push(text))
    await bot.ready
    const later = await makeRoom('private', ada)
    await ada.trpc.rooms.invite.mutate({ room: later, username })
    await until(async () => {
      await ada.trpc.chat.send.mutate({ room: later, text: 'welcome' })
      return seen.includes('welcome')
    })
    await ada.trpc.rooms.remove.mutate({ room, username })
    await say('behind its back')
    await bot.close()
    expect(seen).not.toContain('behind its back')
    await ada.trpc.rooms.invite.mutate({ room, username })
    const open = await makeRoom('public', ada)
    const told = start({ rooms: [open, room] })
    told.onMessage(({ text }) => `heard ${text}`)
    await told.ready
    await ada.trpc.chat.send.mutate({ room: open, text: 'in the open' })
    await say('in private')
    await until(async () => (await ada.trpc.chat.history.query({ room: open })).messages.some(({ text }) => text === 'heard in the open'))
    expect((await answers(1)).at(-1)?.text).toBe('heard in private')
    await told.close()
  })

  it('a rate limit: is waited for', async () => {
    await using limited = await startRoomline({ env: { SENDS_PER_MINUTE: '600' } })
    const owner = await connectPerson(limited, { name: 'owner' })
    const { token } = await owner.trpc.bots.create.mutate({ username: 'quick', displayName: 'Quick' })
    const room = await makeRoom('private', owner)
    await owner.trpc.rooms.invite.mutate({ room, username: 'quick' })
    const problems: BotProblem[] = []
    const bot = createBot({
      url: limited.urls[0] ?? '',
      auth: token,
      state: new Map(),
      WebSocket,
      onError: (problem) => problems.push(problem),
    })
    const count = 30
    bot.onMessage(async (message) => {
      for (let number = 0; number < count; number++) await message.reply(`number ${number}`)
    })
    await bot.ready
    const followed = await owner.follow(room)
    await owner.trpc.chat.send.mutate({ room, text: 'go' })
    const own = () => followed.messages.filter(({ author }) => author.username === 'quick').map(({ text }) => text)
    await until(() => own().length === count, 25_000)
    const texts = own()
    expect(texts).toEqual(Array.from({ length: count }, (_, number) => `number ${number}`))
    expect(problems).toEqual([])
    await bot.close()
  })

  it('a token that ends: the bot ends with the reason', async () => {
    const { start, username } = await setStage()
    const bot = await started(start())
    await ada.trpc.bots.rotate.mutate({ username })
    expect(await bot.ended).toMatchObject({ name: 'UNAUTHORIZED' })
    await bot.close()
    const refused = start()
    await expect(refused.ready).rejects.toMatchObject({ name: 'UNAUTHORIZED' })
    await refused.close()
  })

  it('a state that fails: is reported, and the bot starts when it is back', async () => {
    const { start, say, answers, problems } = await setStage()
    let isAway = true
    const kept = new Map<string, string>()
    const state = {
      get: async (key: string) => {
        if (isAway) throw new Error('the database is away')
        return kept.get(key)
      },
      set: async (key: string, value: string) => void kept.set(key, value),
    }
    const bot = start({ state })
    bot.onMessage(() => 'here')
    await until(() => problems.length > 0)
    expect(problems[0]?.failure.words).toBe('the database is away')
    isAway = false
    await bot.ready
    await say('hello')
    await answers(1)
    expect(kept.size).toBe(1)
    await bot.close()
  })
})
