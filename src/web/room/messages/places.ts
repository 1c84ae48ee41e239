import type { ListPlace } from './row-window'

/** Where the person was: in each room, and at each entry of the browser's history. They last as long as the page. */
const ofRooms = new Map<string, ListPlace>()
const ofEntries = new Map<string, ListPlace>()

export function rememberPlace(room: string, entry: string, place: ListPlace) {
  ofRooms.set(room, place)
  ofEntries.set(`${room} ${entry}`, place)
}

export const placeInRoom = (room: string): ListPlace | undefined => ofRooms.get(room)
export const placeAtEntry = (room: string, entry: string): ListPlace | undefined => ofEntries.get(`${room} ${entry}`)
