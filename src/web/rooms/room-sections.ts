import { useMemo, useRef } from 'react'
import type { Room } from '../../sdk'
import { createNameRanks, keepOrder, orderRooms, type RoomOrder, type RoomSection } from './room-order'

interface RoomSectionsOptions {
  order: RoomOrder
  /** The room that is shown. */
  current: string | null
  /** Whether somebody is using the list, so that nothing may move. */
  isHeld: boolean
}

/** The room list in its sections; null until it is loaded. */
export function useRoomSections(
  rooms: readonly Room[] | null,
  { order, current, isHeld }: RoomSectionsOptions,
): readonly RoomSection[] | null {
  const rank = useRef<ReturnType<typeof createNameRanks>>(null)
  rank.current ??= createNameRanks()
  const ranks = rooms && rank.current(rooms)
  const shown = useRef<{ order: RoomOrder; sections: readonly RoomSection[] } | null>(null)
  const fresh = useMemo(() => rooms && ranks && orderRooms(rooms, { order, current, ranks }), [rooms, ranks, order, current])
  const before = shown.current
  const sections = useMemo(
    () => (fresh && isHeld && before?.order === order ? keepOrder(before.sections, fresh) : fresh),
    [fresh, isHeld, before, order],
  )
  if (sections && before?.sections !== sections) shown.current = { order, sections }
  return sections
}
