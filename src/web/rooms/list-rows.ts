import type { Room } from '../../sdk'
import { attentionOf } from '../../sdk/attention'
import { filterRooms, flatten, type RoomSection, type SectionName } from './room-order'

/** One line of the room list. `place` and `size` tell screen readers where a room stands in its section. */
export type RoomListRow =
  | { kind: 'heading'; section: SectionName; isFolded: boolean; unread: number }
  | { kind: 'room'; room: Room; place: number; size: number }
  | { kind: 'empty'; section: SectionName }
  | { kind: 'no-match' }

export const rowKey = (row: RoomListRow): string => {
  switch (row.kind) {
    case 'room':
      return row.room.id
    case 'no-match':
      return 'no match'
    default:
      return `${row.kind} ${row.section}`
  }
}

interface RowsOptions {
  current: string | null
  folded: readonly SectionName[]
  filter: string
}

/** What the list shows, from top to bottom. While it is filtered, nothing is folded and empty sections are left out. */
export function listRows(sections: readonly RoomSection[], { current, folded, filter }: RowsOptions): readonly RoomListRow[] {
  const isFiltered = filter.trim() !== ''
  const hasRooms = flatten(sections).some(({ kind }) => kind !== 'direct')
  const hasDirect = flatten(sections).some(({ kind }) => kind === 'direct')
  const rows = filterRooms(sections, filter).flatMap(({ name: section, rooms }): RoomListRow[] => {
    const isLasting = section === 'rooms' || section === 'direct'
    if (rooms.length === 0 && (isFiltered || !isLasting)) return []
    const isFolded = !isFiltered && folded.includes(section)
    const shown = isFolded ? rooms.filter(({ id }) => id === current) : rooms
    const isEmpty = !isFolded && (section === 'rooms' ? !hasRooms : section === 'direct' && !hasDirect)
    return [
      { kind: 'heading', section, isFolded, unread: isFolded ? rooms.filter(isUnread).length : 0 },
      ...shown.map((room, index): RoomListRow => ({ kind: 'room', room, place: index + 1, size: shown.length })),
      ...(isEmpty ? [{ kind: 'empty' as const, section }] : []),
    ]
  })
  return rows.length === 0 ? [{ kind: 'no-match' }] : rows
}

/** Whether a room asks for attention. */
export function isUnread(room: Room): boolean {
  const { unread, mentions } = attentionOf(room)
  return unread > 0 || mentions > 0
}

/** How many unread rooms are above and below what is visible. @param last the last visible row */
export function unreadBeyond(rows: readonly RoomListRow[], first: number, last: number, current: string | null) {
  const places = rows.flatMap((row, index) => (row.kind === 'room' && row.room.id !== current && isUnread(row.room) ? [index] : []))
  return { above: places.filter((index) => index < first), below: places.filter((index) => index > last) }
}
