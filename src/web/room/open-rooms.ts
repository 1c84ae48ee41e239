import { useLayoutEffect, useState } from 'react'
import type { Chat, ChatRoom, RoomState } from '../../sdk'
import { useStore } from '../../sdk/react'
import type { OpenedRoom } from './opened-room'

/** The rooms shown most recently stay open, so that going back is instant and messages still being sent get sent. */
export interface OpenRooms {
  /** Opens a room, or returns its open handle. If the handle has ended, it is reopened. */
  open(room: string): ChatRoom
  /** Whether any message is still being sent. */
  hasPending(): boolean
}

const keptOpen = 8

/** @param opened the room that the page began with */
export function createOpenRooms(client: Chat, opened: OpenedRoom | null): OpenRooms {
  /** In the order in which they were last shown. */
  const handles = new Map<string, ChatRoom>()

  let unused = opened

  /** Once: when the room is opened again later, that page is old. */
  function takeFirst(room: string) {
    if (unused?.room.id !== room) return null
    const { first } = unused
    unused = null
    return first
  }

  function close(handle: ChatRoom) {
    handle.close()
    handles.delete(handle.id)
  }

  return {
    open: (room) => {
      const handle = handles.get(room) ?? client.room(room, { initial: takeFirst(room) })
      if (handle.state.get().state === 'ended') handle.reopen()
      handles.delete(room)
      for (const old of handles.values()) {
        if (handles.size < keptOpen) break
        if (old.state.get().timeline.unsent.length === 0) close(old)
      }
      handles.set(room, handle)
      return handle
    },
    hasPending: () => [...handles.values()].some((handle) => handle.state.get().timeline.unsent.some(({ state }) => state === 'pending')),
  }
}

/** The room that is shown; null until it is open. */
export function useOpenRoom(openRooms: OpenRooms, room: string): { handle: ChatRoom; state: RoomState; reopen: () => void } | null {
  const [handle, setHandle] = useState<ChatRoom | null>(null)
  // In a layout effect, because an open room can be shown in the very first paint.
  useLayoutEffect(() => setHandle(openRooms.open(room)), [openRooms, room])
  const current = handle?.id === room ? handle : null
  const state = useStore(current?.state ?? nothing)
  return current && state && { handle: current, state, reopen: () => setHandle(openRooms.open(room)) }
}

const nothing = { get: () => null, subscribe: () => () => {} }
