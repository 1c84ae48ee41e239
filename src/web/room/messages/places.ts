import type { Place } from './row-window'

/** Where the person was: in each room, and at each entry of the browser's history. They last as long as the page. */
const ofRooms = new Map<string, Place>()
const ofEntries = new Map<string, Place>()

export function rememberPlace(room: string, entry: string, place: Place) {
  ofRooms.set(room, place)
  ofEntries.set(`${room} ${entry}`, place)
}

export const placeInRoom = (room: string): Place | undefined => ofRooms.get(room)
export const placeAtEntry = (room: string, entry: string): Place | undefined => ofEntries.get(`${room} ${entry}`)
