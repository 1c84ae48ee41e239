import type { Message } from '../../contract/message'
import type { Room } from '../../contract/room'
import type { User } from '../../contract/session'

/** A valid user for tests of your own code. Pass the fields that matter. */
export function createTestUser(fields: Partial<User> = {}): User {
  const username = fields.username ?? 'ada'
  return { id: `user-of-${username}`, username, displayName: username, avatar: null, ...fields }
}

/** A valid message for tests of your own code. Pass the fields that matter. */
export function createTestMessage(fields: Partial<Message> = {}): Message {
  const seq = fields.seq ?? 1
  return {
    room: 'general',
    seq,
    version: seq,
    kind: 'text',
    detail: null,
    author: createTestUser(),
    uid: null,
    clientId: null,
    text: 'Hello',
    time: new Date(Date.UTC(2026, 0, 1) + seq * 1_000).toISOString(),
    replyTo: null,
    replyCount: 0,
    thread: null,
    mentions: [],
    attachments: [],
    reactions: [],
    editedAt: null,
    deletedAt: null,
    pinnedAt: null,
    ...fields,
  }
}

/** A valid room of `rooms.list` for tests of your own code. Pass the fields that matter. */
export function createTestRoom(fields: Partial<Room> = {}): Room {
  const { lastSeq = 0, readSeq = lastSeq } = fields
  return {
    id: 'general',
    kind: 'public',
    name: 'general',
    topic: '',
    role: 'member',
    lastSeq,
    readSeq,
    unread: lastSeq - readSeq,
    mentions: 0,
    notify: 'all',
    lastMessage: null,
    postingPolicy: 'everyone',
    slowModeSeconds: 0,
    favorite: false,
    mutedUntil: null,
    archivedAt: null,
    people: [],
    ...fields,
  }
}
