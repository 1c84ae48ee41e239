import { createContext, type ReactNode, useContext, useEffect, useMemo } from 'react'
import type { FirstPage } from '../../contract/message'
import type { Chat } from '../chat'
import type { ChatRoom } from '../room'
import { type RoomState, startState } from '../room-window'
import { nothingOnServer } from './chat-provider'
import { useKept } from './kept'
import type { Kept } from './kept-handles'

export interface RoomProviderProps {
  /** The room's id: `general`, for example. */
  id: string
  /**
   * A page of the room that your server has read, with `preloadRoom` of `@roomline/sdk/server`. The room is then shown on the
   * server, and in the browser at once. It is used when the room is opened, and only once.
   */
  initial?: FirstPage | null
  /** The seq of the message that the room opens around. Default: the newest ones. A new value moves there. */
  around?: number
  children?: ReactNode
}

interface ProvidedRoom {
  id: string
  /** Null on a server. */
  kept: Kept<ChatRoom> | null
  /** The same function for the same `initial`. */
  readOnServer(): RoomState
}

const RoomContext = createContext<ProvidedRoom | null>(null)

/**
 * Opens a room for the components below, while it is mounted and for some seconds after that.
 * @example <RoomProvider id="general" initial={first}><MessageList /></RoomProvider>
 */
export function RoomProvider({ id, initial = null, around, children }: RoomProviderProps): ReactNode {
  const kept = useKept(roomKey(id), (chat) => openRoom(chat, id, initial, around))
  useEffect(() => {
    if (!kept || around === undefined || openedAround.get(kept.handle) === around) return
    openedAround.set(kept.handle, around)
    // When it fails, the room shows what it did before.
    kept.handle.openAround(around).catch(() => {})
  }, [kept, around])
  const readOnServer = useMemo(() => {
    const state = startState(initial)
    return () => state
  }, [initial])
  const provided = useMemo(() => ({ id, kept, readOnServer }), [id, kept, readOnServer])
  return <RoomContext.Provider value={provided}>{children}</RoomContext.Provider>
}

export const roomKey = (id: string) => `room ${id}`

/** Where a room was last told to show messages around. */
const openedAround = new WeakMap<ChatRoom, number>()
/** Each page opens a room once: later on, it is old. */
const usedPages = new WeakMap<Chat, WeakSet<FirstPage>>()

function openRoom(chat: Chat, id: string, initial: FirstPage | null, around: number | undefined): ChatRoom {
  const used = usedPages.get(chat) ?? new WeakSet()
  usedPages.set(chat, used)
  const first = initial && !used.has(initial) ? initial : null
  if (first) used.add(first)
  const room = chat.room(id, { initial: first, ...(around !== undefined && { around }) })
  if (around !== undefined) openedAround.set(room, around)
  return room
}

/** The room of the nearest RoomProvider. @throws Error when there is none */
export function useProvidedRoom(): ProvidedRoom {
  const provided = useContext(RoomContext)
  if (!provided) throw new Error('This hook needs a RoomProvider above it.')
  return provided
}

/** The id of the nearest RoomProvider's room; null when there is none. */
export const useProvidedId = (): string | null => useContext(RoomContext)?.id ?? null

/**
 * The room of the nearest RoomProvider, to act on: it sends, edits, reacts, pins and moves. What it shows is in `useMessages`.
 * Never renders again by itself.
 * @throws Error when there is no RoomProvider
 * @example
 * const room = useRoom()
 * <button onClick={() => room.react(message.seq, '👍')}>👍</button>
 */
export function useRoom(): ChatRoom {
  const { id, kept } = useProvidedRoom()
  return useMemo(() => kept?.handle ?? nothingOnServer<ChatRoom>('room', { id }), [id, kept])
}
