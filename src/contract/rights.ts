import type { FailureName } from './failures'
import { hasRoomRole, hasServerRole, type Roles, type RoomRole, type ServerRole } from './rules'

/** From the rarest to the most frequent. `docs/limits.md` says what each is for. */
export type LimitClass = 'passwords' | 'sends' | 'acts' | 'lookUps' | 'reads' | 'marks' | 'subscriptions'

interface Right {
  /** The least role on the server. */
  server: ServerRole
  /** The least role in the room that the input names; `sees` for acts of people who are not members yet. */
  room?: RoomRole | 'sees'
  /** An admin may do it in every room that they can see, as if they owned it. */
  admin?: true
  /** Which limit counts the calls. */
  limit: LimitClass
}

const anybody = { server: 'guest', limit: 'reads' } as const
const inRoom = { server: 'guest', room: 'member', limit: 'reads' } as const
const moderators = { server: 'guest', room: 'moderator', admin: true, limit: 'acts' } as const
const owners = { server: 'guest', room: 'owner', admin: true, limit: 'acts' } as const
const admins = { server: 'admin', limit: 'acts' } as const
const adminsLookUp = { server: 'admin', limit: 'lookUps' } as const

/** Which role may do what. Every procedure has its row here; one without a row is refused. */
export const rights = {
  'session.me': anybody,
  'session.list': anybody,
  'session.revoke': { ...anybody, limit: 'acts' },
  'session.revokeOthers': { ...anybody, limit: 'acts' },

  'security.show': anybody,
  'security.askToConfirm': { server: 'guest', limit: 'acts' },
  'security.confirm': { ...anybody, limit: 'passwords' },
  'security.startPasskey': { server: 'guest', limit: 'acts' },
  'security.addPasskey': { server: 'guest', limit: 'acts' },
  'security.renamePasskey': { server: 'guest', limit: 'acts' },
  'security.removePasskey': { server: 'guest', limit: 'acts' },
  'security.startTwoStep': { server: 'guest', limit: 'acts' },
  'security.enableTwoStep': { server: 'guest', limit: 'acts' },
  'security.disableTwoStep': { server: 'guest', limit: 'acts' },
  'security.renewRecoveryCodes': { server: 'guest', limit: 'acts' },

  // Guests can look up nobody: they only see the people in their rooms.
  'users.search': { server: 'bot', limit: 'lookUps' },
  'users.get': { server: 'bot', limit: 'reads' },
  // Guests get only the names of people who share a room with them.
  'users.named': { server: 'guest', limit: 'lookUps' },
  'users.me': anybody,
  'users.update': { server: 'guest', limit: 'acts' },
  'users.changePassword': { ...anybody, limit: 'passwords' },
  'users.deleteAccount': { ...anybody, limit: 'passwords' },

  'rooms.list': { ...anybody, limit: 'lookUps' },
  'rooms.get': anybody,
  'rooms.onChange': { ...anybody, limit: 'subscriptions' },
  'rooms.browse': { server: 'bot', limit: 'lookUps' },
  'rooms.create': { server: 'member', limit: 'acts' },
  'rooms.direct': { server: 'bot', limit: 'acts' },
  'rooms.join': { server: 'bot', room: 'sees', limit: 'acts' },
  'rooms.leave': { ...inRoom, limit: 'acts' },
  'rooms.members': { ...inRoom, limit: 'lookUps' },
  'rooms.setNotify': { ...inRoom, limit: 'acts' },
  'rooms.setFavorite': { ...inRoom, limit: 'acts' },
  'rooms.invite': { server: 'bot', room: 'member', admin: true, limit: 'acts' },
  'rooms.showInvite': { ...anybody, limit: 'lookUps' },
  'rooms.acceptInvite': { server: 'guest', limit: 'acts' },
  'rooms.createInvite': moderators,
  'rooms.invites': moderators,
  'rooms.revokeInvite': moderators,
  'rooms.update': moderators,
  'rooms.mute': moderators,
  'rooms.unmute': moderators,
  'rooms.remove': moderators,
  'rooms.ban': moderators,
  'rooms.unban': moderators,
  'rooms.bans': moderators,
  'rooms.setRole': owners,
  'rooms.archive': owners,

  'chat.send': { ...inRoom, limit: 'sends' },
  'chat.onMessage': { ...inRoom, limit: 'subscriptions' },
  'chat.history': inRoom,
  'chat.thread': inRoom,
  'chat.at': inRoom,
  'chat.pins': inRoom,
  'chat.readers': inRoom,
  'chat.edit': { ...inRoom, limit: 'sends' },
  'chat.remove': { ...inRoom, limit: 'acts' },
  'chat.react': { ...inRoom, limit: 'sends' },
  'chat.unreact': { ...inRoom, limit: 'sends' },
  'chat.pin': { ...inRoom, limit: 'sends' },
  'chat.unpin': { ...inRoom, limit: 'sends' },
  'chat.markRead': { ...inRoom, limit: 'marks' },
  'chat.markUnread': { ...inRoom, limit: 'marks' },
  'chat.typing': { ...inRoom, limit: 'marks' },
  'chat.search': { server: 'guest', limit: 'lookUps' },

  // Their operations require that the bot is the caller's, or the caller an admin.
  'bots.create': { server: 'member', limit: 'acts' },
  'bots.list': { server: 'member', limit: 'lookUps' },
  'bots.rotate': { server: 'member', limit: 'acts' },
  'bots.remove': { server: 'member', limit: 'acts' },
  'hooks.create': moderators,
  'hooks.createOutgoing': moderators,
  'hooks.list': moderators,
  'hooks.remove': moderators,

  'presence.onChange': { ...inRoom, limit: 'subscriptions' },
  'presence.update': { ...anybody, limit: 'marks' },

  // These read the caller's role again in their transaction.
  'admin.people': adminsLookUp,
  'admin.disable': admins,
  'admin.enable': admins,
  'admin.setRole': admins,
  'admin.resetLink': admins,
  'admin.removeSecondFactors': admins,
  'admin.endSessions': admins,
  'admin.deletePerson': admins,
  'admin.settings': adminsLookUp,
  'admin.updateSettings': admins,
  'admin.createInvite': admins,
  'admin.invites': adminsLookUp,
  'admin.revokeInvite': admins,
  'admin.audit': adminsLookUp,
  'admin.rooms': adminsLookUp,
  'admin.deleteRoom': admins,
  'admin.connections': adminsLookUp,
} as const satisfies Record<string, Right>

