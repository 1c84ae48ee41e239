import { randomUUID } from 'node:crypto'
import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import type { PublicRoom, Room } from '../../contract/room'
import { isUuid, limits, toSlug } from '../../contract/rules'
import { type AnnounceNeeds, announceToPeople, announceToRoom } from '../bus/announce'
import type { CallContext } from '../caller'
import { readCursor, writeCursor } from './cursor'
import type { RoomsContext, RoomsNeeds } from './needs'
import type { Changed } from './room-lock'
import type { ListedRoom } from './room-store'

/** The caller's rooms, the one with the newest talk first. */
export async function listRooms({ parts, caller }: RoomsContext): Promise<Room[]> {
  return readRoomList(parts, caller.user.id)
}

export async function readRoomList({ rooms, messages }: Pick<RoomsNeeds, 'rooms' | 'messages'>, userId: string): Promise<Room[]> {
  // The messages first: what was written after somebody was removed is then in none of the rooms that are still theirs.
  const newest = await messages.newestOfPerson(userId)
  const listed = await rooms.listOf(userId)
  return listed
    .map((room) => toRoom(room, newest.get(room.id)))
    .sort((a, b) => (b.lastMessage?.time ?? '').localeCompare(a.lastMessage?.time ?? '') || a.name.localeCompare(b.name))
}

/** A listed room with its newest message, as its members get it. */
export function toRoom({ userId: _, ...room }: ListedRoom, lastMessage: Message | null = null): Room {
  return { ...room, lastMessage }
}

/** Public rooms by name, a page at a time. */
export async function browseRooms(
  { parts, caller }: RoomsContext,
  { query = '', cursor }: { query?: string | undefined; cursor?: string | null | undefined } = {},
): Promise<{ rooms: PublicRoom[]; cursor: string | null }> {
  const [name, id] = readCursor(cursor, 'string', 'string') ?? []
  const after = name === undefined || id === undefined ? null : { name, id }
  const found = await parts.rooms.browse(caller.user.id, { query, after, limit: limits.roomsPage + 1 })
  const page = found.slice(0, limits.roomsPage)
  const last = page.at(-1)
  return {
    rooms: page.map(({ room }) => room),
    cursor: found.length > limits.roomsPage && last ? writeCursor(last.folded, last.room.id) : null,
  }
}

/** A new room with the caller as its owner and the named people as members. */
export async function createRoom(
  { parts, caller }: RoomsContext,
  input: { name: string; kind: 'public' | 'private'; topic?: string | undefined; members?: string[] | undefined },
): Promise<Room> {
  const id = input.kind === 'public' ? slugOf(input.name) : randomUUID()
  const members = [...new Set(input.members ?? [])]
  const made = await parts.rooms.create({
    id,
    kind: input.kind,
    name: input.name,
    topic: input.topic ?? '',
    ownerId: caller.user.id,
    members,
  })
  announceToPeople(parts, id, made.people)
  return showRoom({ parts, caller }, id)
}

/** The one direct room of the caller and these people. */
export async function openDirectRoom({ parts, caller }: RoomsContext, usernames: readonly string[]): Promise<Room> {
  const { room, people, isNew } = await parts.rooms.direct(caller.user.id, [...new Set(usernames)], randomUUID())
  if (isNew) announceToPeople(parts, room, people)
  return showRoom({ parts, caller }, room)
}

/** Sets what of the room the caller wants to be told. */
export async function setNotify({ parts, caller }: RoomsContext, { room, notify }: Pick<Room, 'notify'> & { room: string }): Promise<Room> {
  await parts.rooms.setNotify(room, caller.user.id, notify)
  announceToPeople(parts, room, [caller.user.id])
  return showRoom({ parts, caller }, room)
}

/** A room of the caller's, as it is now. @throws {Failure} ROOM_NOT_FOUND */
export async function showRoom({ parts, caller }: CallContext<Pick<RoomsNeeds, 'rooms' | 'messages'>>, room: string): Promise<Room> {
  const newest = await parts.messages.newestOf([room])
  const listed = await parts.rooms.findListed(room, caller.user.id)
  if (!listed) throw new Failure('ROOM_NOT_FOUND')
  return toRoom(listed, newest.get(room))
}

/** Announces what was changed. @returns what came of it */
export function tell<Result>(parts: AnnounceNeeds, room: string, changed: Changed<Result>): Result {
  announceToRoom(parts, room, changed.news)
  announceToPeople(parts, room, changed.people)
  return changed.result
}

function slugOf(name: string): string {
  const slug = toSlug(name)
  if (slug === '') throw new Failure('BAD_REQUEST', { fields: { name: 'must have a letter or a digit' } })
  // It would tell whether there is a private room of that id.
  if (isUuid(slug)) throw new Failure('BAD_REQUEST', { fields: { name: 'must not look like an id' } })
  if (slug.length > limits.roomId) throw new Failure('BAD_REQUEST', { fields: { name: 'is too long' } })
  return slug
}
