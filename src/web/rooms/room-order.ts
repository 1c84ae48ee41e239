import type { Room } from '../../sdk'
import { attentionOf } from '../../sdk/attention'

export type RoomOrder = 'name' | 'latest'
export type SectionName = 'favorites' | 'unread' | 'rooms' | 'direct'

export interface RoomSection {
  name: SectionName
  rooms: readonly Room[]
}

export const listSections: readonly SectionName[] = ['favorites', 'unread', 'rooms', 'direct']

const names = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/** Says where each room stands when they are sorted by name. Names are only compared again when one of them has changed. */
export function createNameRanks(): (rooms: readonly Room[]) => ReadonlyMap<string, number> {
  let known = new Map<string, string>()
  let ranks = new Map<string, number>()
  return (rooms) => {
    if (rooms.length === known.size && rooms.every(({ id, name }) => known.get(id) === name)) return ranks
    known = new Map(rooms.map(({ id, name }) => [id, name]))
    const sorted = rooms.toSorted((a, b) => names.compare(a.name, b.name) || (a.id < b.id ? -1 : 1))
    ranks = new Map(sorted.map(({ id }, index) => [id, index]))
    return ranks
  }
}

/** Where a room belongs. The room that is shown is being read: it does not count as unread. */
function sectionOf(room: Room, current: string | null): SectionName {
  if (room.favorite) return 'favorites'
  const { unread, mentions } = attentionOf(room)
  if (room.id !== current && (unread > 0 || mentions > 0)) return 'unread'
  return room.kind === 'direct' ? 'direct' : 'rooms'
}

interface RoomOrderOptions {
  order: RoomOrder
  current: string | null
  ranks: ReadonlyMap<string, number>
}

/** @param rooms the one with the newest message first. Direct rooms stay in this order, whatever the person chose. */
export function orderRooms(rooms: readonly Room[], { order, current, ranks }: RoomOrderOptions): readonly RoomSection[] {
  const sections = new Map(listSections.map((name) => [name, [] as Room[]]))
  for (const room of rooms) sections.get(sectionOf(room, current))?.push(room)
  const rankOf = ({ id }: Room) => ranks.get(id) ?? 0
  return [...sections].map(([name, found]) => ({
    name,
    rooms: order === 'latest' || name === 'direct' ? found : found.sort((a, b) => rankOf(a) - rankOf(b)),
  }))
}

/**
 * The rooms as they are now, in the order in which they were shown: nothing moves under the pointer. Rooms that are new come
 * last in their section, and rooms that are gone leave it.
 * @param fresh the sections in their right order
 */
export function keepOrder(shown: readonly RoomSection[], fresh: readonly RoomSection[]): readonly RoomSection[] {
  const now = new Map(fresh.flatMap(({ rooms }) => rooms.map((room) => [room.id, room])))
  const kept = new Set(shown.flatMap(({ rooms }) => rooms.map(({ id }) => id)))
  return listSections.map((name) => ({
    name,
    rooms: [...roomsIn(shown, name).flatMap(({ id }) => now.get(id) ?? []), ...roomsIn(fresh, name).filter(({ id }) => !kept.has(id))],
  }))
}

const roomsIn = (sections: readonly RoomSection[], name: SectionName) => sections.find((each) => each.name === name)?.rooms ?? []

/** The rooms from top to bottom, as the keys for the next and the previous one step through them. */
export const flatten = (sections: readonly RoomSection[]): readonly Room[] => sections.flatMap(({ rooms }) => rooms)

const folded = new WeakMap<Room, string>()

/** Lowercase, without accents, so that "uber" finds "Über". */
export const foldName = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()

/** The rooms whose name, or one of whose people, has every word of the query. */
export function filterRooms(sections: readonly RoomSection[], query: string): readonly RoomSection[] {
  const words = foldName(query).split(/\s+/).filter(Boolean)
  if (words.length === 0) return sections
  return sections.map(({ name, rooms }) => ({
    name,
    rooms: rooms.filter((room) => {
      const text = folded.get(room) ?? foldName([room.name, ...room.people.map(({ username }) => username)].join(' '))
      folded.set(room, text)
      return words.every((word) => text.includes(word))
    }),
  }))
}
