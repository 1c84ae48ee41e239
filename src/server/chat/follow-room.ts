import { type TrackedEnvelope, tracked } from '@trpc/server'
import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import type { DirectSubscription } from '../fanout/client-socket'
import { type EncodedEvent, encodeEvent, joinFrames } from '../fanout/event-frames'
import type { CatchUpReader, LiveNews } from '../fanout/live-news'
import type { SubscriptionWriter } from '../fanout/subscription-writer'
import { untilAvailable } from '../platform/database'
import type { ChatNeeds } from './needs'

type MessageEvent = TrackedEnvelope<Message>

export interface FollowRequest {
  room: string
  userId: string
  after: number | null
  signal: AbortSignal
  /** Resolves when the reader can take more: at once, mostly. */
  untilReadable: () => Promise<void> | undefined
  /** Delivers the events directly; null or missing: through tRPC's loop. */
  deliverDirectly?: ((subscription: DirectSubscription) => AsyncIterable<never>) | null
  path?: string
  /** Called when a directly delivered subscription has ended. */
  ended?: () => void
}

type FollowParts = Pick<ChatNeeds, 'feeds' | 'messages' | 'rooms'>

/** A follower that has joined its room's feed, and how far each of them is. */
interface Follow {
  room: string
  userId: string
  live: LiveNews
  /** It has everything up to here. */
  cursor: number
  /** News tell of everything after this. */
  version: number
}

/**
 * Every change of a room after `after`, each once, in the room's order: first from Postgres, then as they happen. Resolves
 * when nothing that happens from now on will be missed. Ends when `signal` aborts.
 * @throws {Failure} CURSOR_AHEAD; later, from the stream, MEMBERSHIP_ENDED
 */
export async function followRoom(
  parts: FollowParts,
  { room, userId, after, signal, untilReadable, deliverDirectly, path = '', ended = () => {} }: FollowRequest,
): Promise<AsyncIterable<MessageEvent>> {
  // Subscribe before reading: what happens between the two would be missed otherwise.
  const { version, live } = await parts.feeds.follow(room, userId)
  // A stream that is ended before it was ever read runs no `finally` of its own.
  signal.addEventListener('abort', () => live.close(), { once: true })
  if (signal.aborted) live.close()
  try {
    // Who left before the feed was joined was told nothing of it.
    await parts.rooms.requireMembership(room, userId)
    // The feed may lag behind what is committed, so it cannot tell what "now" is.
    const lastVersion = after !== null && after <= version ? version : ((await parts.messages.lastVersions([room])).get(room) ?? 0)
    if (after !== null && after > lastVersion) throw new Failure('CURSOR_AHEAD')
    const follow = { room, userId, live, cursor: after ?? lastVersion, version }
    return deliverDirectly ? deliverDirectly(new DirectFollow(parts, follow, path, ended)) : stream(parts, follow, untilReadable)
  } catch (error) {
    live.close()
    throw error
  }
}

/** Writes to the writer, a page at a time while it catches up, and leaves the rest to the feed. */
class DirectFollow implements DirectSubscription, CatchUpReader {
  #writer: SubscriptionWriter | null = null

  constructor(
    private readonly parts: FollowParts,
    private readonly follow: Follow,
    readonly path: string,
    private readonly ended: () => void,
  ) {}

  start(writer: SubscriptionWriter): void {
    this.#writer = writer
    const { live, cursor, version } = this.follow
    if (cursor < version || !live.deliverTo(this, writer, cursor)) this.interrupted(cursor)
  }

  close(): void {
    this.follow.live.close()
    this.ended()
  }

  interrupted(cursor: number): void {
    if (this.#writer) void this.#catchUp(this.#writer, cursor)
  }

  async #catchUp(writer: SubscriptionWriter, from: number): Promise<void> {
    const { live } = this.follow
    let cursor = from
    try {
      do {
        for await (const messages of missing(this.parts, { ...this.follow, cursor }, () => writer.untilReadable())) {
          await this.#write(writer, messages)
          cursor = messages.at(-1)?.version ?? cursor
        }
      } while (!live.deliverTo(this, writer, cursor))
    } catch (error) {
      if (!live.isClosed()) writer.fail(error)
    }
  }

  async #write(writer: SubscriptionWriter, messages: readonly Message[]): Promise<void> {
    for (const events of slicesOf(messages.map(encodeEvent))) {
      // Asked again after each wait: many subscriptions may wait for the same socket, and each would write.
      for (let waiting = writer.untilReadable(); waiting; waiting = writer.untilReadable()) await waiting
      writer.write(joinFrames(writer.head, events))
    }
  }
}

/** As many events together as may be written at once. */
function* slicesOf(events: readonly EncodedEvent[]): Generator<EncodedEvent[]> {
  let slice: EncodedEvent[] = []
  let bytes = 0
  for (const event of events) {
    slice.push(event)
    bytes += event.bytes.length
    if (bytes < sliceBytes) continue
    yield slice
    slice = []
    bytes = 0
  }
  if (slice.length > 0) yield slice
}

/** The plain way: tRPC takes one event after the other. */
async function* stream(
  parts: FollowParts,
  { cursor: start, version, ...follow }: Follow,
  untilReadable: () => Promise<void> | undefined,
): AsyncGenerator<MessageEvent> {
  const { userId, live } = follow
  let cursor = start
  let isBehind = cursor < version
  // Only tracked values may be yielded: any other makes the client forget how far it got.
  const event = (message: Message) => {
    cursor = message.version
    return tracked(String(message.version), message)
  }
  try {
    for (;;) {
      if (isBehind) {
        for await (const messages of missing(parts, { ...follow, cursor }, untilReadable)) {
          for (const message of messages) {
            await untilReadable()
            yield event(message)
          }
        }
        isBehind = false
      }
      const news = await live.next()
      if (news === 'closed') return
      // Its person's membership is looked up with each page.
      if (news === 'behind') isBehind = true
      else if (news.type === 'membership') isBehind = news.userId === userId
      else if (news.type === 'message' && news.message.version > cursor) {
        await untilReadable()
        yield event(news.message)
      }
    }
  } finally {
    live.close()
  }
}

/** What is stored after the cursor, page by page, for as long as the person is a member. @throws {Failure} MEMBERSHIP_ENDED */
async function* missing(
  parts: FollowParts,
  { room, userId, live, cursor: start }: Omit<Follow, 'version'>,
  untilReadable: () => Promise<void> | undefined,
): AsyncGenerator<Message[]> {
  let cursor = start
  for (let isLast = false; !isLast; ) {
    // Before the page is read, because a reader that stalls would hold it in memory.
    await untilReadable()
    if (live.isClosed()) return
    const page = await untilAvailable(live.isClosed.bind(live), async () => {
      const read = await parts.messages.changesAfter(room, cursor)
      // After the page, not before: then nothing in it can be later than the membership that was found.
      await parts.rooms.requireMembership(room, userId).catch(toEnded)
      return read
    })
    if (live.isClosed()) return
    if (page.messages.length > 0) yield page.messages
    cursor = page.messages.at(-1)?.version ?? cursor
    isLast = page.isLast
  }
}

/** Somebody who follows a room knows that it is there: they are told what has become of it for them. */
function toEnded(error: unknown): never {
  if (error instanceof Failure && (error.failure === 'NOT_A_MEMBER' || error.failure === 'ROOM_NOT_FOUND'))
    throw new Failure('MEMBERSHIP_ENDED')
  throw error
}

/** So much is written before a socket is asked again whether it has room. */
const sliceBytes = 64 * 1024
