import type { Message } from '../../contract/message'
import type { User } from '../../contract/session'
import { type Chat, createChat } from '../chat'
import { type ChatFailure, readFailure } from '../chat-error'
import { systemClock } from '../clock'
import type { Auth } from '../connection/credentials'
import type { WebSocketClass } from '../connection/raw-socket'
import { endOf } from '../connection/status'
import { pause } from '../waits'
import { type BotMessage, createBotMessage, isAnswerOfBot } from './bot-message'
import { startBotRoom } from './bot-room'
import {
  type BotCommand,
  type BotCommandOptions,
  type CommandArgs,
  describeCommands,
  findBotCommand,
  type HandlerAnswer,
  parseArgs,
  parsePattern,
} from './commands'
import type { BotState } from './place'

/** Something that went wrong, which the bot survives. */
export interface BotProblem {
  failure: ChatFailure
  /** What was thrown. */
  error: unknown
  /** The room's id; null when it is not about one. */
  room: string | null
  /** The message whose handler has thrown, if one has. */
  message: Message | null
}

export interface BotOptions {
  /** The address of the realtime server, for example `ws://localhost:3001/trpc`. */
  url: string
  /** The bot's token, from `bots.create`, or a function that returns one. */
  auth: Auth
  /** Where to keep how far the bot has come. */
  state: BotState
  /** The ids of the rooms to be in. Public ones are joined. Default: every room that somebody adds the bot to. */
  rooms?: readonly string[]
  /** What commands begin with. Default: `!`. Behind a mention of the bot, they need none. */
  prefix?: string
  /** Called for everything that goes wrong. Default: it is written to the console. */
  onError?(problem: BotProblem): void
  /** A WebSocket class, for runtimes that have none. In Node the SDK brings one. */
  WebSocket?: WebSocketClass
}

/** Handles a message. A returned text is the answer. */
export type MessageHandler = (message: BotMessage) => HandlerAnswer

export interface Bot {
  /**
   * Adds a command: words, then arguments in the order in which they are typed. Text that begins with the prefix and the words
   * calls it. When the arguments are wrong, the bot answers with what is wrong and how the command is used; it also answers
   * `!help`.
   * @param pattern for example `deploy <service> [version]`, or `say <...text>` for all the rest of the text
   * @example
   * bot.command('deploy <service> [version]', ({ service, version = 'main' }) => `Deploying ${service} ${version}`)
   * bot.command('wait <minutes>', {
   *   description: 'sets a timer',
   *   args: z.object({ minutes: z.coerce.number().int().max(60) }),
   *   run: ({ minutes }, message) => message.reply(`${minutes} minutes it is`),
   * })
   * @throws Error when the pattern makes no sense
   */
  command<const Pattern extends string>(pattern: Pattern, run: (args: CommandArgs<Pattern>, message: BotMessage) => HandlerAnswer): void
  command<const Pattern extends string, Args = CommandArgs<Pattern>>(pattern: Pattern, options: BotCommandOptions<Args>): void
  /**
   * Calls `handler` for every new text of others, commands too: never for what the bot wrote, for edits, or for answers of other
   * bots. One message of a room at a time, in their order.
   * @returns an unsubscribe function
   */
  onMessage(handler: MessageHandler): () => void
  /** The same for texts that mention the bot and are no command. */
  onMention(handler: MessageHandler): () => void
  /** The connection, for everything else: `bot.chat.room('general').send('Hello')`, for example. */
  chat: Chat
  /** Resolves when the bot follows its rooms: from here on, it answers what is written. Rejects when it ends before. */
  ready: Promise<void>
  /** Resolves when the bot has ended: with the reason, or with null after `close`. */
  ended: Promise<ChatFailure | null>
  /** Lets the running handlers finish, and disconnects. What has not been handled is handled after the next start. */
  close(): Promise<void>
}

