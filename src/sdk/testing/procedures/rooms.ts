import { Failure } from '../../../contract/failures'
import { noInput } from '../../../contract/fields'
import { seesRoom } from '../../../contract/rights'
import * as inputs from '../../../contract/room'
import { compareRooms, isUuid, limits, toSlug } from '../../../contract/rules'
import { mutation, query, stream, type TestCall, type TestProcedures } from '../procedure'
import { addLine, addMember, announceRoom, endMembership, requireChangeable, requireNotDirect, requireOwnerWithout } from '../stored-room'
import { showRoom } from '../views'
import { compareText, foldWords, type StoredRoom, type TestAccount, type World } from '../world'
import { actOn } from './acted'
import { cutAt } from './cut-at'
import { membersProcedures } from './members'

export const roomsProcedures = {
  ...membersProcedures,

  list: query(noInput, ({ world, account }) => listRooms(world, account)),

  get: query(inputs.roomInput, (call, { room }) => showOwnRoom(call, room)),

  browse: query(inputs.browseInput, ({ world, account }, input) => {
    const { query: part = '', cursor = null } = input ?? {}
    const wanted = foldWords(part)
    const found = [...world.rooms.values()]
      .filter(({ kind, archivedAt, bans }) => kind === 'public' && archivedAt === null && !bans.has(account.id))
      .filter(({ name, topic }) => foldWords(`${name}\n${topic}`).includes(wanted))
      .sort((a, b) => compareText(foldWords(a.name), foldWords(b.name)) || compareText(a.id, b.id))
    const { page, next } = cutAt(found, cursor, limits.roomsPage, ({ id }) => id)
    return {
      rooms: page.map(({ id, name, topic, members }): inputs.PublicRoom => {
        return { id, kind: 'public', name, topic, memberCount: members.size, joined: members.has(account.id) }
      }),
      cursor: next,
    }
  }),

  create: mutation(inputs.createRoomInput, (call, { name, kind, topic = '', members = [] }) => {
    const { world, account } = call
    const slug = kind === 'public' ? slugOf(name) : null
    const people = members.map((username) => world.findPerson(username))
    if (people.includes(undefined)) throw new Failure('USER_NOT_FOUND', { fields: { members: 'must all be usernames of people here' } })
    if (kind === 'public') requireFreeName(world, account, name)
    const room = world.addRoom({ id: slug === null ? world.makeId() : freeId(world, slug), kind, name, topic })
    addMember(world, room, account.id)
    for (const person of people) if (person && !room.members.has(person.id)) addMember(world, room, person.id)
    return showRoom(world, room, account.id)
  }),

  direct: mutation(inputs.directInput, ({ world, account }, { usernames }) => {
    const others = usernames.map((username) => world.findPerson(username))
    if (others.includes(undefined)) throw new Failure('USER_NOT_FOUND', { fields: { usernames: 'must all be usernames of people here' } })
    const people = [account, ...others.flatMap((person) => person ?? [])]
    return showRoom(world, findOrAddDirect(world, people), account.id)
  }),

  join: mutation(inputs.roomInput, (call, input) => {
    const { room, standing } = actOn(call, input.room)
    if (standing.room === null) addMember(call.world, room, call.account.id)
    return showRoom(call.world, room, call.account.id)
  }),

  leave: mutation(inputs.roomInput, (call, input) => {
    const acted = actOn(call, input.room)
    requireNotDirect(acted)
    const { room, actor } = acted
    requireOwnerWithout(room, actor.id, null)
    if (room.kind === 'private') addLine(call.world, acted, 'left')
    endMembership(call.world, room, actor.id)
    return { room: room.id }
  }),

  setNotify: mutation(inputs.notifyInput, (call, { room, notify }) => changeOwnEntry(call, room, { notify })),

  setFavorite: mutation(inputs.favoriteInput, (call, { room, favorite }) => changeOwnEntry(call, room, { favorite })),

  update: mutation(inputs.updateRoomInput, (call, { room: id, ...change }) => {
    const acted = actOn(call, id)
    requireChangeable(acted)
    const { world } = call
    const { room } = acted
    const { name = room.name, topic = room.topic, postingPolicy = room.postingPolicy, slowModeSeconds = room.slowModeSeconds } = change
    const has = { name: name !== room.name, topic: topic !== room.topic }
    const hasRules = postingPolicy !== room.postingPolicy || slowModeSeconds !== room.slowModeSeconds
    if (has.name && room.kind === 'public') requireFreeName(world, call.account, name, room)
    Object.assign(room, { name, topic, postingPolicy, slowModeSeconds })
    if (has.name) addLine(world, acted, 'renamed', { name })
    if (has.topic) addLine(world, acted, 'topic', { topic })
    if (hasRules) announceRoom(world, room)
    return showChangedRoom(call, room)
  }),

  archive: mutation(inputs.archiveRoomInput, (call, { room: id, archived }) => {
    const acted = actOn(call, id)
    requireNotDirect(acted)
    const { room } = acted
    if (archived !== (room.archivedAt !== null)) {
      room.archivedAt = archived ? call.world.clock.now() : null
      addLine(call.world, acted, archived ? 'archived' : 'restored')
    }
    return showChangedRoom(call, room)
  }),

  onChange: stream(noInput, {
    open: ({ world, account }, _, sink: { send(event: inputs.RoomListEvent): void; fail(error: unknown): void }) => {
      const listed = new Set(listRooms(world, account).map(({ id }) => id))
      sink.send({ type: 'list', rooms: listRooms(world, account) })
      const update = (room: StoredRoom) => {
        const isListed = room.archivedAt === null && room.members.has(account.id)
        if (isListed) sink.send({ type: 'room', room: showRoom(world, room, account.id) })
        else if (listed.has(room.id)) sink.send({ type: 'gone', room: room.id })
        if (isListed) listed.add(room.id)
        else listed.delete(room.id)
      }
      return world.onNews((news) => {
        if (news.type === 'presence' || news.type === 'typing') return
        const concerns = news.type === 'message' || news.userId === null || news.userId === account.id
        if (concerns || news.room.kind === 'direct') update(news.room)
      })
    },
  }),
} satisfies TestProcedures<'rooms'>

