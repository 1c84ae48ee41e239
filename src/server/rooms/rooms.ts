import { randomUUID } from 'node:crypto'
import { Failure } from '../../contract/failures'
import type { Message } from '../../contract/message'
import type { PublicRoom, Room } from '../../contract/room'
import type { Context } from '../context'
import type { Membership } from './room-store'

/** The caller's rooms, the one with the newest talk first. */
export async function listRooms({ parts, caller }: Context): Promise<Room[]> {
  const memberships = await parts.rooms.membershipsOf(caller.user.id)
  const [newest, mentions] = await Promise.all([
    parts.messages.newestOf(memberships.map(({ room }) => room.id)),
    parts.rooms.unreadMentions(caller.user.id),
  ])
  const rooms = memberships.map((membership) => toRoom(membership, newest.get(membership.room.id), mentions.get(membership.room.id)))
  return rooms.sort((a, b) => (b.lastMessage?.time ?? '').localeCompare(a.lastMessage?.time ?? ''))
}

const pageSize = 50

/** Public rooms by name, a page at a time. */
export async function browseRooms(
  { parts, caller }: Context,
  { query = '', cursor }: { query?: string | undefined; cursor?: string | null | undefined } = {},
): Promise<{ rooms: PublicRoom[]; cursor: string | null }> {
  const rooms = await parts.rooms.browse(caller.user.id, { query, after: cursor ? readCursor(cursor) : null, limit: pageSize + 1 })
  const page = rooms.slice(0, pageSize)
  const last = page.at(-1)
  return { rooms: page, cursor: rooms.length > pageSize && last ? writeCursor(last) : null }
}

const writeCursor = ({ name, id }: PublicRoom) => Buffer.from(JSON.stringify([name.toLowerCase(), id])).toString('base64url')

function readCursor(cursor: string): { name: string; id: string } {
  try {
    const [name, id]: unknown[] = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (typeof name === 'string' && typeof id === 'string' && !`${name}${id}`.includes('\0')) return { name, id }
  } catch {}
  throw new Failure('BAD_REQUEST', { fields: { cursor: 'must come from an earlier answer' } })
}

/** A new room with the caller as its owner and the named people as members. */
export async function createRoom(
  { parts, caller }: Context,
  input: { name: string; kind: 'public' | 'private'; topic?: string | undefined; members?: string[] | undefined },
): Promise<Room> {
  const id = input.kind === 'public' ? slugOf(input.name) : randomUUID()
  const members = [...new Set(input.members ?? [])]
  await parts.rooms.create({ id, kind: input.kind, name: input.name, topic: input.topic ?? '', ownerId: caller.user.id, members })
  return toRoom(await parts.rooms.requireMembership(id, caller.user.id))
}

/** Makes the caller a member of a public room. Joining twice is joining once. */
export async function joinRoom({ parts, caller }: Context, room: string): Promise<Room> {
  await parts.rooms.join(room, caller.user.id)
  parts.bus.publish(room, { type: 'membership', userId: caller.user.id })
  return showRoom({ parts, caller }, room)
}

/** Ends the caller's membership, and what they follow of the room on every node. */
export async function leaveRoom({ parts, caller }: Context, room: string): Promise<{ room: string }> {
  const version = await parts.rooms.leave(room, caller.user.id)
  if (version !== null) parts.bus.publish(room, { type: 'membership', userId: caller.user.id, version })
  return { room }
}

async function showRoom({ parts, caller }: Context, room: string): Promise<Room> {
  const [membership, newest] = await Promise.all([parts.rooms.requireMembership(room, caller.user.id), parts.messages.newestOf([room])])
  return toRoom(membership, newest.get(room))
}

function toRoom({ room, role, readSeq, notify }: Membership, lastMessage: Message | null = null, mentions = 0): Room {
  const { id, kind, name, topic, lastSeq } = room
  return { id, kind, name, topic, role, lastSeq, readSeq, unread: lastSeq - readSeq, mentions, notify, lastMessage }
}

/** "Über uns!" → "über-uns": letters and digits of any script, with hyphens between. */
function slugOf(name: string): string {
  const slug = name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
  if (slug === '') throw new Failure('BAD_REQUEST', { fields: { name: 'must have a letter or a digit' } })
  if (slug.length > 64) throw new Failure('BAD_REQUEST', { fields: { name: 'is too long' } })
  return slug
}
