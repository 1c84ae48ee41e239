import { createInterface, emitKeypressEvents } from 'node:readline'
import { createInterface as createPrompt } from 'node:readline/promises'
import { createChat, readFailure, signIn } from '@roomline/sdk'
import { describe, dim, paint } from './words.js'

const { ROOMLINE_WEB_URL = 'http://localhost:3000', ROOMLINE_ROOM = 'general' } = process.env
const prompt = createPrompt({ input: process.stdin, output: process.stdout })
const username = process.env.ROOMLINE_USERNAME ?? (await prompt.question('Username: '))
const password = process.env.ROOMLINE_PASSWORD ?? (await prompt.question('Password (it is shown): '))
prompt.close()

const login = () => signIn(ROOMLINE_WEB_URL, { username, password })
const { realtimeUrl, user } = await login().catch((error) => {
  console.error(readFailure(error).words)
  process.exit(1)
})
const chat = createChat({ url: realtimeUrl, auth: async () => (await login()).token })
const room = chat.room(ROOMLINE_ROOM)
const presence = chat.people.in(ROOMLINE_ROOM)
const leaving = new AbortController()
const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ' })

/** Writes a line above the one that is being typed. */
function show(line) {
  process.stdout.write(`\r\x1b[J${line}\n`)
  terminal.prompt(true)
}

// What is typed stays, whatever arrives meanwhile.
let shownTyping = ''
presence.state.subscribe(() => {
  const others = presence.state.get().typing.filter((name) => name !== user.username)
  const words = others.length === 0 ? '' : `${others.join(', ')} ${others.length === 1 ? 'is' : 'are'} typing …`
  if (words !== shownTyping && words !== '') show(dim(words))
  shownTyping = words
})
chat.connection.subscribe(() => {
  const status = chat.connection.get()
  if (status.state === 'connecting' && status.lastError) show(dim('Connecting again …'))
  if ('reason' in status) {
    show(paint(status.reason.words, 'red'))
    process.exit(1)
  }
})

const commands = {
  async older() {
    const before = room.state.get().timeline.messages[0]?.seq ?? 0
    await room.loadOlder()
    const { messages } = room.state.get().timeline
    for (const message of messages.filter(({ seq }) => seq < before)) show(describe(message))
  },
  async who() {
    const { people } = presence.state.get()
    show(dim(`Here: ${[...people.keys()].join(', ') || 'nobody'}`))
  },
  async quit() {
    leaving.abort()
    await chat.flush()
    await chat.close()
    process.exit(0)
  },
}

terminal.on('line', (line) => {
  const text = line.trim()
  const command = commands[text.slice(1)]
  if (text.startsWith('/') && command) command().catch((error) => show(paint(readFailure(error).words, 'red')))
  else if (text !== '') room.send(text).done.catch((error) => show(paint(`Not sent: ${readFailure(error).words}`, 'red')))
  terminal.prompt()
})
terminal.on('close', () => void commands.quit())
emitKeypressEvents(process.stdin)
process.stdin.on('keypress', (_, key) => {
  if (key?.name !== 'return' && terminal.line !== '') room.typing()
})

const events = room.events({ signal: leaving.signal })
let isListening = false
room.state.subscribe(() => {
  const { state, timeline } = room.state.get()
  if (isListening || state !== 'live') return
  isListening = true
  for (const message of timeline.messages.slice(-20)) show(describe(message))
  show(dim(`You are ${user.displayName} in ${room.id}. /older, /who and /quit are commands.`))
})
try {
  for await (const event of events) {
    if (event.type === 'created' || event.type === 'membership') show(describe(event.message))
    else if (event.type === 'edited') show(`${describe(event.message)} ${dim('(edited)')}`)
    else if (event.type === 'removed') show(dim(`Message ${event.message.seq} was removed.`))
  }
} catch (error) {
  show(paint(readFailure(error).words, 'red'))
  process.exit(1)
}
