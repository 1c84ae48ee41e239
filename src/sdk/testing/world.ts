import { Failure } from '../../contract/failures'
import type { MessageKind } from '../../contract/message'
import type { Profile } from '../../contract/people'
import type { NotificationLevel, PostingPolicy, RoomKind } from '../../contract/room'
import type { RoomRole } from '../../contract/rules'
import type { User } from '../../contract/session'
import type { Clock } from '../clock'

/** Somebody of a test server. */
export interface TestAccount extends Profile {
  /** When they were last connected, in milliseconds since the epoch. */
  lastSeenAt: number | null
}

export interface StoredMessage {
  seq: number
  version: number
  kind: MessageKind
  detail: { userId?: string; name?: string; topic?: string } | null
  authorId: string
  uid: string | null
  clientId: string | null
  text: string
  time: number
  replyTo: number | null
  replyCount: number
  thread: number | null
  mentions: string[]
  /** In the order in which they were made. */
  reactions: { emoji: string; userId: string }[]
  editedAt: number | null
  deletedAt: number | null
  pinnedAt: number | null
}

/** What a message was when it was sent, whatever became of it. */
export interface SentMessage {
  message: StoredMessage
  text: string
  replyTo: number | null
}

export interface StoredMembership {
  role: RoomRole
  readSeq: number
  notify: NotificationLevel
  favorite: boolean
  mutedUntil: number | null
  joinedAt: number
  lastSentAt: number | null
}

export interface StoredRoom {
  id: string
  kind: RoomKind
  name: string
  topic: string
  lastVersion: number
  postingPolicy: PostingPolicy
  slowModeSeconds: number
  archivedAt: number | null
  /** Whether the first member of the empty room owns it. */
  isOwned: boolean
  /** The message with seq 1 is the first. */
  messages: StoredMessage[]
  /** The messages with a clientId, as they were sent, by author and clientId. */
  sent: Map<string, SentMessage>
  /** By user id. */
  members: Map<string, StoredMembership>
  bans: Map<string, { byId: string; reason: string; at: number }>
  /** What is kept of memberships that have ended. */
  past: Map<string, Pick<StoredMembership, 'mutedUntil' | 'lastSentAt'>>
}

/** What becomes of rooms and people, for the subscriptions. */
export type WorldNews =
  | { type: 'message'; room: StoredRoom; message: StoredMessage }
  | { type: 'membership'; room: StoredRoom; userId: string }
  /** Anything else that a room list shows, of these people or of all members. */
  | { type: 'listed'; room: StoredRoom; userId: string | null }
  | { type: 'typing'; room: StoredRoom }
  | { type: 'read'; room: StoredRoom; userId: string }
  | { type: 'presence'; userId: string }

/** A connection as presence sees it. */
export interface PresentConnection {
  userId: string
  isAway: boolean
}

/** Everything that a test server knows. It is in memory, and every act on it is done at once. */
export class World {
  readonly rooms = new Map<string, StoredRoom>()
  readonly connections = new Set<PresentConnection>()
  /** Until when people are shown as typing, by room and user id. */
  readonly typing = new Map<StoredRoom, Map<string, unknown>>()
  readonly #people = new Map<string, TestAccount>()
  readonly #byId = new Map<string, TestAccount>()
  readonly #listeners = new Set<(news: WorldNews) => void>()
  #made = 0

  constructor(readonly clock: Clock) {}

  // News.

  /** @returns an unsubscribe function */
  onNews(listener: (news: WorldNews) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  publish(news: WorldNews): void {
    for (const listener of [...this.#listeners]) listener(news)
  }

  // People.

  addPerson(fields: Partial<Profile> & { username: string }): TestAccount {
    const account: TestAccount = {
      id: `user-of-${fields.username}`,
      displayName: fields.username,
      avatar: null,
      status: '',
      role: 'member',
      timeZone: null,
      hideLastSeen: false,
      hideReads: false,
      lastSeenAt: null,
      ...fields,
    }
    this.#people.set(account.username, account)
    this.#byId.set(account.id, account)
    return account
  }

  people(): TestAccount[] {
    return [...this.#people.values()].sort((a, b) => compareText(a.username, b.username))
  }

  findPerson(username: string): TestAccount | undefined {
    return this.#people.get(username)
  }

  /** @throws {Failure} USER_NOT_FOUND */
  requirePerson(username: string): TestAccount {
    const account = this.#people.get(username)
    if (!account) throw new Failure('USER_NOT_FOUND')
    return account
  }

  person(id: string): TestAccount {
    const account = this.#byId.get(id)
    if (!account) throw new Error(`the test server has nobody with the id ${id}`)
    return account
  }

  user(id: string): User {
    return toUser(this.person(id))
  }

  /** The state that others see. */
  presenceOf(userId: string): 'here' | 'away' | 'offline' {
    const own = [...this.connections].filter((connection) => connection.userId === userId)
    if (own.length === 0) return 'offline'
    return own.some(({ isAway }) => !isAway) ? 'here' : 'away'
  }

  // Rooms.

  /** An id that looks like a UUID, and is the same in each run of a test. */
  makeId(): string {
    this.#made++
    return `00000000-0000-4000-8000-${String(this.#made).padStart(12, '0')}`
  }

  addRoom(fields: Pick<StoredRoom, 'id' | 'kind'> & Partial<StoredRoom>): StoredRoom {
    const room: StoredRoom = {
      name: fields.id,
      topic: '',
      lastVersion: 0,
      postingPolicy: 'everyone',
      slowModeSeconds: 0,
      archivedAt: null,
      isOwned: true,
      messages: [],
      sent: new Map(),
      members: new Map(),
      bans: new Map(),
      past: new Map(),
      ...fields,
    }
    this.rooms.set(room.id, room)
    return room
  }

  roomsOf(userId: string): StoredRoom[] {
    return [...this.rooms.values()].filter(({ members }) => members.has(userId))
  }
}

export const lastSeqOf = (room: StoredRoom): number => room.messages.length

export const toUser = ({ id, username, displayName, avatar }: User): User => ({ id, username, displayName, avatar })

export const toTime = (ms: number): string => new Date(ms).toISOString()

export const toTimeOrNull = (ms: number | null): string | null => (ms === null ? null : toTime(ms))

/** In the order of code units, as the server's database has it. */
export const compareText = (a: string, b: string): number => Number(a > b) - Number(a < b)

/** How names are compared: without case, accents and width. */
export const foldWords = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]+/g, '')
    .normalize('NFC')
    .toLowerCase()
