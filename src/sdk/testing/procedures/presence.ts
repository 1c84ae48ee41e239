import { Failure } from '../../../contract/failures'
import { type PersonPresence, type PresenceEvent, presenceUpdateInput, type ReadMark } from '../../../contract/presence'
import { roomInput } from '../../../contract/room'
import { limits } from '../../../contract/rules'
import { mutation, stream, type TestProcedures } from '../procedure'
import { namesTyping } from '../typing'
import { showsReadMarks } from '../views'
import { lastSeqOf, type StoredRoom, toTimeOrNull, type World } from '../world'
import { actOn } from './acted'

export const presenceProcedures = {
  update: mutation(presenceUpdateInput, ({ world, connection }, { away }) => {
    connection.isAway = away
    world.publish({ type: 'presence', userId: connection.userId })
    return { away }
  }),

  onChange: stream(roomInput, {
    check: (call, { room }) => void actOn(call, room),
    open: (call, input, sink: { send(event: PresenceEvent): void; fail(error: unknown): void }) => {
      const { world, account } = call
      const { room } = actOn(call, input.room)
      /** What the subscriber knows of each person and of how far they have read. */
      let people = new Map<string, string>()
      let reads = new Map<string, number>()
      const sendAll = () => {
        const event = presenceNow(world, room, account.hideReads)
        people = new Map(event.people.map((person) => [person.username, JSON.stringify(person)]))
        reads = new Map((event.reads ?? []).map(({ username, readSeq }) => [username, readSeq]))
        sink.send(event)
      }
      const sendChanges = (isAlwaysNews: boolean) => {
        const now = presenceNow(world, room, account.hideReads)
        const changed = now.people.filter((person) => people.get(person.username) !== JSON.stringify(person))
        const read = (now.reads ?? []).filter(({ username, readSeq }) => reads.get(username) !== readSeq)
        if (!isAlwaysNews && changed.length === 0 && read.length === 0) return
        for (const person of changed) people.set(person.username, JSON.stringify(person))
        for (const { username, readSeq } of read) reads.set(username, readSeq)
        const { known, count, typing } = now
        sink.send({ type: 'changed', known, count, people: changed, typing, ...(read.length > 0 && { reads: read }) })
      }
      sendAll()
      return world.onNews((news) => {
        if (news.type === 'presence') {
          if (room.members.has(news.userId)) sendChanges(false)
        } else if (news.room !== room) return
        else if (news.type === 'membership') {
          if (!room.members.has(account.id)) sink.fail(new Failure('MEMBERSHIP_ENDED'))
          // No event says that somebody has left.
          else sendAll()
        } else if (news.type === 'typing') sendChanges(true)
        else if (news.type === 'read' || news.type === 'message') sendChanges(false)
      })
    },
  }),
} satisfies TestProcedures<'presence'>

function presenceNow(world: World, room: StoredRoom, hidesReads: boolean): PresenceEvent {
  const members = [...room.members.keys()].map((userId) => world.person(userId))
  const people = members.map(({ id, username, hideLastSeen, lastSeenAt }): PersonPresence => {
    const state = world.presenceOf(id)
    return { username, state, lastSeen: state === 'offline' && !hideLastSeen ? toTimeOrNull(lastSeenAt) : null }
  })
  const present = people.filter(({ state }) => state !== 'offline')
  const reads = (): ReadMark[] =>
    members
      .filter(({ hideReads }) => !hideReads)
      .map(({ id, username }) => ({ username, readSeq: Math.min(room.members.get(id)?.readSeq ?? 0, lastSeqOf(room)) }))
  return {
    type: 'now',
    known: true,
    count: present.length,
    people: (people.length <= limits.presenceNamed ? people : present).slice(0, limits.presenceNamed),
    typing: namesTyping(world, room),
    ...(showsReadMarks(room) && !hidesReads && { reads: reads() }),
  }
}
