import type { FirstPage, Message, SearchPage } from '../contract/message'
import type { Room } from '../contract/room'
import type { Procedures } from './calls'
import { ChatError, failureNamed, readFailure } from './chat-error'
import type { Clock } from './clock'
import type { ConnectionStatus } from './connection/status'
import { startFollowing } from './following'
import type { Outbox, Sending } from './outbox'
import { quoteOf } from './quotes'
import { createFrontier, type RoomEvent, readRoomEvents } from './room-events'
import { findMessage, type RoomTimeline, withoutUnsent, withUnsent } from './room-timeline'
import { createRoomWindow, type RoomListener, type RoomState, startState } from './room-window'
import { createStore, type Store } from './store'
import { createTyping } from './typing'
import { untilLoaded } from './waits'

export interface RoomOptions {
  /**
   * A page of the room that was read elsewhere, for example by a server that rendered it. The room is then `live` at once, and
   * is followed from there. Ignored when the room is open already.
   */
  initial?: FirstPage | null
  /** The seq of the message that the window opens around. Default: the newest ones. Ignored when the room is open already. */
  around?: number
}

/** What an answer needs of the message that it answers. A `Message` has all of it. */
export type Answered = Pick<Message, 'seq' | 'author' | 'text'>

export interface SendOptions {
  /** The message that this one answers. */
  replyTo?: Answered | undefined
  /** 8 to 64 characters that are this message's own: whatever is sent twice under the same one is one message. Default: random */
  clientId?: string | undefined
}

/** What a search in a room is narrowed to. */
export interface RoomSearchOptions {
  /** A username. */
  author?: string
  /** Only messages of this time and later: ISO 8601, or a date (UTC). */
  after?: string
  /** Only messages before this time. */
  before?: string
  has?: 'file' | 'link' | 'code'
  /** How many hits at most. */
  limit?: number
  /** The cursor of the page before. */
  cursor?: string
}

/** A live room. The calls that change or ask something reject with an error for `readFailure`. */
export interface ChatRoom {
  /** The room's id. */
  id: string
  state: Store<RoomState>
  /**
   * What happens in the room, one change after the other, without a gap or a repeat: through lost connections too.
   * @param options `after`: the `cursor` of the last event that was handled; without it, the events from now on
   * @throws {ChatError} when the server ends the subscription, or the connection has ended
   * @example
   * for await (const event of room.events({ after: saved })) {
   *   if (event.type === 'created') console.log(event.message.text)
   *   await save(event.cursor)
   * }
   */
  events(options?: { after?: string | undefined; signal?: AbortSignal }): AsyncIterableIterator<RoomEvent>
  /**
   * Shows a message as pending at once, and sends it until the server has acknowledged or rejected it. Messages are sent in
   * the order they were written.
   * @example await room.send('Gladly', { replyTo: message }).done
   */
  send(text: string, options?: SendOptions): Sending
  /** Sends a failed message again, as the same message. */
  retry(clientId: string): void
  /** Removes a failed message. */
  discard(clientId: string): void
  /** Tells the others that the person is typing. Call it as often as they do: the server is told now and then. */
  typing(): void
  /** Joins the room, if it is public. */
  join(): Promise<Room>
  /** Looks through the room's messages, as `chat.trpc.chat.search` does. */
  search(query: string, options?: RoomSearchOptions): Promise<SearchPage>
  /** Adds the page before the window to it. A window that has become large loses messages at its other end. */
  loadOlder(): Promise<void>
  /** Adds the page after the window to it. A window that has become large loses messages at its other end. */
  loadNewer(): Promise<void>
  /**
   * Moves the window to this message, however far away it is, with some messages around it. It is there when the promise
   * resolves, unless the window was moved again meanwhile. A seq that the room does not have yet leads to the newest messages.
   */
  openAround(seq: number): Promise<void>
  /** Moves the window to the room's newest messages. */
  openNewest(): Promise<void>
  /**
   * Says which message is being read, so that a window that has become large as messages arrive loses those at its other end.
   * @param seq null at the newest message, which is what a room takes for granted
   */
  lookAt(seq: number | null): void

  // The following call the server once, and show its answer. They reject with an error for readFailure.

  /** Replaces the text of one of your own messages. */
  edit(seq: number, text: string): Promise<Message>
  /** Removes the content of a message; its seq stays. Its author can, and the room's moderators. */
  remove(seq: number): Promise<Message>
  react(seq: number, emoji: string): Promise<Message>
  /** Removes your own reaction. */
  unreact(seq: number, emoji: string): Promise<Message>
  /** Pins a message for everybody in the room. */
  pin(seq: number): Promise<Message>
  unpin(seq: number): Promise<Message>
  /** The seq of the first message at this time or later, for `openAround`; null when there is none. @param time ISO 8601, or a date (UTC) */
  at(time: string): Promise<number | null>
  /** Marks the room as read up to this message. The mark only moves forward. */
  markRead(seq: number): Promise<Room>
  /** Marks the room as unread from this message on. */
  markUnread(seq: number): Promise<Room>
  /** Reports every change of the room while it is open, in the window and elsewhere. @returns an unsubscribe function */
  follow(listener: RoomListener): () => void
  /** Loads the room again after it has ended, for example when the person was let back in. */
  reopen(): void
  close(): void
}

const pageSize = 50

interface OpenRoomOptions {
  calls: Pick<Procedures, 'chat' | 'rooms'>
  status: Store<ConnectionStatus>
  clock: Clock
  outbox: Outbox
  room: string
  options: RoomOptions
}

