import type { Room, RoomRole, ServerRole } from '../../sdk'

/** As the server ranks them. It has the last word: what it refuses is told in its words. */
const ranks: readonly RoomRole[] = ['member', 'moderator', 'owner']

const isAtLeast = (role: RoomRole, least: RoomRole) => ranks.indexOf(role) >= ranks.indexOf(least)

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
    moderates: isOpenToChange && isAtLeast(role, 'moderator'),
    owns: isOpenToChange && isAtLeast(role, 'owner'),
  }
}

/** Whether acts on people reach this one: owners reach everybody, moderators only members. */
export function reaches(room: Pick<Room, 'kind' | 'role'>, subject: RoomRole): boolean {
  const { moderates, owns } = rightsIn(room)
  return owns || (moderates && subject === 'member')
}
