import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStockClient, type Followed, type StockClient, until } from '../support/stock-client'
import { enter, startFreshWhole, type Whole } from '../support/whole'

/** Longer than a restart takes on a busy machine. */
const patienceMs = 60_000

interface Process {
  pid: number
  parent: number
  command: string
}

function processes(): Process[] {
  return execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^ *(\d+) +(\d+) (.*)$/.exec(line))
    .map((found) => ({ pid: Number(found?.[1]), parent: Number(found?.[2]), command: found?.[3] ?? '' }))
}

/** The processes that the launcher started: servers, services and their guards. */
const children = () => processes().filter(({ parent }) => parent === whole.launcher.pid)

/** Kills the process whose command line contains `words`. */
function kill(words: string): Process | undefined {
  const found = children().find(({ command }) => command.includes(words))
  if (found) process.kill(found.pid, 'SIGKILL')
  return found
}

let whole: Whole & AsyncDisposable
let cookie: string
let client: StockClient
let followed: Followed
beforeAll(async () => {
  whole = await startFreshWhole()
  cookie = await enter(whole, 'register', 'ada')
  client = createStockClient({ url: whole.realtimeUrl, cookie })
  followed = await client.follow('general')
})
afterAll(async () => {
  await client?.close()
  await whole?.[Symbol.asyncDispose]()
})

const says = (line: string) => until(() => whole.output().includes(line), patienceMs)

/** The texts of all acknowledged messages. */
const sent: string[] = []

/** Sends a message until it is acknowledged, and waits until the follower has all of them. */
async function say(text: string) {
  const message = { room: 'general', text, clientId: randomUUID() }
  const acknowledged = () =>
    client.trpc.chat.send.mutate(message).then(
      () => true,
      () => false,
    )
  await until(acknowledged, patienceMs)
  sent.push(text)
  expect((await followed.until(sent.length, patienceMs)).map((each) => each.text)).toEqual(sent)
}

describe('crash', () => {
  it('of the realtime server: it is restarted, and a stock client has every acknowledged message', async () => {
    await say('before the crash')
    expect(kill('/server/main.ts')).toBeDefined()
    await until(() => client.opened.length > 1, patienceMs)
    await say('after the crash')
    const { messages } = await client.trpc.chat.history.query({ room: 'general' })
    expect(messages.map((message) => message.text)).toEqual(sent)
    await says('The realtime server was killed by SIGKILL. Restarting it.')
    await says('The realtime server is running again')
  })

  it('of the web app: it is restarted, and sessions stay valid', async () => {
    expect(kill('/web-server/main.ts')).toBeDefined()
    await says('The web app was killed by SIGKILL. Restarting it.')
    await says('The web app is running again')
    const session = await fetch(`${whole.webUrl}/api/session`, { headers: { cookie } })
    expect(await session.json()).toMatchObject({ user: { username: 'ada' }, realtimeUrl: whole.realtimeUrl })
    expect((await fetch(`${whole.webUrl}/login`)).status).toBe(200)
  })

  it('of Redis and Postgres: they are restarted, and no acknowledged message is lost', async () => {
    expect(kill('redis-process.ts') ?? kill('redis-server')).toBeDefined()
    await says('Redis is running again')
    await say('after the crash of Redis')

    expect(kill('/bin/postgres ')).toBeDefined()
    await says('Postgres is running again')
    await say('after the crash of Postgres')
    expect(followed.errors).toEqual([])
    const { messages } = await client.trpc.chat.history.query({ room: 'general' })
    expect(messages.map((message) => message.text)).toEqual(sent)
    expect((await fetch(`${whole.webUrl}/api/session`, { headers: { cookie } })).status).toBe(200)
  })

  it('five times within a minute: everything else is closed, and the launcher exits with code 1', async () => {
    const seen = new Map<number, string>()
    await until(() => {
      for (const { pid, command } of children()) seen.set(pid, command)
      kill('/server/main.ts')
      return whole.output().includes('That was crash number 5 within 60 s: giving up.')
    }, patienceMs)
    expect(await whole.ended).toBe(1)
    expect(whole.output().match(/^Roomline ready/gm)).toHaveLength(1)
    expect(whole.output()).not.toContain('The web app ended with')
    await until(() => !processes().some(({ pid, command }) => seen.get(pid) === command), patienceMs)
  })
})
