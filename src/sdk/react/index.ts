'use client'

import { createContext, createElement, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import type { ChatClient } from '../chat-client'
import type { ConnectionStatus } from '../connection/status'
import { type PresenceHandle, type PresenceView, unknownPresence } from '../presence'
import type { RoomHandle, RoomState } from '../room'
import type { RoomListHandle, RoomListState } from '../room-list'
import type { Store } from '../store'

const ClientContext = createContext<ChatClient | null>(null)

/** Gives the components below a chat client. Whoever made the client closes it. */
export function ChatProvider({ client, children }: { client: ChatClient; children: ReactNode }): ReactNode {
  return createElement(ClientContext.Provider, { value: client }, children)
}

/** The chat client of the nearest ChatProvider. */
export function useChatClient(): ChatClient {
  const client = useContext(ClientContext)
  if (!client) throw new Error('useChatClient needs a ChatProvider above it')
  return client
}

/** A store's value, kept current. */
export function useStore<Value>(store: Store<Value>): Value {
  return useSyncExternalStore(store.subscribe, store.get, store.get)
}

/** How the client stands with its server, kept current. */
export function useConnectionStatus(): ConnectionStatus {
  return useStore(useChatClient().status)
}

/** A room while the component is shown: its state, and what can be done in it. Null until it is opened, in the first effect. */
export function useRoom(room: string): { handle: RoomHandle; state: RoomState } | null {
  const client = useChatClient()
  const [handle, setHandle] = useState<RoomHandle | null>(null)
  useEffect(() => {
    const opened = client.openRoom(room)
    setHandle(opened)
    return () => opened.close()
  }, [client, room])
  const current = handle?.room === room ? handle : null
  const state = useStore(current?.state ?? noRoom)
  return useMemo(() => (current && state ? { handle: current, state } : null), [current, state])
}

/** Who is here in a room while the component is shown; unknown at first, and without a room. */
export function usePresence(room: string | null): PresenceView {
  const client = useChatClient()
  const [handle, setHandle] = useState<PresenceHandle | null>(null)
  useEffect(() => {
    if (room === null) return
    const opened = client.openPresence(room)
    setHandle(opened)
    return () => opened.close()
  }, [client, room])
  return useStore(room !== null && handle?.room === room ? handle.state : noPresence)
}

const noPresence: Store<PresenceView> = { get: () => unknownPresence, subscribe: () => () => {} }

/** The person's rooms while the component is shown. Null until they are asked for, in the first effect. */
export function useRoomList(): RoomListState | null {
  const client = useChatClient()
  const [handle, setHandle] = useState<RoomListHandle | null>(null)
  useEffect(() => {
    const opened = client.openRoomList()
    setHandle(opened)
    return () => opened.close()
  }, [client])
  return useStore(handle?.state ?? noRoomList)
}

const noRoomList: Store<RoomListState | null> = { get: () => null, subscribe: () => () => {} }
const noRoom: Store<RoomState | null> = { get: () => null, subscribe: () => () => {} }
