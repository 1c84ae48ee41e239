import type { User } from '../contract/session'
import type { RoomBus } from './bus/room-bus'
import type { MessageStore } from './chat/message-store'
import type { SendLimits } from './chat/send-limits'
import type { RoomFollowers } from './fanout/room-followers'
import type { Log } from './platform/log'
import type { RoomStore } from './rooms/room-store'

/** What operations work with. Made once, at the start of the process. */
export interface Parts {
  messages: MessageStore
  rooms: RoomStore
  bus: RoomBus
  followers: RoomFollowers
  sendLimits: SendLimits
  log: Log
}

/** Who calls, on which connection. The session was checked when the connection was made; losing it closes the socket. */
export interface Caller {
  user: User
  sessionId: string
  expiresAt: Date
  /** This connection's id; null over plain HTTP. */
  uid: string | null
  /** Counts a subscription of this connection. @throws {Failure} TOO_MANY_SUBSCRIPTIONS @returns its end */
  openSubscription(): () => void
}

export interface Context {
  parts: Parts
  caller: Caller
}
