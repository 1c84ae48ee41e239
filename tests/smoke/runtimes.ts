import { spawn } from 'node:child_process'
import path from 'node:path'
import { prepareExample } from '../../examples/prepare'
import { installExample } from '../examples/installed-example'
import { password } from '../support/people'
import { createStockClient, until } from '../support/stock-client'
import { enter, startFreshWhole } from '../support/whole'

/** The examples that need no browser, against the packed SDK, on each runtime that they are for. Runtimes come as npm packages. */
const runtimes: Record<string, string[]> = {
  'Node 20': ['node'],
  'Node 22': ['npx', '-y', 'node@22'],
  'Node 24': ['npx', '-y', 'node@24'],
  Bun: ['npx', '-y', 'bun', 'run'],
  Deno: ['npx', '-y', 'deno', 'run', '--allow-all', '--quiet'],
}
const programs = [
  { example: 'echo-bot', file: 'bot.js', ready: /answers in general/, asks: 'Are you there?', answers: /Ada said: Are you there\?/ },
  { example: 'ops-bot', file: 'bot.js', ready: /listens in general/, asks: '!deploy api v1.5', answers: /api runs v1\.5/ },
  { example: 'terminal-client', file: 'client.js', ready: /You are Terminal/, types: 'typed here', answers: /^typed here$/ },
]

const roomline = await startFreshWhole()
const ada = createStockClient({ url: roomline.realtimeUrl, cookie: await enter(roomline, 'register', 'ada', 'Ada') })
await enter(roomline, 'register', 'terminal', 'Terminal')
const environments: Record<string, Record<string, string>> = {
  'echo-bot': await prepareExample(roomline, { bot: 'echo' }),
  'ops-bot': await prepareExample(roomline, { bot: 'ops' }),
  'terminal-client': {
    ROOMLINE_WEB_URL: roomline.webUrl,
    ROOMLINE_USERNAME: 'terminal',
    ROOMLINE_PASSWORD: password,
  },
}
const failed: string[] = []
for (const [runtime, command] of Object.entries(runtimes)) {
  for (const { example, file, ready, asks, types, answers } of programs) {
    const name = `${runtime}: ${example}`
    const since = performance.now()
    await using installed = await installExample(example)
    const [program = '', ...args] = command
    const { PATH, HOME } = process.env
    const child = spawn(program, [...args, path.join(installed.folder, file)], {
      cwd: installed.folder,
      env: { NODE_ENV: 'production', PATH, HOME, ...environments[example] },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    try {
      await until(() => ready.test(output), 90_000)
      const { messages } = await ada.trpc.chat.history.query({ room: 'general', limit: 1 })
      const before = messages.at(-1)?.seq ?? 0
      if (asks) await ada.trpc.chat.send.mutate({ room: 'general', text: asks })
      if (types) child.stdin.write(`${types}\n`)
      await until(async () => {
        const page = await ada.trpc.chat.history.query({ room: 'general', after: before, limit: 100 })
        return page.messages.some(({ text, author }) => author.username !== 'ada' && answers.test(text))
      }, 20_000)
      process.stdout.write(`${name}: works  ${((performance.now() - since) / 1_000).toFixed(1)} s\n`)
    } catch (error) {
      failed.push(name)
      process.stdout.write(`${name}: FAILED: ${(error as Error).message}\n${output}\n`)
    } finally {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      await exited
    }
  }
}
await ada.close()
await roomline[Symbol.asyncDispose]()
process.exitCode = failed.length > 0 ? 1 : 0
