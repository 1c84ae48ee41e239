import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message } from '../../src/contract/message'
import type { NotificationLevel, Room } from '../../src/contract/room'
import { createTestMessage } from '../../src/sdk/testing'
import type { RoomNews } from '../../src/server/bus/news-bus'
import { toRoom } from '../../src/server/rooms/list-entry'
import type { OwnPart, RoomSummary } from '../../src/server/rooms/list-store'
import { WatchedRoom } from '../../src/server/rooms/watched-room'

const names = ['ada', 'ben', 'cleo', 'dan'] as const
const owners = names.map((name) => ({ userId: `id-of-${name}`, username: name as string }))
type Owner = (typeof owners)[number]

const userOf = ({ userId, username }: Owner) => ({ id: userId, username, displayName: username, avatar: null })

/** A room as Postgres has it, which counts everything from its messages. */
class StoredRoom {
  version = 0
  topic = ''
  readonly messages: Message[] = []
  readonly members = new Map(owners.map((owner) => [owner, { readSeq: 0, notify: 'all' as NotificationLevel }]))
  /** The version from which on somebody who is no member may see nothing. */
  readonly removedAt = new Map<Owner, number>()

  send(author: Owner, mentions: string[]): RoomNews[] {
    const member = this.members.get(author)
    if (!member) return []
    const seq = this.messages.length + 1
    const message = createTestMessage({ room: 'r', seq, version: ++this.version, author: userOf(author), mentions, text: `text ${seq}` })
    this.messages.push(message)
    member.readSeq = seq
    return [{ type: 'message', message }]
  }

  change(seq: number, fields: Partial<Message>): RoomNews[] {
    const before = this.messages[seq - 1]
    if (!before) return []
    const message = { ...before, ...fields, version: ++this.version }
    this.messages[seq - 1] = message
    return [{ type: 'message', message }]
  }

  setMember(owner: Owner, isMember: boolean): RoomNews[] {
    if (this.members.has(owner) === isMember) return []
    this.version++
    if (isMember) {
      this.members.set(owner, { readSeq: this.messages.length, notify: 'all' })
      this.removedAt.delete(owner)
    } else {
      this.members.delete(owner)
      this.removedAt.set(owner, this.version)
    }
    return [{ type: 'membership', userId: owner.userId, version: this.version }]
  }

  setTopic(topic: string): RoomNews[] {
    this.topic = topic
    return [{ type: 'room', version: ++this.version }]
  }

  summary(): RoomSummary {
    const last = this.messages.at(-1)
    const fields = { id: 'r', kind: 'private', name: 'Room', topic: this.topic, postingPolicy: 'everyone' } as const
    return {
      ...{ ...fields, slowModeSeconds: 0, archivedAt: null, people: [], version: this.version, lastSeq: this.messages.length },
      lastMessage: last ? shortened(last) : null,
    }
  }

  part(owner: Owner): OwnPart | null {
    const member = this.members.get(owner)
    if (!member) return null
    const { readSeq, notify } = member
    const isMention = ({ seq, author, mentions }: Message) =>
      seq > readSeq && author.id !== owner.userId && (mentions.includes(owner.username) || mentions.includes('@room'))
    const mentions = notify === 'nothing' ? 0 : this.messages.filter(isMention).length
    return { version: this.version, role: 'member', readSeq, mentions, notify, favorite: false, mutedUntil: null }
  }

  room(owner: Owner): Room | null {
    const part = this.part(owner)
    return part && toRoom(this.summary(), part, owner.userId)
  }
}

const shortened = ({ seq, version, kind, detail, author, text, time, editedAt, deletedAt }: Message) => ({
  ...{ seq, version, kind, detail, author, text, time, editedAt, deletedAt },
})

/** A node that watches the room, where every read and every piece of news takes as long as the test wants. */
function createNode(stored: StoredRoom) {
  let isUnsure = false
  const unsure = new Set<Owner>()
  const room = new WatchedRoom<Owner>(stored.summary(), {
    onChanged: () => {},
    onUnsure: () => {
      isUnsure = true
    },
    onPartUnsure: (_, owner) => unsure.add(owner),
    onEncoded: () => {},
    findOwner: (userId) => owners.find((owner) => owner.userId === userId),
    findByName: (username) => owners.find((owner) => owner.username === username),
  })
  const news: (RoomNews | 'anything' | { about: Owner })[] = []
  let readRoom: RoomSummary | null = null
  const reading: { owner: Owner; part: OwnPart | null; end: () => void }[] = []
  const node = {
    room,
    news,
    deliver: () => {
      const next = news.shift()
      if (!next) return
      if (typeof next === 'object' && 'about' in next) unsure.add(next.about)
      else room.onNews(next)
    },
    beginRoom: () => {
      if (!isUnsure || readRoom) return
      isUnsure = false
      readRoom = stored.summary()
    },
    endRoom: () => {
      if (readRoom) room.adopt(readRoom)
      readRoom = null
    },
    beginParts: () => {
      for (const owner of unsure) {
        if (reading.some((other) => other.owner === owner)) continue
        unsure.delete(owner)
        const end = room.beginReading()
        reading.push({ owner, part: stored.part(owner), end })
      }
    },
    endPart: () => {
      const read = reading.shift()
      if (!read) return
      if (read.part) room.setPart(read.owner, read.part)
      else room.members.delete(read.owner)
      read.end()
    },
    isSettled: () => news.length === 0 && !isUnsure && !readRoom && unsure.size === 0 && reading.length === 0,
    markAll: () => {
      for (const owner of owners) unsure.add(owner)
    },
  }
  return node
}

