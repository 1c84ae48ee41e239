import { createBot } from '@roomline/sdk/bot'
import { createFileState } from './file-state.js'

const bot = createBot({
  url: process.env.ROOMLINE_URL ?? 'ws://localhost:3001/trpc',
  auth: process.env.BOT_TOKEN ?? '',
  state: createFileState(process.env.STATE_FILE ?? 'state.json'),
  rooms: ['general'],
})

bot.onMessage(({ author, text }) => `${author.displayName} said: ${text}`)

await bot.ready
console.log('The echo bot answers in general.')
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => bot.close())
const reason = await bot.ended
if (reason) console.error(`The echo bot has ended: ${reason.words}`)
process.exitCode = reason ? 1 : 0
