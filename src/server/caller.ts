import type { ServerRole } from '../contract/rules'
import type { User } from '../contract/session'

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

/** What an operation works with: the parts that its feature needs, and who calls. */
export interface CallContext<Needs> {
  parts: Needs
  caller: Caller
}
