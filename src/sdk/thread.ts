import type { Message, ThreadPage } from '../contract/message'
import type { Procedures } from './calls'
import type { ChatFailure } from './chat-error'
import type { Clock } from './clock'
import type { ConnectionStatus } from './connection/status'
import { startFollowing } from './following'
import { newerOf } from './message-runs'
import type { Sending } from './outbox'
import type { Unsent } from './outbox-storage'
import { withNewerQuote } from './quotes'
import type { ChatRoom, SendOptions } from './room'
import { findMessage } from './room-timeline'
import { createStore, type Store } from './store'
import { untilLoaded } from './waits'

interface ThreadContent {
  /** The message that the thread began with; null until it is loaded. */
  root: Message | null
  /** The messages that answer it, and those that answer them: ascending by seq. */
  messages: readonly Message[]
  /** Whether the thread has messages before the first of `messages`. */
  hasBefore: boolean
  /** The person's own that the server has not acknowledged. */
  unsent: readonly Unsent[]
}

export type ThreadState =
  | (ThreadContent & { state: 'loading' })
  | (ThreadContent & { state: 'live' })
  /** There is no such message, the person may no longer read the room, or the client has ended. */
  | (ThreadContent & { state: 'ended'; reason: ChatFailure })

export interface ThreadHandle {
  room: string
  state: Store<ThreadState>
  /**
   * Sends a message to the thread, as `send` of a room does.
   * @param options `replyTo`: the message of the thread that it answers. Default: the first one
   */
  send(text: string, options?: SendOptions): Sending
  /** Sends a failed message again, as the same message. */
  retry(clientId: string): void
  /** Removes a failed message. */
  discard(clientId: string): void
  /** Tells the others in the room that the person is typing, as `typing` of a room does. */
  typing(): void
  /** Loads the page before the oldest loaded message. */
  loadOlder(): Promise<void>
  /** Loads the thread again after it has ended. */
  reopen(): void
  close(): void
}

const pageSize = 50
/** Until the server has said who. */
const nobody = { id: '', username: '', displayName: '', avatar: null }

