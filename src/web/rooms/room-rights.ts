import { hasRoomRole, outranks } from '../../contract/rules'
import type { Room, RoomRole, ServerRole } from '../../sdk'

/** The room as somebody with this role on the server has it: an admin may do there what its owner may. */
export function forRole(room: Room, role: ServerRole): Room {
  return role === 'admin' && room.kind !== 'direct' ? { ...room, role: 'owner' } : room
}

/** What a person may do in a room by their role there; in a direct room everybody may do the same. */
export interface RoomRights {
  /** Leave it, and bring others in. */
  changesOwn: boolean
  /** Change it, mute, remove and ban, and make invitations by link. */
  moderates: boolean
  /** Give roles, and put it into the archive. */
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
