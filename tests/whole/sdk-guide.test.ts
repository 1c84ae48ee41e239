import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Chat, createChat, signIn } from '../../src/sdk'
import { compileIn, compilerPackages, installSdk } from '../support/installed-sdk'
import { password } from '../support/people'
import { until } from '../support/stock-client'
import { enter, startFreshWhole, type Whole } from '../support/whole'

const secret = 'q8Zr3vWc61LmTn0yKxB5uHdJ7sEaPf2GiQo94XwRzVb'

let whole: Whole & AsyncDisposable
let folder: string
let ada: Chat
let botToken: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'roomline-guide-'))
  whole = await startFreshWhole({ APP_TOKEN_SECRETS: secret })
  await installSdk(folder, ['@types/node', 'undici-types', ...(await compilerPackages())])
  for (const name of ['ada', 'guide']) await enter(whole, 'register', name)
  const { token, realtimeUrl } = await signIn(whole.webUrl, { username: 'ada', password })
  ada = createChat({ url: realtimeUrl, auth: token, WebSocket })
  const room = ada.room('general')
  for (let index = 1; index <= 15; index++) room.send(`message ${index}`)
  await ada.flush()
  ;({ token: botToken } = await ada.trpc.bots.create.mutate({ username: 'shop', displayName: 'Shop' }))
  await ada.trpc.rooms.invite.mutate({ room: 'general', username: 'shop' })
})
afterAll(async () => {
  await ada?.close()
  await whole?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** What the blocks use without saying where it comes from. Each may use those before it. */
const given = () => ({
  webUrl: `const webUrl = '${whole.webUrl}'`,
  realtimeUrl: `const realtimeUrl = '${whole.realtimeUrl}'`,
  username: `const username = 'guide'`,
  password: `const password = '${password}'`,
  auth: 'const auth = async () => (await signIn(webUrl, { username, password })).token',
  askForCode: `const askForCode = async () => '123456'`,
  secret: `const secret = '${secret}'`,
  botToken: `const botToken = '${botToken}'`,
  chat: 'const chat = createChat({ url: realtimeUrl, auth })',
  room: `const room = chat.room('general')\nawait new Promise<void>((resolve) => { const stop = room.state.subscribe(() => { if (room.state.get().state === 'live') { resolve() } }); void stop })`,
  saved: 'let saved: string | undefined',
})

const uses = (code: string, name: string) => new RegExp(`(?<![.'\\w])${name}\\b(?!:)`).test(code)

/** A block with what it needs in front of it, and at its end a word that it has run. */
function programOf(block: string): string {
  const parts: string[] = []
  for (const [name, declaration] of Object.entries(given()).reverse()) {
    const isDeclared = new RegExp(`^(const|let) ${name}\\b`, 'm').test(block)
    if (!isDeclared && uses([...parts, block].join('\n'), name)) parts.unshift(declaration)
  }
  const body = [...parts, block.replace(/^import .*\n/gm, '')].join('\n')
  const names = ['createChat', 'finishSignIn', 'readFailure', 'signIn'].filter((name) => uses(body, name))
  const imports = [`import { ${names.join(', ')} } from '@roomline/sdk'`, ...(block.match(/^import .*$/gm) ?? [])]
  return `${imports.join('\n')}\n${body}\nconsole.log('the block has run')\nsetTimeout(() => process.exit(0), 2_000)\n`
}

/** What some blocks print, beside that they have run. */
const prints: [part: string, output: RegExp][] = [
  ["room.send('Hello')", /live \[[^\]]*'Hello'/],
  ['chat.trpc.rooms.list', /general \d+ .*message 15|general \d+/],
  ["chat.thread('general', 12)", /message 12 1/],
  ['room.events({ after: saved })', /ada written while it listens/],
]

describe('docs/sdk.md', () => {
  it('every block of code compiles and runs in a folder with nothing but the SDK', async () => {
    const text = await readFile(fileURLToPath(new URL('../../docs/sdk.md', import.meta.url)), 'utf8')
    const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block = '']) => block)
    expect(blocks.length).toBeGreaterThan(7)
    for (const [index, block] of blocks.entries()) {
      const script = await compileIn(folder, `block-${index}`, programOf(block))
      await runs(script, block)
    }
  })
})

async function runs(script: string, block: string): Promise<void> {
  let output = ''
  const child: ChildProcess = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
  const expected = prints.find(([part]) => block.includes(part))?.[1] ?? /the block has run/
  const listens = block.includes('for await (const event of room.events')
  try {
    await until(async () => {
      if (child.exitCode !== null && child.exitCode !== 0) throw new Error(`ended with ${child.exitCode}:\n${output}`)
      if (listens) await ada.trpc.chat.send.mutate({ room: 'general', text: 'written while it listens' })
      return expected.test(output)
    }, 30_000).catch((error) => {
      throw new Error(`${error.message}\n${block}\nprinted:\n${output}`)
    })
  } finally {
    child.kill()
  }
}