export type RightName = keyof typeof rights

export interface Standing extends Roles {
  /** Whether they may know that the room exists. */
  sees: boolean
}

/** Why somebody may not call this procedure in any room; null when they may. */
export function findServerRefusal(path: string, role: ServerRole): FailureName | null {
  const right = findRight(path)
  return right && hasServerRole(role, right.server) ? null : 'NOT_ALLOWED'
}

/** Why somebody may not call this procedure in this room; null when they may. */
export function findRefusal(path: string, { server, room, sees }: Standing): FailureName | null {
  const right = findRight(path)
  if (!sees && room === null && right?.room) return 'ROOM_NOT_FOUND'
  if (!right || !hasServerRole(server, right.server)) return 'NOT_ALLOWED'
  if (!right.room || right.room === 'sees' || (right.admin && server === 'admin')) return null
  if (room === null) return 'NOT_A_MEMBER'
  return hasRoomRole(room, right.room) ? null : 'NOT_ALLOWED'
}

/** Whether somebody may know that the room exists: members, and of a public room everybody but guests and banned people. */
export function seesRoom(
  room: { kind: string; isArchived: boolean },
  person: { server: ServerRole; room: RoomRole | null; isBanned: boolean },
): boolean {
  if (person.room !== null) return true
  // Admins see banned and archived public rooms too: otherwise they could not undo what they have to look after.
  if (person.server === 'admin') return room.kind === 'public'
  return room.kind === 'public' && !room.isArchived && !person.isBanned && person.server !== 'guest'
}

/** The limit that counts calls of this procedure. */
export const limitOf = (path: string): LimitClass | undefined => findRight(path)?.limit

const findRight = (path: string): Right | undefined => (Object.hasOwn(rights, path) ? rights[path as RightName] : undefined)
