import type { FailureName } from '../contract/failures'
import { hasRoomRole, hasServerRole, type Roles, type RoomRole, type ServerRole } from '../contract/rules'

interface Right {
  /** The least role on the server. */
  server: ServerRole
  /** The least role in the room that the input names; `sees` for acts of people who are not members yet. */
  room?: RoomRole | 'sees'
  /** An admin may do it in every room that they can see, as if they owned it. */
  admin?: true
  /** Which limit counts the calls: `acts` change something for others, `lookUps` read much. Sends have their own limit. */
  limit?: 'acts' | 'lookUps'
}

const anybody = { server: 'guest' } as const
const inRoom = { server: 'guest', room: 'member' } as const
const moderators = { server: 'guest', room: 'moderator', admin: true, limit: 'acts' } as const
const owners = { server: 'guest', room: 'owner', admin: true, limit: 'acts' } as const

/** Which role may do what. Every procedure has its row here; one without a row is refused. */
export const rights = {
  'session.me': anybody,
  'session.list': anybody,
  'session.revoke': anybody,
  'session.revokeOthers': anybody,

  'security.show': anybody,
  'security.askToConfirm': { server: 'guest', limit: 'acts' },
  'security.confirm': anybody,
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
  'users.get': { server: 'bot' },
  'users.me': anybody,
  'users.update': { server: 'guest', limit: 'acts' },
  'users.changePassword': anybody,
  'users.deleteAccount': anybody,

  'rooms.list': anybody,
  'rooms.get': anybody,
  'rooms.onChange': anybody,
  'rooms.browse': { server: 'bot', limit: 'lookUps' },
  'rooms.create': { server: 'member', limit: 'acts' },
  'rooms.direct': { server: 'bot', limit: 'acts' },
  'rooms.join': { server: 'bot', room: 'sees', limit: 'acts' },
  'rooms.leave': { ...inRoom, limit: 'acts' },
  'rooms.members': { ...inRoom, limit: 'lookUps' },
  'rooms.setNotify': inRoom,
  'rooms.invite': { server: 'bot', room: 'member', admin: true, limit: 'acts' },
  'rooms.showInvite': anybody,
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

  'chat.send': inRoom,
  'chat.onMessage': inRoom,
  'chat.history': inRoom,
  'chat.edit': inRoom,
  'chat.remove': inRoom,
  'chat.react': inRoom,
  'chat.unreact': inRoom,
  'chat.markRead': inRoom,
  'chat.markUnread': inRoom,
  'chat.typing': inRoom,
  'chat.search': { server: 'guest', limit: 'lookUps' },

  'presence.onChange': inRoom,
  'presence.update': anybody,
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
export const limitOf = (path: string): 'acts' | 'lookUps' | undefined => findRight(path)?.limit

const findRight = (path: string): Right | undefined => (Object.hasOwn(rights, path) ? rights[path as RightName] : undefined)
