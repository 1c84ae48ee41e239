import * as z from 'zod'
import { notificationLevels, postingPolicies } from '../room'
import { roomRoles } from '../rules'
import { messageShape } from './message'
import { userShape } from './session'
import { countShape, timeShape } from './shapes'

const kind = z.enum(['public', 'private', 'direct'])

export const roomShape = z
  .object({
    id: z.string(),
    kind,
    name: z.string(),
    topic: z.string(),
    role: z.enum(roomRoles),
    lastSeq: countShape.describe('The seq of the newest message; 0 in an empty room.'),
    readSeq: countShape,
    unread: countShape.describe('`lastSeq - readSeq`.'),
    mentions: countShape,
    notify: z.enum(notificationLevels),
    favorite: z.boolean(),
    lastMessage: messageShape
      .pick({ seq: true, version: true, kind: true, detail: true, author: true, text: true, time: true, editedAt: true, deletedAt: true })
      .meta({ id: 'LastMessage' })
      .nullable(),
    postingPolicy: z.enum(postingPolicies),
    slowModeSeconds: countShape,
    mutedUntil: timeShape.nullable(),
    archivedAt: timeShape.nullable(),
    people: z.array(userShape).describe('In a direct room, the other people; otherwise empty.'),
  })
  .meta({ id: 'Room', description: 'A room in the room list of one of its members.' })

/** What somebody gets of a room that they changed: an admin need not be a member of it. */
export const changedRoomShape = z.union([roomShape, z.object({ id: z.string() })])

export const roomListEventShape = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('list'), rooms: z.array(roomShape) }),
    z.object({ type: z.literal('room'), room: roomShape }),
    z.object({ type: z.literal('gone'), room: z.string() }),
  ])
  .meta({ id: 'RoomListEvent', description: 'First the whole list, then each room that is new or has changed, and each that is gone.' })

export const publicRoomShape = z
  .object({
    id: z.string(),
    kind: z.literal('public'),
    name: z.string(),
    topic: z.string(),
    memberCount: countShape,
    joined: z.boolean(),
  })
  .meta({ id: 'PublicRoom' })

export const memberShape = z
  .object({ user: userShape, role: z.enum(roomRoles), status: z.string(), joinedAt: timeShape, mutedUntil: timeShape.nullable() })
  .meta({ id: 'Member' })

export const banShape = z.object({ user: userShape, by: z.string().nullable(), reason: z.string(), at: timeShape }).meta({ id: 'Ban' })

export const inviteShape = z
  .object({
    id: z.string(),
    by: z.string(),
    createdAt: timeShape,
    expiresAt: timeShape.nullable(),
    maxUses: countShape.nullable(),
    uses: countShape,
  })
  .meta({ id: 'Invite', description: 'An invitation to a room, as moderators see it.' })

export const invitedRoomShape = z
  .object({ room: z.string(), kind, name: z.string(), topic: z.string(), memberCount: countShape, joined: z.boolean() })
  .meta({ id: 'InvitedRoom' })
