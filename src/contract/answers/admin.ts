import * as z from 'zod'
import { registrationModes } from '../admin'
import { auditKinds } from '../audit'
import { personShape } from './people'
import { inviteShape } from './room'
import { countShape, cursorShape, timeShape } from './shapes'

export const serverSettingsShape = z
  .object({
    name: z.string(),
    logo: z.string().nullable(),
    registration: z.enum(registrationModes),
    registrationIsFixed: z.boolean().describe('Whether the variable REGISTRATION decides, so that it cannot be changed here.'),
  })
  .meta({ id: 'ServerSettings' })

export const adminPersonShape = personShape
  .extend({
    createdAt: timeShape,
    lastSeenAt: timeShape.nullable(),
    disabledAt: timeShape.nullable(),
    sessions: countShape,
    hasPassword: z.boolean(),
    hasSecondFactor: z.boolean(),
    passkeys: countShape,
    externalIssuer: z.string().nullable(),
  })
  .meta({ id: 'AdminPerson', description: 'Somebody with an account, as admins see them.' })

export const adminPeopleShape = z.object({ people: z.array(adminPersonShape), cursor: cursorShape }).meta({ id: 'AdminPeople' })

const adminRoomShape = z
  .object({
    id: z.string(),
    kind: z.enum(['public', 'private', 'direct']),
    name: z.string(),
    topic: z.string(),
    memberCount: countShape,
    lastSeq: countShape,
    createdAt: timeShape,
    archivedAt: timeShape.nullable(),
    lastMessageAt: timeShape.nullable(),
  })
  .meta({ id: 'AdminRoom' })

export const adminRoomListShape = z.object({ rooms: z.array(adminRoomShape), cursor: cursorShape }).meta({ id: 'AdminRooms' })

const adminConnectionShape = z
  .object({
    uid: z.string(),
    username: z.string(),
    displayName: z.string(),
    sessionId: z.string(),
    ip: z.string(),
    device: z.string().nullable(),
    openedAt: timeShape,
    node: z.string(),
    subscriptions: countShape,
  })
  .meta({ id: 'AdminConnection' })

export const adminConnectionsShape = z
  .object({ connections: z.array(adminConnectionShape), count: countShape, silentNodes: countShape })
  .meta({ id: 'AdminConnections' })

export const serverInviteShape = inviteShape
  .extend({ by: z.string().nullable(), role: z.enum(['member', 'guest']) })
  .meta({ id: 'ServerInvite', description: 'An invitation to the server.' })

export const resetLinkShape = z.object({ url: z.string(), expiresAt: timeShape }).meta({ id: 'ResetLink' })

const auditPersonShape = z.object({ id: z.string(), username: z.string().nullable() }).meta({ id: 'AuditPerson' })

export const auditEntryShape = z
  .object({
    id: z.string(),
    at: timeShape,
    kind: z.enum(auditKinds),
    actor: auditPersonShape.nullable(),
    subject: auditPersonShape.nullable(),
    room: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
    ip: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' })

export const auditPageShape = z.object({ entries: z.array(auditEntryShape), cursor: cursorShape }).meta({ id: 'AuditPage' })
