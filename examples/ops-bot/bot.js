import { setTimeout } from 'node:timers/promises'
import { createBot } from '@roomline/sdk/bot'
import { z } from 'zod'

const bot = createBot({
  url: process.env.ROOMLINE_URL ?? 'ws://localhost:3001/trpc',
  auth: process.env.BOT_TOKEN ?? '',
  // It may forget: a command that was given while it was down is not carried out later.
  state: new Map(),
  rooms: ['general'],
})

/** What runs where. A real one would ask the machines. */
const services = new Map([
  ['api', { version: 'v1.4', copies: 2 }],
  ['web', { version: 'v3.0', copies: 3 }],
])
const service = z.enum(['api', 'web'], 'must be api or web')

bot.command('status', {
  description: 'shows what runs',
  run: () => [...services].map(([name, { version, copies }]) => `- **${name}** ${version}, ${copies} copies`).join('\n'),
})

bot.command('deploy <service> <version>', {
  description: 'puts another version into service',
  args: z.object({ service, version: z.string().regex(/^v\d+(\.\d+)*$/, 'must look like v1.5') }),
  run: async ({ service: name, version }, message) => {
    await message.react('🚀')
    await setTimeout(200)
    services.set(name, { ...services.get(name), version })
    return `${name} runs ${version}. Asked for by @${message.author.username}.`
  },
})

bot.command('scale <service> <copies>', {
  description: 'changes how many copies run',
  args: z.object({ service, copies: z.coerce.number('must be a number').int().min(1).max(10) }),
  run: ({ service: name, copies }) => {
    services.set(name, { ...services.get(name), copies })
    return `${name} runs ${copies} times.`
  },
})

bot.onMention(({ author }) => `I only know commands, ${author.displayName}. \`!help\` lists them.`)

await bot.ready
console.log('The ops bot listens in general: !help')
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => bot.close())
const reason = await bot.ended
if (reason) console.error(`The ops bot has ended: ${reason.words}`)
process.exitCode = reason ? 1 : 0
