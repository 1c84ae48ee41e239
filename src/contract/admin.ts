import * as z from 'zod'
import { type AuditEntry, auditGroups, auditKinds } from './audit'
import { hasChange } from './fields'
import type { Person } from './people'
import type { Invite, RoomKind } from './room'
import { limits } from './rules'
import { username } from './session'
import { key, line, roomId, text } from './text'

/** Who may make an account: everybody, people with an invitation, nobody. */
export const registrationModes = ['open', 'invite', 'closed'] as const
export type RegistrationMode = (typeof registrationModes)[number]

export interface ServerSettings {
  /** The server's name, shown in the app and on the sign-in page. */
  name: string
  /** The path of the logo on this server; null for Roomline's own. */
  logo: string | null
  registration: RegistrationMode
  /** Whether the variable REGISTRATION decides, so that it cannot be changed here. */
  registrationIsFixed: boolean
}

/** Somebody with an account, as admins see them. Times are ISO 8601. */
export interface AdminPerson extends Person {
  createdAt: string
  /** Null when they were never here. */
  lastSeenAt: string | null
  /** Null unless the account is disabled. */
  disabledAt: string | null
  /** How many sessions they have. */
  sessions: number
  hasPassword: boolean
  hasSecondFactor: boolean
  passkeys: number
  /** The issuer of the account they sign in with; null for accounts of this server. */
  externalIssuer: string | null
}

/** A room, as admins see it. Direct rooms are not listed. */
export interface AdminRoom {
  id: string
  kind: RoomKind
  name: string
  topic: string
  memberCount: number
  /** How many messages were ever written. */
  lastSeq: number
  createdAt: string
  archivedAt: string | null
  /** When the newest message was written; null in an empty room. */
  lastMessageAt: string | null
}

/** An open connection, on whichever node. */
export interface AdminConnection {
  uid: string
  username: string
  displayName: string
  sessionId: string
  ip: string
  /** The user agent; null when it sent none. */
  device: string | null
  openedAt: string
  /** The node that it is connected to. */
  node: string
  subscriptions: number
}

/** An invitation to the server. */
export interface ServerInvite extends Omit<Invite, 'by'> {
  /** The username of whoever created it; null when the operator did from the command line. */
  by: string | null
  /** What people who use it become. */
  role: 'member' | 'guest'
}

export interface ResetLink {
  /** Shown once: only a hash of its token is stored. */
  url: string
  expiresAt: string
}

export type AdminPeople = { people: AdminPerson[]; cursor: string | null }
export type AdminRooms = { rooms: AdminRoom[]; cursor: string | null }
export type AuditPage = { entries: AuditEntry[]; cursor: string | null }
/** The newest connections. `count` counts all of them, `silentNodes` the nodes that did not answer in time. */
export type AdminConnections = { connections: AdminConnection[]; count: number; silentNodes: number }

const cursor = key(1, limits.cursor).nullish()

export const adminPeopleInput = z
  .strictObject({ query: text(0, limits.peopleQuery).optional(), role: z.enum(['admin', 'member', 'guest', 'bot']).optional(), cursor })
  .optional()

export const adminPersonInput = z.strictObject({ username })

export const adminSetRoleInput = z.strictObject({ username, role: z.enum(['admin', 'member', 'guest']) })

export const updateSettingsInput = z
  .strictObject({
    name: line(1, limits.serverName).optional(),
    /** An image as a data URL (PNG, JPEG or WebP); null removes the logo. */
    logo: z.string().max(limits.logoDataUrl).nullable().optional(),
    registration: z.enum(registrationModes).optional(),
  })
  .refine(hasChange, 'must change something')

export const createServerInviteInput = z.strictObject({
  /** How many hours it is valid; null for no expiry. */
  hours: z.int().min(1).max(limits.inviteHours.max).nullable().default(limits.inviteHours.usual),
  /** How many people can use it; null for no limit. */
  maxUses: z.int().min(1).max(limits.inviteUses).nullable().default(1),
  role: z.enum(['member', 'guest']).default('member'),
})

export const revokeServerInviteInput = z.strictObject({ invite: key(1, limits.id) })

export const adminRoomsInput = z.strictObject({ query: text(0, limits.roomQuery).optional(), cursor }).optional()

export const adminRoomInput = z.strictObject({ room: roomId })

export const adminConnectionsInput = z.strictObject({ username: username.optional() }).optional()

export const auditInput = z
  .strictObject({
    /** The username of who acted. */
    actor: username.optional(),
    /** A kind, or a group of kinds. */
    kind: z.enum([...auditKinds, ...auditGroups]).optional(),
    cursor,
  })
  .optional()
