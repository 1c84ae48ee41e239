import { z } from 'zod'
import type { Message } from './message'
import { type User, username } from './session'
import { key, roomId, text } from './text'

export type RoomKind = 'public' | 'private' | 'direct'
export type RoomRole = 'owner' | 'moderator' | 'member'
export type NotificationLevel = 'all' | 'mentions' | 'nothing'
export type PostingPolicy = 'everyone' | 'moderators'

/** A room as one of its members has it in the room list. */
export interface Room {
  /** Never changes. A public room's is its slug. */
  id: string
  kind: RoomKind
  /** Of a direct room: the other people's names. */
  name: string
  topic: string
  role: RoomRole
  /** The place of the newest message; 0 in a room without any. */
  lastSeq: number
  /** Up to where this person has read. */
  readSeq: number
  /** `lastSeq - readSeq`, whatever `notify` says. */
  unread: number
  /** How many of the unread messages mention this person; 0 when `notify` is `nothing`. */
  mentions: number
  /** Of what in it this person wants to be told. */
  notify: NotificationLevel
  lastMessage: Message | null
  /** Who may write. */
  postingPolicy: PostingPolicy
  /** How long each member waits between two messages; 0 for no wait. */
  slowModeSeconds: number
  /** Until when this person may not write, ISO 8601. */
  mutedUntil: string | null
  /** Since when nobody may write, ISO 8601. */
  archivedAt: string | null
  /** Of a direct room: the other people. */
  people: User[]
}

/**
 * What `rooms.onChange` tells: the whole list first and after each reconnect, then rooms that are new or have changed, each
 * as it is now, and those that are gone.
 */
export type RoomListEvent = { type: 'list'; rooms: Room[] } | { type: 'room'; room: Room } | { type: 'gone'; room: string }

/** A public room as anybody signed in may find it. */
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
  /** A line of their own, "" when there is none. */
  status: string
  /** ISO 8601. */
  joinedAt: string
  /** ISO 8601; null for who is not muted. */
  mutedUntil: string | null
}

export interface Ban {
  user: User
  /** Who banned them; null when that account is gone. */
  by: string | null
  reason: string
  /** ISO 8601. */
  at: string
}

/** An invitation by link, as moderators see it. */
export interface Invite {
  id: string
  /** Who made it. */
  by: string
  /** ISO 8601. */
  createdAt: string
  /** ISO 8601; null for never. */
  expiresAt: string | null
  /** Null for any number. */
  maxUses: number | null
  uses: number
}

/** What somebody with an invitation sees of the room before they accept it. */
export interface InvitedRoom {
  room: string
  kind: RoomKind
  name: string
  topic: string
  memberCount: number
  joined: boolean
}

export const roomInput = z.strictObject({ room: roomId })

const roomName = text(1, 60)
const topic = text(0, 250)

export const createRoomInput = z.strictObject({
  name: roomName,
  kind: z.enum(['public', 'private']),
  topic: topic.optional(),
  members: z.array(username).max(100).optional(),
})

export const updateRoomInput = z
  .strictObject({
    room: roomId,
    name: roomName.optional(),
    topic: topic.optional(),
    postingPolicy: z.enum(['everyone', 'moderators']).optional(),
    slowModeSeconds: z.int().min(0).max(3_600).optional(),
  })
  .refine(({ room: _, ...change }) => Object.values(change).some((value) => value !== undefined), 'must change something')

export const archiveRoomInput = z.strictObject({
  room: roomId,
  /** False takes an archived room back. */
  archived: z.boolean().default(true),
})

export const directInput = z.strictObject({ usernames: z.array(username).min(1).max(8) })

export const notifyInput = z.strictObject({ room: roomId, notify: z.enum(['all', 'mentions', 'nothing']) })

export const membersInput = z.strictObject({
  room: roomId,
  /** Part of a username or display name. */
  query: text(0, 64).optional(),
  cursor: key(1, 1_000).nullish(),
})

export const memberInput = z.strictObject({ room: roomId, username })
export const setRoleInput = z.strictObject({ room: roomId, username, role: z.enum(['owner', 'moderator', 'member']) })
export const banInput = z.strictObject({ room: roomId, username, reason: text(0, 250).optional() })
export const muteInput = z.strictObject({
  room: roomId,
  username,
  minutes: z.int().min(1).max(525_600).default(60),
})

export const createInviteInput = z.strictObject({
  room: roomId,
  /** For so many hours; null for ever. */
  hours: z.int().min(1).max(8_760).nullable().default(168),
  /** For so many people; null for any number. */
  maxUses: z.int().min(1).max(10_000).nullable().default(null),
})
export const revokeInviteInput = z.strictObject({ room: roomId, invite: key(1, 64) })
export const inviteTokenInput = z.strictObject({ token: key(1, 128) })

export const browseInput = z
  .strictObject({
    query: text(0, 60).optional(),
    cursor: key(1, 1_000).nullish(),
  })
  .optional()
