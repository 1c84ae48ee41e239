import type { Message } from '../contract/message'
import type { User } from '../contract/session'
import type { Procedures } from './calls'
import { ChatError, type ChatFailure, failureNamed } from './chat-error'
import type { Clock } from './clock'
import type { ConnectionStatus } from './connection/status'
import { startFollowing } from './following'
import type { Store } from './store'

interface Changed {
  /** The message as it is now. */
  message: Message
  /** Pass it as `after` to continue behind this event. */
  cursor: string
}

/** How somebody became or stopped being a member. */
export type MembershipChange = 'joined' | 'left' | 'added' | 'removed' | 'banned'

/**
 * Something that happened in a room. Several changes of a message that were missed arrive as one, under the name of the most
 * important.
 */
export type RoomEvent =
  /** A new message. A line about the room (its `kind` is `renamed`, for example) is one too, unless it is about a member. */
  | (Changed & { type: 'created' })
  /** A line in the room that says who joined, left, or was added, removed or banned, by whom (its author). */
  | (Changed & { type: 'membership'; change: MembershipChange; user: User })
  /**
   * A change of a message: another text; no content any more; a reaction came or went; it was answered, or no longer; it was
   * pinned or unpinned, see its `pinnedAt`. `previous` is the message before, as far as this client has seen it. When it has not, it is
   * null, and the type is a guess by what the message has.
   */
  | (Changed & { type: 'edited' | 'removed' | 'reacted' | 'answered' | 'pinned'; previous: Message | null })

interface EventsOptions {
  calls: Pick<Procedures, 'chat'>
  status: Store<ConnectionStatus>
  clock: Clock
  room: string
  after?: string | undefined
  signal?: AbortSignal
  /** Where the room is now, once it is loaded. @throws {ChatError} when it has ended */
  readPlace(stopped: AbortSignal | undefined): Promise<RoomPlace>
  /** A message that is loaded already. */
  find(seq: number): Message | undefined
}

/** A place in the events of a room: all changes up to this version, and all messages up to this seq, lie before it. */
export interface RoomPlace {
  version: number
  seq: number
}

/** While this many events wait to be handled, no more are asked for. */
const mostWaiting = 500
/** How many messages are kept, to tell what has changed in them. */
const mostSeen = 2_000

/** The events of a room, as fast as they are asked for: however slow that is, only some hundred of them wait in memory. */
export async function* readRoomEvents({
  calls,
  status,
  clock,
  room,
  after,
  signal,
  readPlace,
  find,
}: EventsOptions): AsyncIterableIterator<RoomEvent> {
  const start = after === undefined ? await readPlace(signal) : placeOf(after)
  if (signal?.aborted) return
  const created = createFrontier(start.seq)
  const seen = new Map<number, Message>()
  const waiting: Message[] = []
  let lastEventId = String(start.version)
  let reason: ChatFailure | null = null
  let wake = () => {}
  let resume = () => {}
  let paused = new AbortController()

  const following = startFollowing({
    clock,
    status,
    follow: async (options) => {
      if (waiting.length >= mostWaiting) await new Promise<void>((resolve) => (resume = resolve))
      paused = new AbortController()
      await subscribe(AbortSignal.any([options.signal, paused.signal]), options.onStarted)
    },
    onEnded: (ended) => {
      reason = ended
      wake()
    },
  })

  function subscribe(stopped: AbortSignal, onStarted: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      calls.chat.onMessage.subscribe(
        { room, lastEventId },
        {
          onStarted,
          onData: ({ id, data }) => {
            if (stopped.aborted) return
            lastEventId = id
            waiting.push(data)
            if (waiting.length >= mostWaiting) paused.abort()
            wake()
          },
          onError: reject,
          onStopped: resolve,
          onComplete: resolve,
          signal: stopped,
        },
      )
    })
  }

  const onAbort = () => wake()
  signal?.addEventListener('abort', onAbort)
  try {
    while (!signal?.aborted) {
      const message = waiting.shift()
      if (message) {
        if (waiting.length === 0) resume()
        const known = seen.get(message.seq) ?? find(message.seq)
        const previous = known && known.version < message.version ? known : null
        seen.delete(message.seq)
        seen.set(message.seq, message)
        if (seen.size > mostSeen) seen.delete(seen.keys().next().value ?? 0)
        const isNew = created.add(message.seq)
        yield eventOf(message, isNew, previous, `${message.version}.${created.upTo()}`)
      } else if (reason) throw new ChatError(reason)
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    following.close()
  }
}

/** @throws {ChatError} BAD_REQUEST when this was never the cursor of an event */
function placeOf(cursor: string): RoomPlace {
  const [version, seq] = cursor.split('.').map(Number)
  if (/^\d{1,15}(\.\d{1,15})?$/.test(cursor) && version !== undefined) return { version, seq: seq ?? version }
  throw new ChatError(failureNamed('BAD_REQUEST', { words: 'after: not the cursor of an event.' }))
}

/** Tells which messages were made since a place. They arrive by version, which is not the order of their seqs. */
export function createFrontier(upTo: number) {
  const beyond = new Set<number>()
  return {
    upTo: () => upTo,
    /** @returns whether it is the first time */
    add: (seq: number): boolean => {
      if (seq <= upTo || beyond.has(seq)) return false
      beyond.add(seq)
      while (beyond.delete(upTo + 1)) upTo++
      return true
    },
  }
}

function eventOf(message: Message, isNew: boolean, previous: Message | null, cursor: string): RoomEvent {
  if (!isNew) return { type: typeOfChange(message, previous), message, previous, cursor }
  const { kind, detail } = message
  switch (kind) {
    case 'joined':
    case 'left':
    case 'added':
    case 'removed':
    case 'banned':
      return { type: 'membership', change: kind, user: detail?.user ?? message.author, message, cursor }
    default:
      return { type: 'created', message, cursor }
  }
}

type ChangeType = Extract<RoomEvent, { previous: unknown }>['type']

function typeOfChange(message: Message, previous: Message | null): ChangeType {
  const { deletedAt, editedAt, pinnedAt, reactions, replyCount } = message
  if (deletedAt !== (previous?.deletedAt ?? null)) return 'removed'
  if (editedAt !== (previous?.editedAt ?? null)) return 'edited'
  if (pinnedAt !== (previous?.pinnedAt ?? null)) return 'pinned'
  if (replyCount !== (previous?.replyCount ?? 0)) return 'answered'
  return previous && JSON.stringify(reactions) === JSON.stringify(previous.reactions) ? 'edited' : 'reacted'
}
