import { useLayoutEffect, useState } from 'react'
import type { ChatClient, RoomHandle, RoomState } from '../../sdk'
import { useStore } from '../../sdk/react'

/** The rooms that were looked at last stay open: going back to one is immediate, and what was written there gets sent. */
export interface OpenRooms {
  /** Opens a room, or takes the one that is open already. A room that has ended is read again. */
  open(room: string): RoomHandle
  /** Whether anything is still on its way to the server. */
  hasPending(): boolean
}

const keptOpen = 8

export function createOpenRooms(client: ChatClient): OpenRooms {
  /** The one that was looked at last is last. */
  const handles = new Map<string, RoomHandle>()

  function close(handle: RoomHandle) {
    handle.close()
    handles.delete(handle.room)
  }

  return {
    open: (room) => {
      const handle = handles.get(room) ?? client.openRoom(room)
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

/** The room that is looked at. */
export function useOpenRoom(openRooms: OpenRooms, room: string): { handle: RoomHandle; state: RoomState; reopen: () => void } | null {
  const [handle, setHandle] = useState<RoomHandle | null>(null)
  // Before the screen is painted: an open room has everything to show at once.
  useLayoutEffect(() => setHandle(openRooms.open(room)), [openRooms, room])
  const current = handle?.room === room ? handle : null
  const state = useStore(current?.state ?? nothing)
  return current && state && { handle: current, state, reopen: () => setHandle(openRooms.open(room)) }
}

const nothing = { get: () => null, subscribe: () => () => {} }
