'use client'

import {
  createContext,
  createElement,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react'
import type { Chat } from '../chat'
import type { ConnectionStatus } from '../connection/status'
import { type PresenceView, unknownPresence } from '../presence'
import type { ChatRoom } from '../room'
import type { RoomListState } from '../room-list'
import type { RoomState } from '../room-window'
import type { Store } from '../store'
import type { ThreadHandle, ThreadState } from '../thread'

const ClientContext = createContext<Chat | null>(null)

/**
 * Provides a chat client to the components below. It does not close the client.
 * @example <ChatProvider client={client}><Room id="general" /></ChatProvider>
 */
export function ChatProvider({ client, children }: { client: Chat; children: ReactNode }): ReactNode {
  return createElement(ClientContext.Provider, { value: client }, children)
}

/** The chat client of the nearest ChatProvider. @throws Error when there is none */
export function useChatClient(): Chat {
  const client = useContext(ClientContext)
  if (!client) throw new Error('useChatClient needs a ChatProvider above it')
  return client
}

/** The current value of a store. */
export function useStore<Value>(store: Store<Value>): Value {
  return useSyncExternalStore(store.subscribe, store.get, store.get)
}

/** The current status of the connection. */
export function useConnectionStatus(): ConnectionStatus {
  return useStore(useChatClient().connection)
}

/**
 * Opens a room while the component is mounted. Null until the first effect.
 * @example
 * const room = useRoom('general')
 * room?.state.timeline.messages.map(({ seq, text }) => <p key={seq}>{text}</p>)
 */
export function useRoom(room: string): { handle: ChatRoom; state: RoomState } | null {
  const client = useChatClient()
  const handle = useHandle(useCallback(() => client.room(room), [client, room]))
  const state = useStore(handle?.state ?? noRoom)
  return useMemo(() => (handle && state ? { handle, state } : null), [handle, state])
}

/**
 * Opens a thread while the component is mounted. Null until the first effect.
 * @example
 * const thread = useThread('general', 12)
 * thread?.state.messages.map(({ seq, text }) => <p key={seq}>{text}</p>)
 */
export function useThread(room: string, seq: number): { handle: ThreadHandle; state: ThreadState } | null {
  const client = useChatClient()
  const handle = useHandle(useCallback(() => client.thread(room, seq), [client, room, seq]))
  const state = useStore(handle?.state ?? noThread)
  return useMemo(() => (handle && state ? { handle, state } : null), [handle, state])
}

/** Who is online in a room while the component is mounted. Unknown at first, and when `room` is null. */
export function usePresence(room: string | null): PresenceView {
  const client = useChatClient()
  const handle = useHandle(useCallback(() => (room === null ? null : client.people.in(room)), [client, room]))
  return useStore(handle?.state ?? noPresence)
}

/** Follows the person's rooms while the component is mounted. Null until the first effect. */
export function useRoomList(): RoomListState | null {
  const client = useChatClient()
  const handle = useHandle(useCallback(() => client.rooms.open(), [client]))
  return useStore(handle?.state ?? noRoomList)
}

/**
 * Opens a handle in an effect, and closes it when `open` changes or the component is unmounted. Null until the first effect.
 * @example const list = useHandle(useCallback(() => client.rooms.open(), [client]))
 */
export function useHandle<Handle extends { close(): void }>(open: () => Handle | null): Handle | null {
  const [opened, setOpened] = useState<{ open: typeof open; handle: Handle | null } | null>(null)
  useEffect(() => {
    const handle = open()
    setOpened({ open, handle })
    return () => handle?.close()
  }, [open])
  return opened?.open === open ? opened.handle : null
}

const noPresence: Store<PresenceView> = { get: () => unknownPresence, subscribe: () => () => {} }
const noRoomList: Store<RoomListState | null> = { get: () => null, subscribe: () => () => {} }
const noThread: Store<ThreadState | null> = { get: () => null, subscribe: () => () => {} }
const noRoom: Store<RoomState | null> = { get: () => null, subscribe: () => () => {} }
