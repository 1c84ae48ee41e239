import { useCallback, useMemo } from 'react'
import type { Chat, ChatFailure, Room, RoomListHandle, RoomListState, ServerRole } from '../../sdk'
import { useStore } from '../../sdk/react'
import { isOfSession } from '../account/signed-in-client'
import { useHandle } from '../ui/handle'
import { useLastKnown } from '../ui/last-known'
import { forRole } from './room-rights'

export interface MyRooms {
  /** The one with the newest message first; null until they are loaded. */
  rooms: readonly Room[] | null
  failure: ChatFailure | null
  retry(): void
  /** Resolves when the room is in the list, or no longer in it, and at the latest after 3 seconds. */
  waitUntilListed(room: string, isListed?: boolean): Promise<void>
}

/** The user's rooms, kept up to date by the server. */
export function useMyRooms(client: Chat | null, role: ServerRole): MyRooms {
  const list = useHandle(useCallback(() => client?.rooms.open() ?? null, [client]))
  const state = useStore<RoomListState | null>(list?.state ?? nothing)
  const listed = state?.state === 'live' ? state.rooms : null
  // A new client starts without a list: the old one stays on the screen until then.
  const rooms = useLastKnown(useMemo(() => listed?.map((room) => forRole(room, role)), [listed, role]))

  const waitUntilListed = useCallback(
    async (room: string, isListed = true) => {
      if (list) await waitUntil(list, (rooms) => rooms.some(({ id }) => id === room) === isListed)
    },
    [list],
  )
  return {
    rooms,
    failure: state?.state === 'ended' && !isOfSession(state.reason) ? state.reason : null,
    retry: () => list?.reopen(),
    waitUntilListed,
  }
}

const maxWaitMs = 3_000

function waitUntil({ state }: RoomListHandle, isDone: (rooms: readonly Room[]) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, maxWaitMs)
    const unsubscribe = state.subscribe(check)
    check()
    function check() {
      if (isDone(state.get().rooms)) done()
    }
    function done() {
      clearTimeout(timer)
      unsubscribe()
      resolve()
    }
  })
}

const nothing = { get: () => null, subscribe: () => () => {} }

/** The room as it was last listed, so that it still has a name when it is no longer in the list. */
export function useLastListed(id: string, listed: Room | undefined): Room | null {
  const last = useLastKnown(listed)
  return last?.id === id ? last : null
}
