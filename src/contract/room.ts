import * as z from 'zod'
import { hasChange } from './fields'
import type { Message } from './message'
import { limits, type RoomRole, roomRoles } from './rules'
import { type User, username } from './session'
import { key, line, roomId, text } from './text'

export type RoomKind = 'public' | 'private' | 'direct'
export const notificationLevels = ['all', 'mentions', 'nothing'] as const
export type NotificationLevel = (typeof notificationLevels)[number]
export const postingPolicies = ['everyone', 'moderators'] as const
export type PostingPolicy = (typeof postingPolicies)[number]

/** What a room list shows of the newest message of a room: of its text, at most the first 200 characters and an ellipsis. */
export type LastMessage = Pick<Message, 'seq' | 'version' | 'kind' | 'detail' | 'author' | 'text' | 'time' | 'editedAt' | 'deletedAt'>

/** A room in the room list of one of its members. */
export interface Room {
  /** Never changes. In a public room it is the slug of its first name. */
  id: string
  kind: RoomKind
  /** In a direct room, the display names of the other people. */
  name: string
  topic: string
  role: RoomRole
  /** The seq of the newest message; 0 in an empty room. */
  lastSeq: number
  /** The seq of the last message that this person has read. */
  readSeq: number
  /** `lastSeq - readSeq`, whatever `notify` is. */
  unread: number
  /** How many of the unread messages mention this person; 0 when `notify` is `nothing`. */
  mentions: number
  /** What this person wants to be notified of. */
  notify: NotificationLevel
  /** Whether this person keeps the room at the top of their list. */
  favorite: boolean
  lastMessage: LastMessage | null
  /** Who may write. */
  postingPolicy: PostingPolicy
  /** How long a member must wait between two messages, in seconds; 0 for no wait. */
  slowModeSeconds: number
  /** Until when this person is muted, ISO 8601; null when they are not. */
  mutedUntil: string | null
  /** Since when the room is archived, ISO 8601; null when it is not. */
  archivedAt: string | null
  /** In a direct room, the other people; otherwise empty. */
  people: User[]
}

/**
 * The events of `rooms.onChange`: the whole list first and after each reconnect, then each room that is new or has changed,
 * as it is now, and the id of each room that the person has lost.
 */
export type RoomListEvent = { type: 'list'; rooms: Room[] } | { type: 'room'; room: Room } | { type: 'gone'; room: string }

/** A public room as everybody who is signed in can find it. */
export interface PublicRoom {
  id: string
  kind: 'public'
  name: string
  topic: string
  memberCount: number
  joined: boolean
}

export interface Member {
  user: User
  role: RoomRole
  /** A short line that they wrote about themselves; "" when there is none. */
  status: string
  /** ISO 8601. */
  joinedAt: string
  /** ISO 8601; null when they are not muted. */
  mutedUntil: string | null
}

export interface Ban {
  user: User
  /** The username of whoever banned them; null when that account was deleted. */
  by: string | null
  reason: string
  /** ISO 8601. */
  at: string
}

/** An invitation link, as moderators see it. */
export interface Invite {
  id: string
  /** The username of whoever created it. */
  by: string
  /** ISO 8601. */
  createdAt: string
  /** ISO 8601; null for never. */
  expiresAt: string | null
  /** How many people can use it; null for no limit. */
  maxUses: number | null
  uses: number
}

/** What somebody with an invitation link sees of the room before they accept it. */
export interface InvitedRoom {
  room: string
  kind: RoomKind
  name: string
  topic: string
  memberCount: number
  joined: boolean
}

export const roomInput = z.strictObject({ room: roomId })

const roomName = line(1, limits.roomName)
const topic = line(0, limits.roomTopic)

export const createRoomInput = z.strictObject({
  name: roomName,
  kind: z.enum(['public', 'private']),
  topic: topic.optional(),
  members: z.array(username).max(limits.firstMembers).optional(),
})

export const updateRoomInput = z
  .strictObject({
    room: roomId,
    name: roomName.optional(),
    topic: topic.optional(),
    postingPolicy: z.enum(postingPolicies).optional(),
    slowModeSeconds: z.int().min(0).max(limits.slowModeSeconds).optional(),
  })
  .refine(({ room: _, ...change }) => hasChange(change), 'must change something')

export const archiveRoomInput = z.strictObject({
  room: roomId,
  /** False restores an archived room. */
  archived: z.boolean().default(true),
})

export const directInput = z.strictObject({ usernames: z.array(username).min(1).max(limits.directPeople) })

export const notifyInput = z.strictObject({ room: roomId, notify: z.enum(notificationLevels) })

export const favoriteInput = z.strictObject({ room: roomId, favorite: z.boolean() })

export const membersInput = z.strictObject({
  room: roomId,
  /** Part of a username or display name. */
  query: text(0, limits.peopleQuery).optional(),
  cursor: key(1, limits.cursor).nullish(),
})

export const memberInput = z.strictObject({ room: roomId, username })
export const setRoleInput = z.strictObject({ room: roomId, username, role: z.enum(roomRoles) })
export const banInput = z.strictObject({ room: roomId, username, reason: line(0, limits.banReason).optional() })
export const muteInput = z.strictObject({
  room: roomId,
  username,
  minutes: z.int().min(1).max(limits.muteMinutes.max).default(limits.muteMinutes.usual),
})

export const createInviteInput = z.strictObject({
  room: roomId,
  /** How many hours it is valid; null for no expiry. */
  hours: z.int().min(1).max(limits.inviteHours.max).nullable().default(limits.inviteHours.usual),
  /** How many people can use it; null for no limit. */
  maxUses: z.int().min(1).max(limits.inviteUses).nullable().default(null),
})
export const revokeInviteInput = z.strictObject({ room: roomId, invite: key(1, limits.id) })
export const inviteTokenInput = z.strictObject({ token: key(1, limits.inviteToken) })

export const browseInput = z
  .strictObject({
    query: text(0, limits.roomQuery).optional(),
    cursor: key(1, limits.cursor).nullish(),
  })
  .optional()
