import { type TrackedEnvelope, tracked } from '@trpc/server'
import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import type { Parts } from '../context'
import { isUnavailable } from '../platform/database'

type MessageEvent = TrackedEnvelope<Message>

export interface FollowRequest {
  room: string
  userId: string
  after: number | null
  signal: AbortSignal
  /** Resolves when the reader can take more: at once, mostly. */
  untilReadable: () => Promise<void> | undefined
}

/**
 * Every change of a room after `after`, each once, in the room's order: first from Postgres, then as they happen. Resolves
 * when nothing that happens from now on will be missed. Ends when `signal` aborts.
 * @throws {Failure} CURSOR_AHEAD; later, from the stream, NOT_A_MEMBER when the person is no longer in the room
 */
export async function followRoom(
  parts: Pick<Parts, 'feeds' | 'messages' | 'rooms'>,
  { room, userId, after, signal, untilReadable }: FollowRequest,
): Promise<AsyncIterable<MessageEvent>> {
  // Subscribe before reading: what happens between the two would be missed otherwise.
  const { version, live } = await parts.feeds.follow(room, userId)
  // A stream that is ended before it was ever read runs no `finally` of its own.
  signal.addEventListener('abort', live.close, { once: true })
  if (signal.aborted) live.close()
  try {
    // Who left before the feed was joined was told nothing of it.
    await parts.rooms.requireMembership(room, userId)
    // The feed may lag behind what is committed, so it cannot tell what "now" is.
    const lastVersion = after !== null && after <= version ? version : ((await parts.messages.lastVersions([room])).get(room) ?? 0)
    if (after !== null && after > lastVersion) throw new Failure('CURSOR_AHEAD')
    return stream(after ?? lastVersion)
  } catch (error) {
    live.close()
    throw error
  }

  async function* stream(start: number): AsyncGenerator<MessageEvent> {
    let cursor = start
    let isBehind = cursor < version
    // Only tracked values may be yielded: any other makes the client forget how far it got.
    const event = (message: Message) => {
      cursor = message.version
      return tracked(String(message.version), message)
    }
    try {
      for (;;) {
        while (isBehind) {
          const { messages, isLast } = await untilAvailable(signal, async () => {
            const page = await parts.messages.changesAfter(room, cursor)
            // After the page, not before: then nothing in it can be later than the membership that was found.
            await parts.rooms.requireMembership(room, userId)
            return page
          })
          for (const message of messages) {
            await untilReadable()
            yield event(message)
          }
          isBehind = !isLast
        }
        const news = await live.next()
        if (news === 'closed') return
        if (news === 'behind') isBehind = true
        else if (news.type === 'membership') {
          if (news.userId === userId) await untilAvailable(signal, () => parts.rooms.requireMembership(room, userId))
        } else if (news.message.version > cursor) {
          await untilReadable()
          yield event(news.message)
        }
      }
    } finally {
      live.close()
    }
  }
}

const pauseMs = 500

/** A client ends a stream that fails, and does not come back to it: while Postgres is away the stream waits instead. */
async function untilAvailable<Value>(signal: AbortSignal, read: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (!isUnavailable(error) || signal.aborted) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}
