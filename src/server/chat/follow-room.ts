import { type TrackedEnvelope, tracked } from '@trpc/server'
import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import type { Parts } from '../context'

type MessageEvent = TrackedEnvelope<Message>
type FollowParts = Pick<Parts, 'followers' | 'messages' | 'rooms'>

const pageSize = 500

/**
 * Every change of a room after `after`, each once, in the room's order: first from Postgres, then as they happen. Resolves
 * when nothing that happens from now on will be missed. Ends when `signal` aborts.
 * @throws {Failure} CURSOR_AHEAD; later, from the stream, NOT_A_MEMBER when the person is no longer in the room
 */
export async function followRoom(
  parts: FollowParts,
  { room, userId, after, signal }: { room: string; userId: string; after: number | null; signal: AbortSignal },
): Promise<AsyncIterable<MessageEvent>> {
  // Subscribe before reading: what happens between the two would be missed otherwise.
  const live = await parts.followers.follow(room)
  // A stream that is ended before it was ever read runs no `finally` of its own.
  signal.addEventListener('abort', live.close, { once: true })
  if (signal.aborted) live.close()
  try {
    const lastVersion = await parts.messages.lastVersion(room)
    if (after !== null && after > lastVersion) throw new Failure('CURSOR_AHEAD')
    return stream(after ?? lastVersion)
  } catch (error) {
    live.close()
    throw error
  }

  async function* stream(start: number): AsyncGenerator<MessageEvent> {
    let cursor = start
    // Only tracked values may be yielded: any other makes the client forget how far it got.
    const event = (message: Message) => {
      cursor = message.version
      return tracked(String(message.version), message)
    }
    try {
      for (;;) {
        for (;;) {
          const page = await parts.messages.changesAfter(room, cursor, pageSize)
          for (const message of page) yield event(message)
          if (page.length < pageSize) break
        }
        for (;;) {
          const news = await live.next()
          if (news === 'closed') return
          if (news === 'behind') break
          if (news.type === 'membership') {
            if (news.userId === userId) await parts.rooms.requireMembership(room, userId)
            continue
          }
          if (news.message.version <= cursor) continue
          // A change is missing in between: Postgres has it.
          if (news.message.version > cursor + 1) break
          yield event(news.message)
        }
      }
    } finally {
      live.close()
    }
  }
}
