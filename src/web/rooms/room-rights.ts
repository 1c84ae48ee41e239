import { hasRoomRole, outranks } from '../../contract/rules'
import type { Room, RoomRole, ServerRole } from '../../sdk'

/**
 * The room with the role that a user with this server role has there: admins may do what owners may. The same object for the
 * same room: what is drawn from it is only drawn again when the room has changed.
 */
export function forRole(room: Room, role: ServerRole): Room {
  if (role !== 'admin' || room.kind === 'direct' || room.role === 'owner') return room
  const asOwner = asOwners.get(room) ?? { ...room, role: 'owner' }
  asOwners.set(room, asOwner)
  return asOwner
}

const asOwners = new WeakMap<Room, Room>()

/** What a role allows in a room. In a direct room all members have the same rights. */
export interface RoomRights {
  /** Leave the room, and invite people. */
  changesOwn: boolean
  /** Change the settings, mute, remove and ban people, and make invitation links. */
  moderates: boolean
  /** Change roles, and archive the room. */
  owns: boolean
}

export function rightsIn({ kind, role }: Pick<Room, 'kind' | 'role'>): RoomRights {
  const isOpenToChange = kind !== 'direct'
  return {
    changesOwn: isOpenToChange,
    moderates: isOpenToChange && hasRoomRole(role, 'moderator'),
    owns: isOpenToChange && hasRoomRole(role, 'owner'),
  }
}

/** Whether somebody with this role may be muted, removed or banned. Only the server knows whether they are an admin. */
export function mayModerate({ kind, role }: Pick<Room, 'kind' | 'role'>, subject: RoomRole): boolean {
  return kind !== 'direct' && outranks({ server: 'member', room: role }, { server: 'member', room: subject })
}