const owner = fc.constantFrom(...owners)
const seq = fc.integer({ min: 1, max: 12 })
const mentions = fc.uniqueArray(fc.constantFrom(...names, '@room'), { maxLength: 3 })
const act = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('send' as const), owner, mentions }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('edit' as const), seq, mentions }) },
  fc.record({ type: fc.constant('delete' as const), seq }),
  fc.record({ type: fc.constant('react' as const), seq }),
  fc.record({ type: fc.constant('topic' as const), topic: fc.constantFrom('one', 'two') }),
  { weight: 2, arbitrary: fc.record({ type: fc.constant('read' as const), owner, seq }) },
  fc.record({ type: fc.constant('notify' as const), owner, notify: fc.constantFrom('all' as const, 'nothing' as const) }),
  { weight: 2, arbitrary: fc.record({ type: fc.constant('member' as const), owner, isMember: fc.boolean() }) },
)
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('act' as const), act, isLost: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('deliver' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('beginRoom' as const, 'endRoom' as const, 'beginParts' as const, 'endPart' as const) }),
  },
)

/** Makes the change. @returns the news of the room, and whose devices learn that something has changed for them */
function apply(stored: StoredRoom, change: typeof act extends fc.Arbitrary<infer Act> ? Act : never): { news: RoomNews[]; about: Owner[] } {
  switch (change.type) {
    case 'send':
      return { news: stored.send(change.owner, change.mentions), about: [] }
    case 'edit':
      return { news: stored.change(change.seq, { mentions: change.mentions, editedAt: 'now' }), about: [] }
    case 'delete':
      return { news: stored.change(change.seq, { mentions: [], deletedAt: 'now', text: '' }), about: [] }
    case 'react':
      return { news: stored.change(change.seq, {}), about: [] }
    case 'topic':
      return { news: stored.setTopic(change.topic), about: [] }
    case 'member':
      return { news: stored.setMember(change.owner, change.isMember), about: [change.owner] }
    default: {
      const member = stored.members.get(change.owner)
      if (member && change.type === 'read') member.readSeq = Math.min(change.seq, stored.messages.length)
      else if (member && change.type === 'notify') member.notify = change.notify
      return { news: [], about: member ? [change.owner] : [] }
    }
  }
}

describe('a watched room', () => {
  it('shows everybody what is stored, whatever is late or lost, and nobody anything from after their removal', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const stored = new StoredRoom()
        const node = createNode(stored)
        node.markAll()
        const expectNothingForbidden = () => {
          for (const [person, version] of stored.removedAt) {
            const shown = JSON.parse(node.room.encodeFor(person) ?? 'null') as Room | null
            expect(shown?.lastMessage?.version ?? 0, `${person.username} was removed at ${version}`).toBeLessThan(version)
          }
        }
        for (const next of steps) {
          if (next.do === 'act') {
            const { news, about } = apply(stored, next.act)
            if (!next.isLost) node.news.push(...news)
            // The sweep finds what was lost, at the latest.
            else if (news.length > 0) node.news.push('anything')
            node.news.push(...about.map((one) => ({ about: one })))
          } else node[next.do]()
          expectNothingForbidden()
        }
        for (let round = 0; !node.isSettled(); round++) {
          expect(round).toBeLessThan(1_000)
          node.deliver()
          if (node.news.length > 0) continue
          node.beginRoom()
          node.endRoom()
          node.beginParts()
          node.endPart()
          expectNothingForbidden()
        }
        for (const person of owners) expect(JSON.parse(node.room.encodeFor(person) ?? 'null')).toEqual(stored.room(person))
      }),
      { numRuns: 3_000 },
    )
  })

  it('reads nothing again for messages that follow each other', () => {
    const stored = new StoredRoom()
    const node = createNode(stored)
    node.markAll()
    node.beginParts()
    for (const _ of owners) node.endPart()
    for (const author of owners) for (const news of stored.send(author, ['ben', '@room'])) node.room.onNews(news)
    expect(node.isSettled()).toBe(true)
    for (const person of owners) expect(JSON.parse(node.room.encodeFor(person) ?? 'null')).toEqual(stored.room(person))
  })

  it('shows nothing more to somebody whose removal was news, before their own part is read', () => {
    const stored = new StoredRoom()
    const node = createNode(stored)
    const [ada, ben] = owners as [Owner, Owner]
    node.markAll()
    node.beginParts()
    for (const _ of owners) node.endPart()
    expect(node.room.encodeFor(ada)).not.toBe(null)
    for (const news of [...stored.setMember(ada, false), ...stored.send(ben, [])]) node.room.onNews(news)
    expect(node.room.encodeFor(ada)).toBe(null)
    expect(JSON.parse(node.room.encodeFor(ben) ?? 'null')).toEqual(stored.room(ben))
  })
})
