import { Failure } from '../../contract/failures'
import { findRefusal, type RightName, type Standing, seesRoom } from '../../contract/rights'
import { isModerator, outranks, type Roles, type RoomRole } from '../../contract/rules'
import { lastSeqOf, type StoredMembership, type StoredMessage, type StoredRoom, type TestAccount, type World } from './world'

/** A room, as somebody who acts on it sees it. Nothing else happens meanwhile, as under the real server's lock. */
export interface ActedRoom {
  room: StoredRoom
  actor: TestAccount
  standing: Standing & { isMuted: boolean; isBanned: boolean }
}

const isMuted = (world: World, membership: StoredMembership | undefined) =>
  membership !== undefined && membership.mutedUntil !== null && membership.mutedUntil > world.clock.now()

function standingOf(world: World, room: StoredRoom, { id, role: server }: TestAccount): ActedRoom['standing'] {
  const membership = room.members.get(id)
  const person = { server, room: membership?.role ?? null, isBanned: room.bans.has(id) }
  const sees = seesRoom({ kind: room.kind, isArchived: room.archivedAt !== null }, person)
  return { ...person, sees, isMuted: isMuted(world, membership) }
}

/** @throws {Failure} ROOM_NOT_FOUND, NOT_A_MEMBER, NOT_ALLOWED */
export function requireRight(world: World, right: RightName, roomId: string, actor: TestAccount): ActedRoom {
  const room = world.rooms.get(roomId)
  if (!room) throw new Failure('ROOM_NOT_FOUND')
  const standing = standingOf(world, room, actor)
  const refusal = findRefusal(right, standing)
  if (refusal) throw new Failure(refusal)
  return { room, actor, standing }
}

export const rolesIn = (room: StoredRoom, { id, role }: TestAccount): Roles => ({ server: role, room: room.members.get(id)?.role ?? null })

/** @throws {Failure} DIRECT_ROOM */
export function requireNotDirect({ room }: ActedRoom): void {
  if (room.kind === 'direct') throw new Failure('DIRECT_ROOM')
}

/** @throws {Failure} ROOM_ARCHIVED */
export function requireUnarchived({ room }: ActedRoom): void {
  if (room.archivedAt !== null) throw new Failure('ROOM_ARCHIVED')
}

/** @throws {Failure} DIRECT_ROOM, ROOM_ARCHIVED */
export function requireChangeable(acted: ActedRoom): void {
  requireNotDirect(acted)
  requireUnarchived(acted)
}

/** @throws {Failure} ROOM_ARCHIVED, MUTED */
export function requireCanWrite(acted: ActedRoom): void {
  requireUnarchived(acted)
  if (acted.standing.isMuted) throw new Failure('MUTED')
}

/** @throws {Failure} ROOM_ARCHIVED, MUTED, POSTING_RESTRICTED */
export function requireCanPost(acted: ActedRoom): void {
  requireCanWrite(acted)
  if (acted.room.postingPolicy === 'moderators' && !isModerator(acted.standing)) throw new Failure('POSTING_RESTRICTED')
}

/** What somebody wrote, and has not been removed. @throws {Failure} MESSAGE_NOT_FOUND */
export function requireWritten(room: StoredRoom, seq: number): StoredMessage {
  const message = room.messages[seq - 1]
  if (message?.kind !== 'text' || message.deletedAt !== null) throw new Failure('MESSAGE_NOT_FOUND')
  return message
}

/** @throws {Failure} MEMBER_NOT_FOUND */
export function requireMember(world: World, room: StoredRoom, username: string): TestAccount {
  const account = world.findPerson(username)
  if (!account || !room.members.has(account.id)) throw new Failure('MEMBER_NOT_FOUND')
  return account
}

/** @throws {Failure} NOT_ALLOWED when the actor's role does not reach this person */
export function requireOutranked({ room, standing }: ActedRoom, person: TestAccount): void {
  if (!outranks(standing, rolesIn(room, person))) throw new Failure('NOT_ALLOWED')
}

/** Whether a room is left with an owner when this person has another role, or none. @throws {Failure} LAST_OWNER */
export function requireOwnerWithout(room: StoredRoom, userId: string, becomes: RoomRole | null): void {
  if (room.members.get(userId)?.role !== 'owner' || becomes === 'owner') return
  const others = [...room.members].filter(([id]) => id !== userId)
  const isEmpty = others.length === 0 && becomes === null
  if (!isEmpty && !others.some(([, { role }]) => role === 'owner')) throw new Failure('LAST_OWNER')
}

export function addMember(world: World, room: StoredRoom, userId: string, role?: RoomRole): void {
  room.lastVersion++
  const past = room.past.get(userId)
  room.past.delete(userId)
  room.members.set(userId, {
    role: role ?? (room.isOwned && room.members.size === 0 ? 'owner' : 'member'),
    readSeq: lastSeqOf(room),
    notify: 'all',
    favorite: false,
    mutedUntil: past?.mutedUntil ?? null,
    joinedAt: world.clock.now(),
    lastSentAt: past?.lastSentAt ?? null,
  })
  world.publish({ type: 'membership', room, userId })
}

/** @throws {Failure} LAST_OWNER */
export function endMembership(world: World, room: StoredRoom, userId: string): void {
  requireOwnerWithout(room, userId, null)
  const ended = room.members.get(userId)
  if (ended) room.past.set(userId, { mutedUntil: ended.mutedUntil, lastSentAt: ended.lastSentAt })
  room.members.delete(userId)
  room.lastVersion++
  world.typing.get(room)?.delete(userId)
  world.publish({ type: 'membership', room, userId })
}

/** Stores a message or a line about the room, with the next seq. */
export function addMessage(
  world: World,
  room: StoredRoom,
  fields: Pick<StoredMessage, 'kind' | 'authorId'> & Partial<StoredMessage>,
): StoredMessage {
  const message: StoredMessage = {
    seq: lastSeqOf(room) + 1,
    version: ++room.lastVersion,
    detail: null,
    uid: null,
    clientId: null,
    text: '',
    time: world.clock.now(),
    replyTo: null,
    replyCount: 0,
    thread: null,
    mentions: [],
    reactions: [],
    editedAt: null,
    deletedAt: null,
    pinnedAt: null,
    ...fields,
  }
  room.messages.push(message)
  return message
}

/** Adds a line about the room: what the actor did. They have read it, and so has somebody who was just added. */
export function addLine(
  world: World,
  { room, actor }: Pick<ActedRoom, 'room' | 'actor'>,
  kind: Exclude<StoredMessage['kind'], 'text'>,
  detail: StoredMessage['detail'] = null,
): void {
  const line = addMessage(world, room, { kind, authorId: actor.id, detail })
  for (const userId of [actor.id, kind === 'added' ? detail?.userId : undefined]) {
    const membership = userId === undefined ? undefined : room.members.get(userId)
    if (membership) membership.readSeq = Math.max(membership.readSeq, line.seq)
  }
  world.publish({ type: 'message', room, message: line })
}

/** Gives a message that has changed its new version, and tells the room. */
export function announceChange(world: World, room: StoredRoom, message: StoredMessage): void {
  message.version = ++room.lastVersion
  world.publish({ type: 'message', room, message })
}

/** Something of the room has changed that is no message. */
export function announceRoom(world: World, room: StoredRoom): void {
  room.lastVersion++
  world.publish({ type: 'listed', room, userId: null })
}
