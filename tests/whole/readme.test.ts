import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Chat, createChat, signIn } from '../../src/sdk'
import { compileIn, compilerPackages, installSdk } from '../support/installed-sdk'
import { password } from '../support/people'
import { until } from '../support/stock-client'
import { enter, startWhole, type Whole } from '../support/whole'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
let whole: Whole
let folder: string
/** The addresses must not change when Roomline restarts. */
let ports: { WEB_PORT: string; REALTIME_PORT: string }
const limits = { SENDS_PER_MINUTE: '120' }

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'roomline-readme-'))
  whole = await startWhole({ dataDir: path.join(folder, 'data'), env: limits })
  ports = { WEB_PORT: new URL(whole.webUrl).port, REALTIME_PORT: new URL(whole.realtimeUrl).port }
  await installSdk(folder, ['@types/node', 'undici-types', ...(await compilerPackages())])
})
afterAll(async () => {
  await whole?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** The code blocks of one language in a document, with the two addresses replaced by those of this test's Roomline. */
async function blocksOf(document: string, language: 'ts' | 'sh'): Promise<string[]> {
  const text = await readFile(path.join(root, document), 'utf8')
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, block = '']) => block)
  return blocks.map((block) =>
    block.replaceAll('localhost:3000', `127.0.0.1:${ports.WEB_PORT}`).replaceAll('localhost:3001', `127.0.0.1:${ports.REALTIME_PORT}`),
  )
}

const compile = (name: string, program: string) => compileIn(folder, name, program)

async function connect(username: string): Promise<Chat> {
  const { token, realtimeUrl } = await signIn(whole.webUrl, { username, password })
  return createChat({ url: realtimeUrl, auth: token, WebSocket: WebSocket })
}

describe('first program of the README', () => {
  let bot: ChildProcess
  let output = ''
  let ada: Chat
  let ben: Chat
  beforeAll(async () => {
    // The first person is the server's admin, and may mute others.
    for (const username of ['ada', 'ben', 'echo']) await enter(whole, 'register', username)
    ;[ada, ben] = await Promise.all([connect('ada'), connect('ben')])
    await ada.trpc.chat.send.mutate({ room: 'general', text: 'before its time' })
    const [program = ''] = await blocksOf('README.md', 'ts')
    const script = await compile('bot', program)
    bot = spawn(process.execPath, [script], { env: { ...process.env, ECHO_PASSWORD: password }, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [bot.stdout, bot.stderr]) stream?.on('data', (chunk) => (output += chunk))
    await until(async () => (await ada.trpc.rooms.members.query({ room: 'general' })).members.length === 3)
    await answersTo(ada, 'Are you there?')
  })
  afterAll(async () => {
    await Promise.all([ada?.close(), ben?.close()])
    bot?.kill()
  })

  const answers = async () => {
    const { messages } = await ada.trpc.chat.history.query({ room: 'general', limit: 100 })
    return messages.filter(({ author }) => author.username === 'echo').map(({ text }) => text)
  }
  /** Sends a message, repeatedly until the bot is there, and waits for its answer. */
  async function answersTo(client: Chat, text: string) {
    const { author } = await client.trpc.chat.send.mutate({ room: 'general', text })
    const deadline = Date.now() + 60_000
    for (let tries = 1; !(await answers()).some((answer) => answer.startsWith(`${author.displayName} said: ${text}`)); tries++) {
      if (Date.now() > deadline || bot.exitCode !== null) throw new Error(`no answer to "${text}": ${output}`)
      if (tries % 40 === 0) await client.trpc.chat.send.mutate({ room: 'general', text: `${text} (${tries})` })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  it('answers what others write, but not edits, reactions, replies or itself', async () => {
    const first = await ada.trpc.chat.send.mutate({ room: 'general', text: 'Tea?' })
    await until(async () => (await answers()).includes('ada said: Tea?'))
    await ada.trpc.chat.edit.mutate({ room: 'general', seq: first.seq, text: 'Coffee?' })
    await ben.trpc.chat.react.mutate({ room: 'general', seq: first.seq, emoji: '☕' })
    await ben.trpc.chat.send.mutate({ room: 'general', text: 'Gladly', replyTo: first.seq })
    await answersTo(ben, 'And cake?')
    const all = await answers()
    expect(all.filter((text) => /Tea|Coffee|Gladly|before its time|echo said/.test(text))).toEqual(['ada said: Tea?'])
  })

  it('logs that it is muted, and goes on afterwards', async () => {
    await ada.trpc.rooms.mute.mutate({ room: 'general', username: 'echo', minutes: 5 })
    await ben.trpc.chat.send.mutate({ room: 'general', text: 'Can you speak?' })
    await until(() => output.includes("You're muted"))
    await ada.trpc.rooms.unmute.mutate({ room: 'general', username: 'echo' })
    await answersTo(ben, 'And now?')
    expect(await answers()).not.toContain('ben said: Can you speak?')
  })

  it('answers everything, within its rate limit', async () => {
    const before = (await answers()).length
    for (let index = 0; index < 26; index++) await [ada, ben][index % 2]?.trpc.chat.send.mutate({ room: 'general', text: `quick ${index}` })
    await until(async () => (await answers()).length >= before + 26, 60_000)
    const quick = (await answers()).filter((text) => text.includes('quick'))
    expect(new Set(quick).size).toBe(26)
    expect(quick).toHaveLength(26)
  })

  it('reconnects after the servers were restarted', async () => {
    await whole.stop()
    whole = await startWhole({ dataDir: whole.dataDir, env: { ...limits, ...ports } })
    await answersTo(ada, 'Back again?')
    expect(bot.exitCode).toBeNull()
  })
})

it('program of the package README: sends its message and exits', async () => {
  await enter(whole, 'register', 'echo').catch(() => enter(whole, 'login', 'echo'))
  const programs = await blocksOf('src/sdk-package/README.md', 'ts')
  expect(programs).toHaveLength(1)
  const script = await compile('package', programs[0] ?? '')
  const { stdout, stderr } = await run(process.execPath, [script], { env: { ...process.env, ECHO_PASSWORD: password }, timeout: 60_000 })
  expect(stdout + stderr).toBe('')
  const client = await connect('echo')
  const { messages } = await client.trpc.chat.history.query({ room: 'general', limit: 10 })
  expect(messages.map(({ text }) => text)).toContain('Hello from a program')
  await client.close()
})

it('curl command of the README: sends its message', async () => {
  await enter(whole, 'register', 'curl')
  const { token } = await signIn(whole.webUrl, { username: 'curl', password })
  const call = (await blocksOf('README.md', 'sh')).find((block) => block.startsWith('curl '))
  const { stdout } = await run('sh', ['-c', call ?? 'false'], { env: { ...process.env, TOKEN: token } })
  expect(JSON.parse(stdout)).toMatchObject({ result: { data: { text: 'The build is green', author: { username: 'curl' } } } })
})
