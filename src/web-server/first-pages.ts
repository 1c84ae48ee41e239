import type { Pool } from 'pg'
import type { User } from '../contract/session'
import { readFirstPage } from '../server/chat/first-page'
import { createMessageHistory } from '../server/chat/history'
import { createListStore } from '../server/rooms/list-store'
import { createRoomStore } from '../server/rooms/room-store'

/** Reads what the page of a room begins with. */
export function createFirstPages(pool: Pool) {
  const parts = { messages: createMessageHistory(pool), rooms: createRoomStore(pool), lists: createListStore(pool) }
  return (user: User, room: string, around: number | null) => readFirstPage({ parts, caller: { user } }, room, around)
}
