import { readFirstPage } from '../server/chat/first-page'
import { createMessageHistory } from '../server/chat/history'
import type { Database } from '../server/platform/database'
import { createListStore } from '../server/rooms/list-store'
import { createRoomStore } from '../server/rooms/room-store'

/** Reads what the page of a room begins with. */
export function createFirstPages({ pool }: Pick<Database, 'pool'>) {
  const parts = { messages: createMessageHistory(pool), rooms: createRoomStore(pool), lists: createListStore(pool) }
  type Reader = Parameters<typeof readFirstPage>[0]['caller']['user']
  return (user: Reader, room: string, around: number | null) => readFirstPage({ parts, caller: { user } }, room, around)
}
