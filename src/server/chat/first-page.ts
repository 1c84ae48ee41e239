import type { FirstPage } from '../../contract/message'
import type { Room } from '../../contract/room'
import { limits } from '../../contract/rules'
import type { ReaderContext } from '../caller'
import type { RoomsNeeds } from '../rooms/needs'
import { findRoom } from '../rooms/room-list'
import { type MessageHistory, readHistory } from './history'

interface FirstPageNeeds extends Pick<RoomsNeeds, 'rooms' | 'lists'> {
  messages: Pick<MessageHistory, 'page' | 'lastVersions'>
}

/**
 * What the page of a room begins with: the room, and its newest messages or those around one.
 * @param around a seq; null for the newest messages
 * @throws {Failure} as `chat.history` does
 */
export async function readFirstPage(
  ctx: ReaderContext<FirstPageNeeds>,
  room: string,
  around: number | null,
): Promise<{ room: Room; first: FirstPage } | null> {
  const { parts, caller } = ctx
  await parts.rooms.requireMembership(room, caller.user.id)
  // In this order: every change after that version comes by subscription, and no message above the last seq has an older one.
  const version = (await parts.messages.lastVersions([room])).get(room)
  const page = await readHistory(ctx, { room, limit: limits.historyPage.usual, ...(around !== null && { around }) })
  const listed = await findRoom(ctx, room)
  if (!listed || version === undefined) return null
  const newest = page.messages.at(-1)?.seq ?? 0
  return { room: listed, first: { ...page, version, lastSeq: page.hasAfter ? Math.max(newest, listed.lastSeq) : newest } }
}
