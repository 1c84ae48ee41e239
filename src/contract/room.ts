import { z } from 'zod'
import type { Message } from './message'
import { username } from './session'
import { key, text } from './text'

export type RoomKind = 'public' | 'private' | 'direct'
export type RoomRole = 'owner' | 'moderator' | 'member'
export type NotificationLevel = 'all' | 'mentions' | 'nothing'

/** A room as one of its members has it in the room list. */
export interface Room {
  /** Never changes. A public room's is its slug. */
  id: string
  kind: RoomKind
  name: string
  topic: string
  role: RoomRole
  /** The place of the newest message; 0 in a room without any. */
  lastSeq: number
  /** Up to where this person has read. */
  readSeq: number
  unread: number
  mentions: number
  notify: NotificationLevel
  lastMessage: Message | null
}

/** A public room as anybody signed in may find it. */
export interface PublicRoom {
  id: string
  kind: 'public'
  name: string
  topic: string
  memberCount: number
  joined: boolean
}

export const roomId = key(1, 64)
export const roomInput = z.strictObject({ room: roomId })

export const createRoomInput = z.strictObject({
  name: text(1, 60),
  kind: z.enum(['public', 'private']),
  topic: text(0, 250).optional(),
  members: z.array(username).max(100).optional(),
})

export const browseInput = z
  .strictObject({
    query: text(0, 60).optional(),
    cursor: key(1, 200).nullish(),
  })
  .optional()
