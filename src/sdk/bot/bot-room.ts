import type { Message } from '../../contract/message'
import type { Chat } from '../chat'
import { ChatError, type ChatFailure, failureNamed, readFailure } from '../chat-error'
import { systemClock } from '../clock'
import { startFollowing } from '../following'
import { type BotPlace, type BotState, isDone, movePast, placeKey, readPlace, writePlace } from './place'

/** When so many wait, no more are taken from the server until they are done with. */
const maxWaiting = 500

interface BotRoomOptions {
  chat: Chat
  room: string
  state: BotState
  /** Does what there is to do for a message that is new to the bot. Never rejects. @returns false to come back to it after a restart */
  handle(message: Message): Promise<boolean>
  onReady(): void
  onProblem(error: unknown): void
  onEnded(reason: ChatFailure): void
}

/** Follows a room from where the bot was, and hands over each new message once, one after the other. */
export function startBotRoom({ chat, room, state, handle, onReady, onProblem, onEnded }: BotRoomOptions): { close(): Promise<void> } {
  const key = placeKey(room)
  /** Null until it is loaded. */
  let place: BotPlace | null = null
  /** Every change up to this one is in the queue, or was. */
  let received = 0
  const queue: Message[] = []
  let working: Promise<void> | null = null
  let isClosed = false

  /** Without a state, the room as it is now: a new bot does not answer what was said before it came. */
  async function loadPlace(): Promise<BotPlace> {
    const kept = await Promise.resolve(state.get(key)).catch((error: unknown) => {
      onProblem(error)
      // Not for good: the bot must not start anew because its database was away.
      throw new ChatError(failureNamed('UNAVAILABLE'), { cause: error })
    })
    return readPlace(kept) ?? startAtEnd()
  }

  async function startAtEnd(): Promise<BotPlace> {
    const { messages } = await chat.trpc.chat.history.query({ room, limit: 1 })
    const [newest] = messages
    const first = { version: newest?.version ?? 0, seq: newest?.seq ?? 0, ahead: [] }
    await save(first)
    return first
  }

  async function save(next: BotPlace) {
    try {
      await state.set(key, writePlace(next))
    } catch (error) {
      onProblem(error)
    }
  }

  const following = startFollowing({
    status: chat.connection,
    clock: systemClock,
    follow: async ({ signal, onStarted }) => {
      await working
      if (place === null) {
        place = await loadPlace()
        received = place.version
      }
      try {
        await followFrom(received, signal, onStarted)
      } catch (error) {
        // The room was restored to an earlier state.
        if (readFailure(error).name !== 'CURSOR_AHEAD') throw error
        onProblem(error)
        place = await startAtEnd()
        received = place.version
      }
    },
    onEnded,
  })

  function followFrom(version: number, outer: AbortSignal, onStarted: () => void): Promise<void> {
    const stopping = new AbortController()
    const stop = () => stopping.abort()
    outer.addEventListener('abort', stop, { once: true })
    return new Promise<void>((resolve, reject) => {
      chat.trpc.chat.onMessage.subscribe(
        { room, lastEventId: String(version) },
        {
          onStarted: () => {
            onStarted()
            onReady()
          },
          onData: ({ data }) => {
            if (stopping.signal.aborted) return
            received = data.version
            queue.push(data)
            if (queue.length >= maxWaiting) stop()
            working ??= work()
          },
          onError: reject,
          onStopped: resolve,
          onComplete: resolve,
          signal: stopping.signal,
        },
      )
    }).finally(() => outer.removeEventListener('abort', stop))
  }

  async function work() {
    // Before anything is done, so that the caller knows of it.
    await null
    for (let message = queue[0]; message && !isClosed; message = queue[0]) {
      const before: BotPlace = place ?? { version: 0, seq: 0, ahead: [] }
      const isNew = !isDone(before, message)
      // It comes back after a restart: the place stays before it.
      if (isNew && !(await handle(message))) break
      place = movePast(before, message)
      queue.shift()
      if (isNew || queue.length === 0) await save(place)
    }
    working = null
  }

  return {
    close: async () => {
      isClosed = true
      following.close()
      await working
    },
  }
}
