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
  /** The server won't show this room (any more), or the client has ended. */
  | { state: 'ended'; timeline: RoomTimeline; reason: ChatFailure }

export interface RoomHandle {
  room: string
  state: Store<RoomState>
  /**
   * Shows the message at once as pending and sends it, in order with the others, again and again until the server has
   * acknowledged or rejected it.
   * @param options `replyTo`: the message that it answers, with its author and text as they are to be shown meanwhile
   * @returns its clientId
   */
  send(text: string, options?: { replyTo?: Unsent['replyTo'] }): string
  /** Sends a failed message once more, as the same message. */
  retry(clientId: string): void
  /** Gives up a message that failed. */
  discard(clientId: string): void
  /** Loads the page before the oldest message that is loaded. */
  loadOlder(): Promise<void>

  // What follows is asked of the server once, and shown as soon as it has answered. A rejection is the caller's: see readFailure.

  /** The author's new text in the old one's place. */
  edit(seq: number, text: string): Promise<Message>
  /** Takes out what is in a message; its place stays. Its author may, and the room's moderators. */
  remove(seq: number): Promise<Message>
  react(seq: number, emoji: string): Promise<Message>
  /** Takes one's own reaction back. */
  unreact(seq: number, emoji: string): Promise<Message>
  /** The person has read the room up to a place. It never goes back. */
  markRead(seq: number): Promise<Room>
  /** From this message on, the room is unread for the person. */
  markUnread(seq: number): Promise<Room>
  /** Reads the room again after it has ended, for example when the user was let back into it. */
  reopen(): void
  close(): void
}

const pageSize = 50

/** Reads the newest page, then follows the room from there: what happens in between comes first. */
export function openRoom(calls: Pick<Calls, 'chat'>, status: Store<ConnectionStatus>, outbox: Outbox, room: string): RoomHandle {
  const state = createStore<RoomState>({ state: 'loading', timeline: emptyTimeline })
  const closing = new AbortController()
  const update = (change: (timeline: RoomTimeline) => RoomTimeline) => {
    const now = state.get()
    state.set({ ...now, timeline: change(now.timeline) })
  }
  const receive = (message: Message) => update((timeline) => withMessage(timeline, message))
  /** Up to which change the room was read; null before. Only the stream moves it: an acknowledged send may be ahead of what others sent. */
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
        // The room has been put back to an earlier state: it is read again from the start.
        if (readFailure(error).name !== 'CURSOR_AHEAD') throw error
        cursor = null
      }
    },
    onEnded: (reason) => state.set({ state: 'ended', timeline: state.get().timeline, reason }),
  })

  /** Resolves when the stream was stopped, rejects when it ended. A lost connection is tRPC's to mend: it resumes by itself. */
  function followFrom(version: number, signal: AbortSignal, onStarted: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      calls.chat.onMessage.subscribe(
        // Always with an id, 0 for an empty room: without one, what happens while the connection is away would be skipped.
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
  const shown = async (asked: Promise<Message>): Promise<Message> => {
    const message = await asked
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
