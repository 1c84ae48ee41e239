import type { ServerRole } from '../contract/rules'
import type { User } from '../contract/session'
import type { OwnPasswords } from './auth/own-password'
import type { SessionParts } from './auth/sessions'
import type { NewsBus, PersonNews, RoomNews } from './bus/news-bus'
import type { MessageActStore } from './chat/message-act-store'
import type { MessageStore } from './chat/message-store'
import type { TakenSubscription } from './fanout/client-socket'
import type { RoomFeeds } from './fanout/room-feeds'
import type { PeopleStore } from './people/people-store'
import type { Limit } from './platform/limits'
import type { Log } from './platform/log'
import type { Metrics } from './platform/metrics'
import type { RoomPresence } from './presence/room-presence'
import type { TypingLimits } from './presence/typing'
import type { RoomActStore } from './rooms/room-act-store'
import type { RoomChanges } from './rooms/room-change'
import type { RoomLists } from './rooms/room-lists'
import type { RoomStore } from './rooms/room-store'

/** What operations work with. Made once, at the start of the process. */
export interface Parts {
  sessions: SessionParts
  ownPasswords: OwnPasswords
  people: PeopleStore
  messages: MessageStore
  rooms: RoomStore
  roomChanges: RoomChanges
  roomActs: RoomActStore
  roomLists: RoomLists
  messageActs: MessageActStore
  bus: NewsBus<RoomNews>
  personBus: NewsBus<PersonNews>
  feeds: RoomFeeds
  limits: { sends: Limit; acts: Limit; lookUps: Limit }
  presence: Pick<RoomPresence, 'watch'>
  typingLimits: TypingLimits
  metrics: Pick<Metrics, 'messageStored'>
  /** Takes subscriptions over from tRPC's loop; null where they have to go the plain way. */
  takeOver: ((subscription: TakenSubscription) => AsyncIterable<never>) | null
  log: Log
}

/** What a call may ask of the WebSocket that it came over. */
export interface CallerConnection {
  /** Counts a subscription. @throws {Failure} TOO_MANY_SUBSCRIPTIONS @returns its end */
  openSubscription(): () => void
  /** Resolves when what was written to this connection has mostly been read; undefined when it has. */
  untilReadable(): Promise<void> | undefined
  /** Closes this connection without an answer, so that its client reconnects and asks again. */
  askToComeBack(): void
  /** Whether nobody has done anything on it for a while: its person is away, unless another connection of theirs says otherwise. */
  setAway(away: boolean): void
  /** Runs the calls of this connection a few at a time. */
  takeTurn<Value>(call: () => Promise<Value>): Promise<Value>
}

/** Who calls, on which connection. The session was checked when the connection was made; losing it closes the socket. */
export interface Caller {
  /** As they were when the connection was made. */
  user: User
  /** Kept current by the revocation log. Whatever matters is looked up again by the act itself. */
  role: ServerRole
  sessionId: string
  expiresAt: Date
  /** When all this was read, in milliseconds since the epoch. */
  readAt: number
  /** The connection's id; null over plain HTTP. */
  uid: string | null
  /** Null over plain HTTP. */
  connection: CallerConnection | null
}

export interface Context {
  parts: Parts
  caller: Caller
}