/** @param room a handle for this thread alone, which it closes @param seq any message of the thread */
export function openThread(
  { calls, status, clock }: { calls: Pick<Procedures, 'chat'>; status: Store<ConnectionStatus>; clock: Clock },
  room: ChatRoom,
  seq: number,
): ThreadHandle {
  const state = createStore<ThreadState>({ state: 'loading', root: null, messages: [], hasBefore: false, unsent: [] })
  const closing = new AbortController()
  /** What has arrived since a page was asked for, which may be older than that. */
  const arriving = new Set<Message[]>()
  let reload = () => {}

  const update = (change: (thread: ThreadState) => ThreadState) =>
    state.set(withUnsentOf(change(state.get()), room.state.get().timeline.unsent, seq))
  const receive = (message: Message) => {
    for (const arrived of arriving) arrived.push(message)
    update((thread) => withThreadMessage(thread, message))
  }

  async function load(before: number | undefined, signal: AbortSignal, change: (thread: ThreadState, page: ThreadPage) => ThreadState) {
    const arrived: Message[] = []
    arriving.add(arrived)
    try {
      const page = await calls.chat.thread.query({ room: room.id, seq, limit: pageSize, ...(before && { before }) }, { signal })
      update((thread) => arrived.reduce(withThreadMessage, change(thread, page)))
    } finally {
      arriving.delete(arrived)
    }
  }

  const following = startFollowing({
    clock,
    status,
    follow: async ({ signal, onStarted }) => {
      if (state.get().state === 'ended') update((thread) => ({ ...contentOf(thread), state: 'loading' }))
      await untilLoaded(room.state, signal)
      const reloading = new Promise<void>((resolve) => {
        reload = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
      await load(undefined, signal, (thread, page) => ({ ...page, messages: page.messages, unsent: thread.unsent, state: 'live' }))
      onStarted()
      await reloading
    },
    onEnded: (reason) => update((thread) => ({ ...contentOf(thread), state: 'ended', reason })),
  })
  const stopListening = room.follow({ onMessage: receive, onReloaded: () => reload() })
  let hadEnded = room.state.get().state === 'ended'
  const unsubscribe = room.state.subscribe(() => {
    const hasEnded = room.state.get().state === 'ended'
    if (hasEnded !== hadEnded) {
      hadEnded = hasEnded
      if (hasEnded) reload()
      else following.reopen()
    }
    update((thread) => thread)
  })

  return {
    room: room.id,
    state,
    send: (text, options = {}) => {
      // While the thread is loading, of what it answers only the place is known. Any message of it leads to the thread.
      const replyTo = options.replyTo ??
        state.get().root ??
        findMessage(room.state.get().timeline, seq) ?? { seq, author: nobody, text: '' }
      return room.send(text, { ...options, replyTo })
    },
    retry: room.retry,
    discard: room.discard,
    typing: room.typing,
    loadOlder: async () => {
      const { messages, hasBefore } = state.get()
      const [oldest] = messages
      if (!oldest || !hasBefore) return
      await load(oldest.seq, closing.signal, withOlderMessages)
    },
    reopen: following.reopen,
    close: () => {
      closing.abort()
      following.close()
      stopListening()
      unsubscribe()
      room.close()
    },
  }
}

const contentOf = ({ root, messages, hasBefore, unsent }: ThreadState): ThreadContent => ({ root, messages, hasBefore, unsent })

/** The thread with a message of the room that is new or has changed, if it is one of the thread or is quoted in it. */
function withThreadMessage(thread: ThreadState, message: Message): ThreadState {
  const { root, messages, hasBefore } = thread
  if (!root) return thread
  if (message.seq === root.seq) return withQuotes({ ...thread, root: newerOf(root, message) })
  if (message.thread !== root.seq) return thread
  const at = messages.findIndex(({ seq }) => seq >= message.seq)
  const known = messages[at]
  if (known?.seq === message.seq) {
    return known.version >= message.version ? thread : withQuotes({ ...thread, messages: messages.with(at, message) })
  }
  // A change of a message that is not loaded: its page will have it.
  if (at === 0 && hasBefore) return thread
  return withQuotes({ ...thread, messages: messages.toSpliced(at < 0 ? messages.length : at, 0, message) })
}

function withOlderMessages(thread: ThreadState, page: ThreadPage): ThreadState {
  const [oldest] = thread.messages
  const older = page.messages.filter(({ seq }) => !oldest || seq < oldest.seq)
  const root = newerOf(thread.root ?? undefined, page.root)
  return withQuotes({ ...thread, root, messages: [...older, ...thread.messages], hasBefore: page.hasBefore })
}

function withQuotes(thread: ThreadState): ThreadState {
  const bySeq = new Map(thread.messages.map((message) => [message.seq, message]))
  const find = (seq: number) => (seq === thread.root?.seq ? thread.root : bySeq.get(seq))
  return { ...thread, messages: thread.messages.map((message) => withNewerQuote(message, find)) }
}

/** The thread with those of the room's unsent messages that belong to it; the same thread when nothing changes. */
function withUnsentOf(thread: ThreadState, unsent: readonly Unsent[], seq: number): ThreadState {
  const { root, messages } = thread
  const seqs = new Set(messages.map(({ seq }) => seq))
  const arrived = new Set(messages.map(({ clientId }) => clientId))
  const own = unsent.filter(
    ({ clientId, replyTo }) => replyTo && (replyTo.seq === (root?.seq ?? seq) || seqs.has(replyTo.seq)) && !arrived.has(clientId),
  )
  const isSame = own.length === thread.unsent.length && own.every((message, index) => message === thread.unsent[index])
  return isSame ? thread : { ...thread, unsent: own }
}
