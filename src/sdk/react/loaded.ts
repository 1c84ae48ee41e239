import { ChatError, type ChatFailure } from '../chat-error'
import { endOf } from '../connection/status'
import type { ChatRoom } from '../room'
import type { Store } from '../store'
import { useChat, useIsServer } from './chat-provider'
import type { Kept } from './kept-handles'
import { type LiveMembers, useKeptMembers, useMembers } from './members'
import { type LiveMessages, useMessages } from './messages'
import { useProvidedRoom, useRoom } from './room-provider'
import { type LiveRooms, type UnreadView, useKeptRooms, useRooms, useUnread } from './rooms'
import { type LiveThread, useKeptThread, useThread } from './thread'

interface LoadedHandle {
  state: Store<{ state: 'loading' | 'live' } | { state: 'ended'; reason: ChatFailure }>
  reopen(): void
}

/** What was thrown to error boundaries, and when. */
const thrown = new WeakMap<LoadedHandle, { error: ChatError; at: number }>()
const waiting = new WeakMap<LoadedHandle, Promise<void>>()
/** React tries again at once what has thrown. Whoever tries later wants it opened again. */
const sameTryMs = 1_000

/**
 * Suspends until this is loaded, and throws a `ChatError` to the nearest error boundary when it has ended. When the boundary
 * shows its children again, it is opened again.
 * @param isShown whether there is something to show while it loads
 */
function useLoaded(kept: Kept<LoadedHandle> | null, isShownOnServer = false): void {
  const connection = useChat().connection
  const isServer = useIsServer()
  if (isServer && isShownOnServer) return
  if (!kept) throw new Error('This is loaded in the browser only. Give the RoomProvider an `initial` page to render it on a server.')
  const { handle } = kept
  const now = handle.state.get()
  if (now.state === 'live') return
  if (now.state === 'ended') {
    const last = thrown.get(handle)
    if (!last || last.error.failure !== now.reason || Date.now() - last.at < sameTryMs || endOf(connection.get())) {
      const error = last?.error.failure === now.reason ? last.error : new ChatError(now.reason)
      thrown.set(handle, { error, at: last?.error === error ? last.at : Date.now() })
      throw error
    }
    thrown.delete(handle)
    handle.reopen()
  }
  throw untilSettled(kept)
}

/** Resolves when it is loaded or has ended. Until then it stays open, although a component that waits retains nothing. */
function untilSettled(kept: Kept<LoadedHandle>): Promise<void> {
  const { handle } = kept
  const { state } = handle
  const known = waiting.get(handle)
  if (known) return known
  const before = state.get()
  const release = kept.retain()
  const settled = new Promise<void>((resolve) => {
    const unsubscribe = state.subscribe(() => {
      const now = state.get()
      if (now === before || now.state === 'loading') return
      unsubscribe()
      waiting.delete(handle)
      release()
      resolve()
    })
  })
  waiting.set(handle, settled)
  return settled
}

/** Like `useRoom`; suspends until the room is loaded, and throws a `ChatError` when it has ended. */
export function useLoadedRoom(): ChatRoom {
  useLoadedProvidedRoom()
  return useRoom()
}

/**
 * Like `useMessages`; suspends until the room is loaded, and throws a `ChatError` when it has ended.
 * @example
 * <ErrorBoundary><Suspense fallback={<p>Loading…</p>}><List /></Suspense></ErrorBoundary>
 * const List = () => useMessages().messages.map(({ seq, text }) => <p key={seq}>{text}</p>)
 */
export function useLoadedMessages(): LiveMessages {
  useLoadedProvidedRoom()
  return useMessages() as LiveMessages
}

function useLoadedProvidedRoom() {
  const { kept, readOnServer } = useProvidedRoom()
  useLoaded(kept, readOnServer().state === 'live')
}

/** Like `useThread`; suspends until the thread is loaded, and throws a `ChatError` when it has ended. */
export function useLoadedThread(seq: number): LiveThread {
  useLoaded(useKeptThread(seq))
  return useThread(seq) as LiveThread
}

/** Like `useMembers`; suspends until the first page is loaded, and throws a `ChatError` when they have ended. */
export function useLoadedMembers(options: { query?: string } = {}): LiveMembers {
  useLoaded(useKeptMembers(options.query ?? ''))
  return useMembers(options) as LiveMembers
}

/** Like `useRooms`; suspends until the rooms are loaded, and throws a `ChatError` when they have ended. */
export function useLoadedRooms(): LiveRooms {
  useLoaded(useKeptRooms())
  return useRooms() as LiveRooms
}

/** Like `useUnread`; suspends until the rooms are loaded, and throws a `ChatError` when they have ended. */
export function useLoadedUnread(room?: string | null): UnreadView {
  useLoaded(useKeptRooms())
  return useUnread(room)
}
