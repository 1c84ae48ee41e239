import type { Message } from '../../contract/message'
import type { User } from '../../contract/session'
import type { Chat } from '../chat'
import { ChatError, mayRetry, readFailure } from '../chat-error'
import { systemClock } from '../clock'
import { backoffWithJitter } from '../connection/reconnect'
import { endOf } from '../connection/status'
import { pause } from '../waits'

/** A new message of somebody else, as the handlers of a bot get it. */
export interface BotMessage {
  /** The room's id. */
  room: string
  seq: number
  text: string
  author: User
  /** All of it. */
  message: Message
  /**
   * Answers the message. While the server cannot take it, or says that the bot is too fast, it waits and tries again. When the
   * bot is stopped before it has noted that it was here, it comes here again: the answer is then the same message, and not a
   * second one.
   * @returns the answer; null when there was one already, with another text
   * @throws {ChatError} when the answer is refused: MUTED, POSTING_RESTRICTED, ROOM_ARCHIVED, MESSAGE_NOT_FOUND, BAD_REQUEST
   */
  reply(text: string): Promise<Message | null>
  /** Reacts to the message with an emoji. Waits as `reply` does. */
  react(emoji: string): Promise<void>
}

/** Answers of bots begin with it: no bot answers those, or two of them would talk for ever. */
const answerPrefix = 'bot-answer-'

export const isAnswerOfBot = ({ clientId }: Message): boolean => clientId?.startsWith(answerPrefix) ?? false

/** @param handler tells the answers of several handlers apart */
export function createBotMessage(chat: Chat, message: Message, handler: number, signal: AbortSignal): BotMessage {
  const { room, seq, text, author } = message
  let answers = 0
  return {
    ...{ room, seq, text, author, message },
    reply: (answer) => {
      const clientId = `${answerPrefix}${seq}-${handler}-${answers++}`
      const send = () => chat.trpc.chat.send.mutate({ room, text: answer, replyTo: seq, clientId })
      return untilAnswered(chat, signal, send).catch((error: unknown) => {
        if (readFailure(error).name === 'CLIENT_ID_REUSED') return null
        throw error
      })
    },
    react: async (emoji) => {
      await untilAnswered(chat, signal, () => chat.trpc.chat.react.mutate({ room, seq, emoji }))
    },
  }
}

/** Makes a call that may be made twice until it is answered or refused, or the bot closes. */
async function untilAnswered<Value>({ connection }: Chat, signal: AbortSignal, call: () => Promise<Value>): Promise<Value> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      const failure = readFailure(error)
      // Slow mode is not tried again by itself, but says how long it takes.
      const isOver = signal.aborted || endOf(connection.get()) !== null || !(mayRetry(failure) || failure.retryAfterMs !== undefined)
      if (isOver) throw error instanceof ChatError ? error : new ChatError(failure, { cause: error })
      await pause(systemClock, failure.retryAfterMs ?? backoffWithJitter(attempt), signal)
    }
  }
}
