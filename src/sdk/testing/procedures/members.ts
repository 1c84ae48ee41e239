import { Failure } from '../../../contract/failures'
import * as inputs from '../../../contract/room'
import { limits, roomRoles } from '../../../contract/rules'
import { mutation, query, type TestCall, type TestProcedures } from '../procedure'
import { addLine, addMember, endMembership, requireChangeable, requireMember, requireOutranked, requireOwnerWithout } from '../stored-room'
import { showMember } from '../views'
import { compareText, foldWords, type StoredRoom, toTime, toUser, type World } from '../world'
import { actOn } from './acted'
import { cutAt } from './cut-at'

type MemberFields = Pick<inputs.Member, 'role' | 'mutedUntil'>

/** The procedures of `rooms` that are about people in a room. */
export const membersProcedures = {
  members: query(inputs.membersInput, (call, { room: id, query: part = '', cursor = null }) => {
    const { room } = actOn(call, id)
    const { world } = call
    const wanted = foldWords(part)
    const rank = (userId: string) => -roomRoles.indexOf(room.members.get(userId)?.role ?? 'member')
    const found = [...room.members.keys()]
      .map((userId) => world.person(userId))
      .filter(({ username, displayName }) => foldWords(`@${username}\n${displayName}`).includes(wanted))
      .sort((a, b) => rank(a.id) - rank(b.id) || compareText(a.username, b.username))
    const { page, next } = cutAt(found, cursor, limits.membersPage, (person) => person.username)
    return { members: page.map((person) => showMember(world, room, person.id)), cursor: next, count: room.members.size }
  }),

  invite: mutation(inputs.memberInput, (call, { room: id, username }) => {
    const acted = actOn(call, id)
    requireChangeable(acted)
    const { room } = acted
    const person = call.world.requirePerson(username)
    if (!room.members.has(person.id)) {
      if (room.bans.has(person.id)) throw new Failure('USER_BANNED')
      addMember(call.world, room, person.id)
      if (room.kind === 'private') addLine(call.world, acted, 'added', { userId: person.id })
    }
    return showMember(call.world, room, person.id)
  }),

  remove: mutation(inputs.memberInput, (call, { room: id, username }) => {
    const acted = actOn(call, id)
    requireChangeable(acted)
    const person = requireMember(call.world, acted.room, username)
    requireOutranked(acted, person)
    endMembership(call.world, acted.room, person.id)
    addLine(call.world, acted, 'removed', { userId: person.id })
    return { room: acted.room.id, user: toUser(person) }
  }),

  ban: mutation(inputs.banInput, (call, { room: id, username, reason = '' }) => {
    const acted = actOn(call, id)
    requireChangeable(acted)
    const { room, actor } = acted
    const person = call.world.requirePerson(username)
    if (person.id === actor.id) throw new Failure('NOT_ALLOWED')
    requireOutranked(acted, person)
    const wasMember = room.members.has(person.id)
    if (wasMember) endMembership(call.world, room, person.id)
    room.bans.set(person.id, { byId: actor.id, reason, at: call.world.clock.now() })
    if (wasMember) addLine(call.world, acted, 'banned', { userId: person.id })
    else room.lastVersion++
    return { room: room.id, user: toUser(person) }
  }),

  unban: mutation(inputs.memberInput, (call, { room: id, username }) => {
    const { room } = actOn(call, id)
    const person = call.world.requirePerson(username)
    if (!room.bans.delete(person.id)) throw new Failure('USER_NOT_FOUND')
    room.lastVersion++
    return { room: room.id, user: toUser(person) }
  }),

  bans: query(inputs.roomInput, (call, input) => {
    const { room } = actOn(call, input.room)
    const bans = [...room.bans].reverse().map(([userId, { byId, reason, at }]): inputs.Ban => {
      return { user: call.world.user(userId), by: call.world.person(byId).username, reason, at: toTime(at) }
    })
    return { bans }
  }),

  mute: mutation(inputs.muteInput, (call, { room, username, minutes }) =>
    setMute(call, room, username, call.world.clock.now() + minutes * 60_000),
  ),

  unmute: mutation(inputs.memberInput, (call, { room, username }) => setMute(call, room, username, null)),

  setRole: mutation(inputs.setRoleInput, (call, { room: id, username, role }) => {
    const acted = actOn(call, id)
    requireChangeable(acted)
    const person = requireMember(call.world, acted.room, username)
    requireOutranked(acted, person)
    requireOwnerWithout(acted.room, person.id, role)
    return changeMember(call.world, acted.room, person.id, { role })
  }),
} satisfies TestProcedures<'rooms'>

function setMute(call: TestCall, roomId: string, username: string, mutedUntil: number | null): inputs.Member {
  const acted = actOn(call, roomId)
  requireChangeable(acted)
  const person = requireMember(call.world, acted.room, username)
  requireOutranked(acted, person)
  if (person.id === call.account.id) throw new Failure('NOT_ALLOWED')
  return changeMember(call.world, acted.room, person.id, { mutedUntil })
}

function changeMember(
  world: World,
  room: StoredRoom,
  userId: string,
  change: { role?: MemberFields['role']; mutedUntil?: number | null },
): inputs.Member {
  const membership = room.members.get(userId)
  if (membership) Object.assign(membership, change)
  room.lastVersion++
  world.publish({ type: 'listed', room, userId })
  return showMember(world, room, userId)
}