const listRooms = (world: World, { id }: TestAccount): inputs.Room[] =>
  world
    .roomsOf(id)
    .filter(({ archivedAt }) => archivedAt === null)
    .map((room) => showRoom(world, room, id))
    .sort(compareRooms)

/** @throws {Failure} ROOM_NOT_FOUND when the caller is not a member */
function showOwnRoom({ world, account }: TestCall, roomId: string): inputs.Room {
  const room = world.rooms.get(roomId)
  if (!room?.members.has(account.id)) throw new Failure('ROOM_NOT_FOUND')
  return showRoom(world, room, account.id)
}

/** An admin need not be a member of a room that they change. */
const showChangedRoom = ({ world, account }: TestCall, room: StoredRoom): inputs.Room | { id: string } =>
  room.members.has(account.id) ? showRoom(world, room, account.id) : { id: room.id }

function changeOwnEntry(call: TestCall, roomId: string, change: { notify: inputs.NotificationLevel } | { favorite: boolean }): inputs.Room {
  const { room } = actOn(call, roomId)
  const membership = room.members.get(call.account.id)
  if (membership) Object.assign(membership, change)
  call.world.publish({ type: 'listed', room, userId: call.account.id })
  return showRoom(call.world, room, call.account.id)
}

/** The one direct room of exactly these people. */
export function findOrAddDirect(world: World, people: readonly TestAccount[]): StoredRoom {
  const ids = new Set(people.map(({ id }) => id))
  const isTheirs = ({ kind, members }: StoredRoom) =>
    kind === 'direct' && members.size === ids.size && [...ids].every((id) => members.has(id))
  const known = [...world.rooms.values()].find(isTheirs)
  if (known) return known
  const room = world.addRoom({ id: world.makeId(), kind: 'direct', name: '', isOwned: false })
  for (const id of ids) addMember(world, room, id)
  return room
}

/** @throws {Failure} BAD_REQUEST */
function slugOf(name: string): string {
  const slug = toSlug(name)
  if (slug === '') throw new Failure('BAD_REQUEST', { fields: { name: 'must have a letter or a digit' } })
  if (isUuid(slug)) throw new Failure('BAD_REQUEST', { fields: { name: 'must not look like an id' } })
  if (slug.length > limits.roomId) throw new Failure('BAD_REQUEST', { fields: { name: 'is too long' } })
  return slug
}

function freeId(world: World, slug: string): string {
  let id = slug
  for (let count = 2; world.rooms.has(id); count++) id = `${slug.slice(0, limits.roomId - 8)}-${count}`
  return id
}

/** @throws {Failure} ROOM_NAME_TAKEN when a room that the actor can see has a name like this */
function requireFreeName(world: World, { id, role }: TestAccount, name: string, except?: StoredRoom): void {
  const key = (text: string) => toSlug(text) || text
  const isTaken = [...world.rooms.values()].some((room) => {
    if (room === except || room.kind !== 'public' || room.archivedAt !== null || key(room.name) !== key(name)) return false
    const person = { server: role, room: room.members.get(id)?.role ?? null, isBanned: room.bans.has(id) }
    return seesRoom({ kind: room.kind, isArchived: false }, person)
  })
  if (isTaken) throw new Failure('ROOM_NAME_TAKEN', { fields: { name: 'is taken, or looks too much like another one' } })
}
