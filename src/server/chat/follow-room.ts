import { type TrackedEnvelope, tracked } from '@trpc/server'
import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import type { DirectSubscription } from '../fanout/client-socket'
import { type EncodedEvent, encodeEvent, joinFrames } from '../fanout/event-frames'
import type { CatchUpReader, LiveNews } from '../fanout/live-news'
import type { SubscriptionWriter } from '../fanout/subscription-writer'
import { untilAvailable } from '../platform/database'
import type { ChatContext, ChatNeeds } from './needs'

type MessageEvent = TrackedEnvelope<Message>

interface FollowOptions {
  room: string
  userId: string
  /** The version up to which the follower has everything; null to start with the next change. */
  after: number | null
  /** Ends the stream. */
  signal: AbortSignal
  /** Resolves when the client can take more; undefined when it can right away. */
  untilReadable: () => Promise<void> | undefined
  /** Delivers the events directly; null or missing: through tRPC's loop. */
  deliverDirectly?: ChatNeeds['deliverDirectly']
  /** The procedure, for the log. */
  path?: string
  /** Called when a directly delivered subscription has ended. */
  onEnd?: () => void
}

type FollowParts = Pick<ChatNeeds, 'feeds' | 'messages' | 'rooms'>

/** A follower that has joined its room's feed, and how far both are. */
interface Follow {
  room: string
  userId: string
  live: LiveNews
  /** The follower has everything up to this version. */
  cursor: number
  /** `live` has everything after this version. */
  version: number
}

/** Follows a room for the caller, as one of the subscriptions of their connection. @throws {Failure} TOO_MANY_SUBSCRIPTIONS, CURSOR_AHEAD */
export async function subscribeToRoom(
  { parts, caller }: ChatContext,
  input: { room: string; lastEventId?: number | null | undefined },
  { signal = new AbortController().signal, path }: { signal: AbortSignal | undefined; path: string },
): Promise<AsyncIterable<MessageEvent>> {
  const { connection } = caller
  if (!connection) throw new Failure('METHOD_NOT_ALLOWED')
  const onEnd = connection.openSubscription()
  signal.addEventListener('abort', onEnd, { once: true })
  // It may have been stopped while the caller's membership was looked up.
  if (signal.aborted) onEnd()
  try {
    return await followRoom(parts, {
      ...{ room: input.room, userId: caller.user.id, after: input.lastEventId ?? null, signal, path, onEnd },
      untilReadable: () => connection.untilReadable(),
      deliverDirectly: parts.deliverDirectly,
    })
  } catch (error) {
    onEnd()
    throw error
  }
}

/**
 * Every change of a room after a version, each once and in order: first what is stored, then what happens. Resolves once
 * nothing that happens from now on can be missed.
 * @throws {Failure} CURSOR_AHEAD; later, from the stream, MEMBERSHIP_ENDED
 */
export async function followRoom(
  parts: FollowParts,
  { room, userId, after, signal, untilReadable, deliverDirectly, path = '', onEnd = () => {} }: FollowOptions,
): Promise<AsyncIterable<MessageEvent>> {
  // Subscribe before reading, or what happens between the two is missed.
  const { version, live } = await parts.feeds.follow(room, userId)
  // A stream that is ended before it was ever read does not run its own `finally`.
  signal.addEventListener('abort', () => live.close(), { once: true })
  if (signal.aborted) live.close()
  try {
    // Somebody who left before the feed was joined got no news of that.
    await parts.rooms.requireMembership(room, userId)
    // The feed may lag behind what is committed, so it does not know what "from now on" means.
    const lastVersion = after !== null && after <= version ? version : ((await parts.messages.lastVersions([room])).get(room) ?? 0)
    if (after !== null && after > lastVersion) throw new Failure('CURSOR_AHEAD')
    const follow = { room, userId, live, cursor: after ?? lastVersion, version }
    return deliverDirectly ? deliverDirectly(new DirectFollow(parts, follow, path, onEnd)) : stream(parts, follow, untilReadable)
  } catch (error) {
    live.close()
    throw error
  }
}

/** Writes page after page while the follower catches up, then lets the feed write. */
class DirectFollow implements DirectSubscription, CatchUpReader {
  #writer: SubscriptionWriter | null = null

  constructor(
    private readonly parts: FollowParts,
    private readonly follow: Follow,
    readonly path: string,
    private readonly onEnd: () => void,
  ) {}

  start(writer: SubscriptionWriter): void {
    this.#writer = writer
    const { live, cursor, version } = this.follow
    if (cursor < version || !live.deliverTo(this, writer, cursor)) this.interrupted(cursor)
  }

  close(): void {
    this.follow.live.close()
    this.onEnd()
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

/** Splits events into slices of about `sliceBytes`. */
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

/** The fallback where events cannot be delivered directly: tRPC's loop takes one event after the other. */
async function* stream(
  parts: FollowParts,
  { cursor: start, version, ...follow }: Follow,
  untilReadable: () => Promise<void> | undefined,
): AsyncGenerator<MessageEvent> {
  const { userId, live } = follow
  let cursor = start
  let isBehind = cursor < version
  // Yield only tracked values: any other makes the client forget how far it got.
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
      // Reading a page checks the follower's membership.
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

/** The stored changes after the cursor, page by page, as long as the follower is a member. @throws {Failure} MEMBERSHIP_ENDED */
async function* missing(
  parts: FollowParts,
  { room, userId, live, cursor: start }: Omit<Follow, 'version'>,
  untilReadable: () => Promise<void> | undefined,
): AsyncGenerator<Message[]> {
  const read = (after: number) =>
    untilAvailable(live.isClosed.bind(live), async () => {
      const page = await parts.messages.changesAfter(room, after)
      // Check after reading, so that nothing in the page can be newer than the membership.
      await parts.rooms.requireMembership(room, userId).catch(toEnded)
      return page
    })
  let reading: ReturnType<typeof read> | null = null
  for (let cursor = start, isLast = false; !isLast; ) {
    // Wait before the page is read: a client that stalls would hold it in memory.
    await untilReadable()
    if (live.isClosed()) return
    const page: Awaited<ReturnType<typeof read>> = await (reading ?? read(cursor))
    if (live.isClosed()) return
    cursor = page.messages.at(-1)?.version ?? cursor
    isLast = page.isLast
    // Postgres reads the next page while the client takes this one.
    reading = isLast || untilReadable() ? null : read(cursor)
    // It fails where it is awaited, unless nobody wants it any more.
    reading?.catch(() => {})
    if (page.messages.length > 0) yield page.messages
  }
}

/** A follower knows that the room exists, so they may learn that their membership has ended. */
function toEnded(error: unknown): never {
  if (error instanceof Failure && (error.failure === 'NOT_A_MEMBER' || error.failure === 'ROOM_NOT_FOUND'))
    throw new Failure('MEMBERSHIP_ENDED')
  throw error
}

/** How much is written before the socket is checked for room again. */
const sliceBytes = 64 * 1024
