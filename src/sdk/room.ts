import type { Message } from '../contract/message'
import type { Room } from '../contract/room'
import type { Calls } from './calls'
import { type ChatFailure, readFailure } from './chat-error'
import type { ConnectionStatus } from './connection/status'
import { startFollowing } from './following'
import type { Outbox } from './outbox'
import type { Unsent } from './outbox-storage'
import { emptyTimeline, openTimeline, type RoomTimeline, withMessage, withOlderPage, withoutUnsent, withUnsent } from './room-timeline'
import { createStore, type Store } from './store'

export type RoomState =
  | { state: 'loading'; timeline: RoomTimeline }
  | { state: 'live'; timeline: RoomTimeline }
  /** The server has ended the subscription, for example because the person was removed, or the client has ended. */
  | { state: 'ended'; timeline: RoomTimeline; reason: ChatFailure }

export interface RoomHandle {
  room: string
  state: Store<RoomState>
  /**
   * Shows a message as pending at once, and sends it until the server has acknowledged or rejected it. Messages are sent in
   * the order they were written.
   * @param options `replyTo`: the message that this one answers, with the author and text to show until it is acknowledged
   * @returns the clientId of the message
   * @example room.send('Gladly', { replyTo: { seq: 7, author: message.author, text: message.text } })
   */
  send(text: string, options?: { replyTo?: Unsent['replyTo'] }): string
  /** Sends a failed message again, as the same message. */
  retry(clientId: string): void
  /** Removes a failed message. */
  discard(clientId: string): void
  /** Loads the page before the oldest loaded message. */
  loadOlder(): Promise<void>

  // The following call the server once, and show its answer. They reject with an error for readFailure.

  /** Replaces the text of one of your own messages. */
  edit(seq: number, text: string): Promise<Message>
  /** Removes the content of a message; its seq stays. Its author can, and the room's moderators. */
  remove(seq: number): Promise<Message>
  react(seq: number, emoji: string): Promise<Message>
  /** Removes your own reaction. */
  unreact(seq: number, emoji: string): Promise<Message>
  /** Marks the room as read up to this message. The mark only moves forward. */
  markRead(seq: number): Promise<Room>
  /** Marks the room as unread from this message on. */
  markUnread(seq: number): Promise<Room>
  /** Loads the room again after it has ended, for example when the person was let back in. */
  reopen(): void
  close(): void
}

const pageSize = 50

/** Loads the newest page, then subscribes from there, so that nothing in between is missed. */
export function openRoom(calls: Pick<Calls, 'chat'>, status: Store<ConnectionStatus>, outbox: Outbox, room: string): RoomHandle {
  const state = createStore<RoomState>({ state: 'loading', timeline: emptyTimeline })
  const closing = new AbortController()
  const update = (change: (timeline: RoomTimeline) => RoomTimeline) => {
    const now = state.get()
    state.set({ ...now, timeline: change(now.timeline) })
  }
  const receive = (message: Message) => update((timeline) => withMessage(timeline, message))
  /** The version up to which every change is known; null at first. An acknowledged send must not move it: others' changes before it may be missing. */
  let cursor: number | null = null

  const stopFollowingOutbox = outbox.follow(room, {
    onUnsent: (unsent) => update((timeline) => withUnsent(timeline, unsent)),
    onDiscarded: (clientId) => update((timeline) => withoutUnsent(timeline, clientId)),
    onSent: receive,
  })

  const following = startFollowing({
    status,
    follow: async ({ signal, onStarted, isReopened }) => {
      if (state.get().state === 'ended') state.set({ state: 'loading', timeline: state.get().timeline })
      if (cursor === null || (isReopened && state.get().state === 'loading')) {
        const page = await calls.chat.history.query({ room, limit: pageSize }, { signal })
        cursor = Math.max(0, ...page.messages.map(({ version }) => version))
        state.set({ state: 'live', timeline: openTimeline(state.get().timeline, page) })
      }
      try {
        await followFrom(cursor, signal, onStarted)
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

  const { signal } = closing
  const shown = async (call: Promise<Message>): Promise<Message> => {
    const message = await call
    receive(message)
    return message
  }

  return {
    room,
    state,
    send: (text, { replyTo } = {}) => outbox.add(room, text, replyTo),
    retry: outbox.retry,
    discard: outbox.discard,
    loadOlder: async () => {
      const { timeline } = state.get()
      const [oldest] = timeline.messages
      if (!oldest || !timeline.hasBefore) return
      const page = await calls.chat.history.query({ room, before: oldest.seq, limit: pageSize }, { signal })
      update((now) => withOlderPage(now, page))
    },
    edit: (seq, text) => shown(calls.chat.edit.mutate({ room, seq, text }, { signal })),
    remove: (seq) => shown(calls.chat.remove.mutate({ room, seq }, { signal })),
    react: (seq, emoji) => shown(calls.chat.react.mutate({ room, seq, emoji }, { signal })),
    unreact: (seq, emoji) => shown(calls.chat.unreact.mutate({ room, seq, emoji }, { signal })),
    markRead: (seq) => calls.chat.markRead.mutate({ room, seq }, { signal }),
    markUnread: (seq) => calls.chat.markUnread.mutate({ room, seq }, { signal }),
    reopen: following.reopen,
    close: () => {
      closing.abort()
      following.close()
      stopFollowingOutbox()
    },
  }
}
