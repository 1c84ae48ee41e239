import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChat } from '../../src/sdk-package/node-entry'
import { compilerPackages, installSdk } from '../support/installed-sdk'
import { password } from '../support/people'
import { until } from '../support/stock-client'
import { enter, startFreshWhole, type Whole } from '../support/whole'

const run = promisify(execFile)
let whole: Whole & AsyncDisposable
let folder: string
beforeAll(async () => {
  whole = await startFreshWhole()
  folder = await mkdtemp(path.join(tmpdir(), 'roomline-consumer-'))
})
afterAll(async () => {
  await whole?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const program = `
import { createChat, type Message, readFailure, signIn, type AppRouter, type Chat } from '@roomline/sdk'
import { createTestMessage } from '@roomline/sdk/testing'

const { token, realtimeUrl, user } = await signIn(process.argv[2]!, { username: 'consumer', password: process.argv[3]! })
const roomline: Chat = createChat({ url: realtimeUrl, auth: token })

type IsAny<T> = 0 extends 1 & T ? true : false
const heard = new Promise<Message>((resolve, reject) => {
  const subscription = roomline.trpc.chat.onMessage.subscribe({ room: 'general' }, {
    onStarted: () => void roomline.trpc.chat.send.mutate({ room: 'general', text: 'from outside' }).then((sent) => {
      const notAny: IsAny<typeof sent> = false
      const seq: number = sent.seq
      const editedAt: string | null = sent.editedAt
      // @ts-expect-error a message has no such field
      sent.nope
      void [notAny, seq, editedAt]
    }),
    onData: (event) => {
      const notAny: IsAny<typeof event> = false
      const id: string = event.id
      const message: Message = event.data
      void [notAny, id]
      subscription.unsubscribe()
      resolve(message)
    },
    onError: reject,
  })
})
// @ts-expect-error a room is named by a string
const wrongType = () => roomline.trpc.chat.send.mutate({ room: 7, text: 'x' })
// @ts-expect-error there is no such field
const unknownKey = () => roomline.trpc.chat.send.mutate({ room: 'general', text: 'x', colour: 'red' })
// @ts-expect-error there is no such procedure
const unknownCall = () => roomline.trpc.chat.nope.mutate({})
void [wrongType, unknownKey, unknownCall]

const { text, author } = await heard
const failure = await roomline.trpc.chat.send.mutate({ room: 'nowhere', text: 'x' }).then(() => null, readFailure)
const room = roomline.room('general')
room.send('through the outbox')
await new Promise<void>((resolve) => room.state.subscribe(() => {
  if (room.state.get().timeline.messages.some((message) => message.text === 'through the outbox')) resolve()
}))
type Router = AppRouter
const routerIsAny: IsAny<Router> = false
console.log(JSON.stringify({ heard: text, author: author.username === user.username, failure: failure?.name, made: createTestMessage().text, routerIsAny }))
await roomline.close()
`

describe('packed SDK', () => {
  it('a strict TypeScript program without our sources compiles against it, with full inference, and talks to Roomline', async () => {
    const consumer = path.join(folder, 'consumer')
    await mkdir(consumer)
    const { sdk } = await installSdk(consumer, await compilerPackages())
    const packed = JSON.parse(await readFile(path.join(sdk, 'package.json'), 'utf8'))
    expect(Object.keys(packed.dependencies)).toEqual(['@trpc/client'])
    expect(Object.keys(packed.exports)).toEqual([
      '.',
      './bot',
      './react',
      './react/suspense',
      './react/styles.css',
      './devtools',
      './testing',
      './server',
    ])
    await writeFile(path.join(consumer, 'index.ts'), program)
    await writeFile(path.join(consumer, 'node.d.ts'), 'declare const process: { argv: string[] }')
    const compile = (module: string, moduleResolution: string) =>
      run(
        process.execPath,
        [
          path.join(consumer, 'node_modules/typescript/bin/tsc'),
          ...['--strict', '--target', 'es2022', '--lib', 'es2023,dom,esnext.disposable', '--types', ''],
          ...['--skipLibCheck', 'false', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes'],
          ...['--module', module, '--moduleResolution', moduleResolution, 'index.ts', 'node.d.ts'],
        ],
        { cwd: consumer },
      ).catch((error) => {
        throw new Error(`tsc: ${error.stdout}${error.stderr}`)
      })
    await compile('esnext', 'bundler')
    await compile('nodenext', 'nodenext')

    await enter(whole, 'register', 'consumer')
    const { stdout } = await run(process.execPath, ['index.js', whole.webUrl, password], { cwd: consumer, timeout: 30_000 })
    expect(JSON.parse(stdout)).toEqual({
      heard: 'from outside',
      author: true,
      failure: 'ROOM_NOT_FOUND',
      made: 'Hello',
      routerIsAny: false,
    })
  })

  it('contains nothing of the server', async () => {
    const sdk = path.join(folder, 'consumer/node_modules/@roomline/sdk')
    for (const file of await readdir(sdk)) {
      const text = await readFile(path.join(sdk, file), 'utf8')
      if (file.endsWith('.d.ts')) expect(text, file).not.toMatch(/from '(?!\.\/|@trpc\/|react')|prisma|ioredis|next\//i)
      if (file.endsWith('.js')) expect(text, file).not.toMatch(/argon2|ioredis|jose/)
      // The outbox of an app has statements of its own.
      if (file.endsWith('.js') && file !== 'server.js') expect(text, file).not.toMatch(/SELECT /)
    }
  })
})

it.each(['/', '/trpc', '/rooms'])(
  'a client that is given the web app’s address (%s) says that it is the wrong one, and what is the right one',
  async (path) => {
    const client = createChat({ url: `${whole.webUrl}${path}`, auth: 'a token' })
    await until(() => client.connection.get().state === 'refused')
    expect(client.connection.get()).toMatchObject({ reason: { name: 'NOT_ROOMLINE', words: expect.stringContaining('realtimeUrl') } })
    await client.close()
  },
)