/** Loads the newest page unless it has a first one, then subscribes from there, so that nothing in between is missed. */
export function openRoom({ calls, status, clock, outbox, room, options }: OpenRoomOptions): ChatRoom {
  const { initial: first = null, around } = options
  const state = createStore(startState(first))
  const closing = new AbortController()
  const { signal } = closing
  const update = (change: (timeline: RoomTimeline) => RoomTimeline) => {
    const now = state.get()
    state.set({ ...now, timeline: change(now.timeline) })
  }
  const { open, receive, follow, loadOlder, loadNewer, openAround, openNewest, lookAt } = createRoomWindow({
    state,
    ...(around !== undefined && { around }),
    readPage: (place, pageSignal = signal) => calls.chat.history.query({ room, ...place, limit: pageSize }, { signal: pageSignal }),
  })
  /** The version up to which every change is known; null at first. An acknowledged send must not move it: others' changes before it may be missing. */
  let cursor: number | null = first?.version ?? null
  /** The messages that have arrived with it. An acknowledged send is not one of them, as above. */
  let arrived = createFrontier(first?.lastSeq ?? 0)

  const stopFollowingOutbox = outbox.follow(room, {
    onUnsent: (unsent) => update((timeline) => withUnsent(timeline, unsent)),
    onDiscarded: (clientId) => update((timeline) => withoutUnsent(timeline, clientId)),
    onSent: receive,
  })

  const following = startFollowing({
    clock,
    status,
    follow: async ({ signal, onStarted, isReopened }) => {
      if (state.get().state === 'ended') state.set({ state: 'loading', timeline: state.get().timeline })
      if (cursor === null || (isReopened && state.get().state === 'loading')) {
        await open(signal, (version, newestSeq) => {
          cursor = version
          arrived = createFrontier(newestSeq)
        })
      }
      try {
        await followFrom(cursor ?? 0, signal, onStarted)
      } catch (error) {
        // The room was restored to an earlier state: load it from the start.
        if (readFailure(error).name !== 'CURSOR_AHEAD') throw error
        cursor = null
      }
    },
    onEnded: (reason) => state.set({ state: 'ended', timeline: state.get().timeline, reason }),
  })

  /** Resolves when the subscription has stopped, rejects when it has failed. After a lost connection tRPC resumes it. */
  function followFrom(version: number, signal: AbortSignal, onStarted: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      calls.chat.onMessage.subscribe(
        // Always with an id, 0 for an empty room: without one, tRPC would resume from the moment of the reconnect.
        { room, lastEventId: String(version) },
        {
          onStarted: () => {
            onStarted()
            if (state.get().state === 'loading') state.set({ state: 'live', timeline: state.get().timeline })
          },
          onData: ({ data }) => {
            cursor = data.version
            arrived.add(data.seq)
            receive(data)
          },
          onError: reject,
          onStopped: resolve,
          onComplete: resolve,
          signal,
        },
      )
    })
  }

  const shown = async (call: Promise<Message>): Promise<Message> => {
    const message = await call
    receive(message)
    return message
  }

  const typing = createTyping(clock, () => calls.chat.typing.mutate({ room }, { signal }))

  return {
    id: room,
    state,
    events: (eventOptions = {}) =>
      readRoomEvents({
        ...{ calls, status, clock, room, ...eventOptions },
        readPlace: async (stopped) => {
          await untilLoaded(state, AbortSignal.any([signal, ...(stopped ? [stopped] : [])]))
          if (signal.aborted) throw new ChatError(failureNamed('CLOSED', { words: 'The room was closed.' }))
          return { version: cursor ?? 0, seq: arrived.upTo() }
        },
        find: (seq) => findMessage(state.get().timeline, seq),
      }),
    send: (text, { replyTo, clientId } = {}) => {
      typing.end()
      return outbox.add(room, text, { ...(replyTo && { replyTo: quoteOf(replyTo) }), ...(clientId && { clientId }) })
    },
    typing: typing.notify,
    join: () => calls.rooms.join.mutate({ room }, { signal }),
    search: (query, searchOptions = {}) => calls.chat.search.query({ ...searchOptions, query, room }, { signal }),
    retry: outbox.retry,
    discard: outbox.discard,
    follow,
    loadOlder,
    loadNewer,
    openAround,
    openNewest,
    lookAt,
    edit: (seq, text) => shown(calls.chat.edit.mutate({ room, seq, text }, { signal })),
    remove: (seq) => shown(calls.chat.remove.mutate({ room, seq }, { signal })),
    react: (seq, emoji) => shown(calls.chat.react.mutate({ room, seq, emoji }, { signal })),
    unreact: (seq, emoji) => shown(calls.chat.unreact.mutate({ room, seq, emoji }, { signal })),
    pin: (seq) => shown(calls.chat.pin.mutate({ room, seq }, { signal })),
    unpin: (seq) => shown(calls.chat.unpin.mutate({ room, seq }, { signal })),
    at: async (time) => (await calls.chat.at.query({ room, time }, { signal })).seq,
    markRead: (seq) => {
      if (seq >= state.get().timeline.lastSeq) lookAt(null)
      return calls.chat.markRead.mutate({ room, seq }, { signal })
    },
    markUnread: (seq) => calls.chat.markUnread.mutate({ room, seq }, { signal }),
    reopen: following.reopen,
    close: () => {
      closing.abort()
      following.close()
      stopFollowingOutbox()
    },
  }
}