/**
 * A program that reads and writes in rooms. It goes on where it was when it is started again, answers each message once, and
 * survives lost connections, deploys and errors of its handlers.
 * @example
 * const bot = createBot({ url: 'ws://localhost:3001/trpc', auth: process.env.BOT_TOKEN, state: new Map() })
 * bot.onMention(({ author }) => `Hello, ${author.displayName}`)
 * bot.command('roll <sides>', ({ sides }) => `You rolled ${1 + Math.floor(Math.random() * Number(sides))}`)
 * await bot.ended
 * @throws Error when `url` cannot be the address of a realtime server, or the runtime has no WebSocket
 */
export function createBot({ url, auth, state, rooms: wanted, prefix = '!', onError = writeToConsole, WebSocket: Socket }: BotOptions): Bot {
  const chat = createChat({ url, auth, ...(Socket && { WebSocket: Socket }) })
  const closing = new AbortController()
  const { signal } = closing
  const commands: BotCommand[] = []
  const messageHandlers = new Set<MessageHandler>()
  const mentionHandlers = new Set<MessageHandler>()
  const following = new Map<string, { close(): Promise<void> }>()
  const awaited = new Set<string>()
  let me: User | null = null
  const ready = createDeferred<void>()
  const ended = createDeferred<ChatFailure | null>()
  // Whoever does not ask must not be told.
  ready.promise.catch(() => {})

  const report = (error: unknown, room: string | null, message: Message | null = null) =>
    onError({ failure: readFailure(error), error, room, message })

  /** What a handler returns may be the answer. @returns whether it is done */
  async function run(message: Message, place: number, handler: MessageHandler): Promise<boolean> {
    const botMessage = createBotMessage(chat, message, place, signal)
    try {
      const answer = await handler(botMessage)
      if (typeof answer === 'string' && answer.trim() !== '') await botMessage.reply(answer)
      return true
    } catch (error) {
      // It was stopped by the end of the bot, and can go on after the next start.
      if (signal.aborted || endOf(chat.connection.get())) return false
      report(error, message.room, message)
      return true
    }
  }

  /** Places that do not depend on how many handlers there are: with each, answers have their own clientIds. */
  async function handle(message: Message): Promise<boolean> {
    if (message.kind !== 'text' || message.deletedAt !== null || message.author.id === me?.id || isAnswerOfBot(message)) return true
    const command = commandHandler(message)
    if (command && !(await run(message, 0, command))) return false
    const mentioned = !command && me !== null && message.mentions.includes(me.username) ? [...mentionHandlers] : []
    for (const [index, handler] of mentioned.entries()) if (!(await run(message, 100 + index, handler))) return false
    for (const [index, handler] of [...messageHandlers].entries()) if (!(await run(message, 200 + index, handler))) return false
    return true
  }

  function commandHandler({ text }: Message): MessageHandler | null {
    const called = commandTextOf(text)
    if (called === null) return null
    const found = findBotCommand(commands, called)
    if (!found) return commands.length > 0 && /^help\s*$/i.test(called) ? () => describeCommands(commands, prefix) : null
    const { command, rest } = found
    return async (message) => {
      const parsed = await parseArgs(command, rest)
      if (parsed.problems) return `${parsed.problems.join('\n')}\nUsage: \`${prefix}${command.pattern}\``
      return command.options.run(parsed.args, message)
    }
  }

  /** What stands behind the prefix, or behind a mention of the bot at the beginning. */
  function commandTextOf(text: string): string | null {
    const trimmed = text.trimStart()
    const mention = `@${me?.username ?? ''}`
    if (me && trimmed.toLowerCase().startsWith(mention) && /^[\s,:]/.test(trimmed.slice(mention.length)))
      return trimmed
        .slice(mention.length)
        .replace(/^[\s,:]+/, '')
        .replace(prefix === '' ? /(?!)/ : prefixAtStart(prefix), '')
    return prefix !== '' && trimmed.startsWith(prefix) ? trimmed.slice(prefix.length) : null
  }

  function followRoom(room: string) {
    if (following.has(room) || signal.aborted) return
    const started = startBotRoom({
      chat,
      room,
      state,
      handle,
      onReady: () => isReady(room),
      onProblem: (error) => report(error, room),
      onEnded: (reason) => {
        // When the whole bot ends, that is not a problem of the room.
        if (endOf(chat.connection.get())) return
        following.delete(room)
        isReady(room)
        if (wanted) report(reason, room)
      },
    })
    following.set(room, started)
  }

  function isReady(room: string) {
    awaited.delete(room)
    if (awaited.size === 0) ready.resolve()
  }

  async function joinAndFollow(room: string) {
    for (;;) {
      try {
        await chat.trpc.rooms.join.mutate({ room })
        return followRoom(room)
      } catch (error) {
        const { name, retry, retryAfterMs = 1_000 } = readFailure(error)
        // A private room cannot be joined, but the bot may be in it already.
        if (name === 'ROOM_NOT_FOUND' || name === 'NOT_ALLOWED' || name === 'DIRECT_ROOM') return followRoom(room)
        if (!retry || signal.aborted) {
          isReady(room)
          return report(error, room)
        }
        await pause(systemClock, retryAfterMs, signal)
      }
    }
  }

  const list = wanted ? null : chat.rooms.open()
  function followList() {
    const now = list?.state.get()
    if (now?.state !== 'live') return
    const ids = now.rooms.filter(({ archivedAt }) => archivedAt === null).map(({ id }) => id)
    for (const id of ids) if (!following.has(id)) awaited.add(id)
    for (const [room, { close }] of following) {
      if (ids.includes(room)) continue
      following.delete(room)
      void close()
    }
    for (const id of ids) followRoom(id)
    if (ids.length === 0) ready.resolve()
  }

  async function start() {
    me = (await chat.trpc.session.me.query()).user
    if (!wanted) {
      list?.state.subscribe(followList)
      return followList()
    }
    for (const room of wanted) awaited.add(room)
    if (wanted.length === 0) ready.resolve()
    for (const room of wanted) void joinAndFollow(room)
  }

  /** Before the bot knows who it is, it cannot know what is said to it. */
  async function startInTime() {
    for (;;) {
      try {
        return await start()
      } catch (error) {
        if (signal.aborted || endOf(chat.connection.get())) return
        if (!readFailure(error).retry) report(error, null)
        await pause(systemClock, readFailure(error).retryAfterMs ?? 1_000, signal)
      }
    }
  }

  const checkStatus = () => {
    const reason = endOf(chat.connection.get())
    if (!reason) return
    ready.reject(reason)
    ended.resolve(signal.aborted ? null : reason)
  }
  chat.connection.subscribe(checkStatus)
  void startInTime()

  return {
    command: ((pattern: string, options: BotCommand['options'] | BotCommand['options']['run']) => {
      commands.push(parsePattern(pattern, typeof options === 'function' ? { run: options } : options))
    }) as Bot['command'],
    onMessage: (handler) => add(messageHandlers, handler),
    onMention: (handler) => add(mentionHandlers, handler),
    chat,
    ready: ready.promise,
    ended: ended.promise,
    close: async () => {
      closing.abort()
      list?.close()
      await Promise.all([...following.values()].map(({ close }) => close()))
      await chat.close()
      checkStatus()
    },
  }
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function createDeferred<Value>() {
  let resolve: (value: Value) => void = () => {}
  let reject: (reason: unknown) => void = () => {}
  const promise = new Promise<Value>((onValue, onReason) => {
    resolve = onValue
    reject = onReason
  })
  return { promise, resolve, reject }
}

function add(handlers: Set<MessageHandler>, handler: MessageHandler): () => void {
  handlers.add(handler)
  return () => handlers.delete(handler)
}

const prefixAtStart = (prefix: string) => new RegExp(`^${prefix.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`)

function writeToConsole({ failure, error, room, message }: BotProblem): void {
  const place = room === null ? '' : ` in ${room}${message ? ` at message ${message.seq}` : ''}`
  // biome-ignore lint/suspicious/noConsole: the default for programs that have no log of their own
  console.error(`The bot had a problem${place}: ${failure.words}`, error)
}
