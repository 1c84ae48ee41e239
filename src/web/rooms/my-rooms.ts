import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { ChatClient, ChatFailure, Room, RoomListHandle, RoomListState, ServerRole } from '../../sdk'
import { useStore } from '../../sdk/react'
import { isOfSession } from '../account/signed-in-client'
import { forRole } from './room-rights'

export interface MyRooms {
  /** The one with the newest talk first; null until they have come. */
  rooms: readonly Room[] | null
  failure: ChatFailure | null
  retry(): void
  /** Resolves when the room is in the list or no longer in it; after a while all the same. */
  untilListed(room: string, isListed?: boolean): Promise<void>
}

/** The person's rooms, kept current. */
export function useMyRooms(client: ChatClient | null, role: ServerRole): MyRooms {
  const [list, setList] = useState<RoomListHandle | null>(null)
  useEffect(() => {
    const opened = client?.openRoomList() ?? null
    setList(opened)
    return () => opened?.close()
  }, [client])

  const state = useStore<RoomListState | null>(list?.state ?? nothing)
  // Another client starts with an empty list: what is known stays on the screen until it has its own.
  const known = useRef<readonly Room[] | null>(null)
  const rooms = state?.state === 'live' ? state.rooms : null
  const current = useMemo(() => rooms?.map((room) => forRole(room, role)) ?? null, [rooms, role])
  if (current) known.current = current

  const untilListed = useCallback(
    async (room: string, isListed = true) => {
      if (list) await untilSo(list, (rooms) => rooms.some(({ id }) => id === room) === isListed)
    },
    [list],
  )
  return {
    rooms: known.current,
    failure: state?.state === 'ended' && !isOfSession(state.reason) ? state.reason : null,
    retry: () => list?.reopen(),
    untilListed,
  }
}

const longestWaitMs = 3_000

function untilSo({ state }: RoomListHandle, isSo: (rooms: readonly Room[]) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, longestWaitMs)
    const off = state.subscribe(look)
    look()
    function look() {
      if (isSo(state.get().rooms)) done()
    }
    function done() {
      clearTimeout(timer)
      off()
      resolve()
    }
  })
}

const nothing = { get: () => null, subscribe: () => () => {} }

/** A room as it was last in the person's list: when it is gone from there, it still has its name. */
export function useLastSeen(id: string, listed: Room | undefined): Room | null {
  const [seen, setSeen] = useState<Room | null>(null)
  if (listed && listed !== seen) setSeen(listed)
  const last = listed ?? seen
  return last?.id === id ? last : null
}
