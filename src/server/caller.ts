import type { ServerRole } from '../contract/rules'
import type { User } from '../contract/session'

/** What a call may do with the WebSocket that it arrived on. */
export interface CallerConnection {
  /** Counts a subscription. @returns a function that releases it @throws {Failure} TOO_MANY_SUBSCRIPTIONS */
  openSubscription(): () => void
  /** Resolves when the client has read most of what was written; undefined when it has read most of it already. */
  untilReadable(): Promise<void> | undefined
  /** Closes the connection without answering the running calls, so that the client reconnects and repeats them. */
  askToComeBack(): void
  /** @param away whether the person has been inactive on this connection; they are away when they are on all of theirs */
  setAway(away: boolean): void
  /**
   * For a call that ends the caller's own session: the connection stays open, for a moment at most, until the call has been
   * answered.
   */
  answerBeforeSignOut<Value>(work: () => Promise<Value>): Promise<Value>
  /** Counts something that no honest client sends in great numbers. */
  countJunk(): void
  /** Counts a running call, and runs it only while the client reads its answers. */
  takeTurn<Value>(call: () => Promise<Value>): Promise<Value>
}

/** The person who calls, and on which connection. The session was checked when it connected; when it ends, the socket is closed. */
export interface Caller {
  /** As of the time when the connection was made. */
  user: User
  /** Kept current by the revocation log. Acts that depend on it read it again. */
  role: ServerRole
  sessionId: string
  expiresAt: Date
  /** The address that it comes from. */
  ip: string
  /** When this was read, in milliseconds since the epoch. */
  readAt: number
  /** The connection's id; null over plain HTTP. */
  uid: string | null
  /** Null over plain HTTP. */
  connection: CallerConnection | null
  /** Runs each of the calls when it is the person's turn. */
  turns: { takeTurn<Value>(call: () => Promise<Value>): Promise<Value> }
}

/** Does what may end the caller's own session, and lets the call be answered before its connection is closed for that. */
export const endOwnSession = <Value>({ connection }: Caller, work: () => Promise<Value>): Promise<Value> =>
  connection ? connection.answerBeforeSignOut(work) : work()

/** The argument of an operation that only needs to know whose rights it has. */
export interface ReaderContext<Needs> {
  parts: Needs
  caller: Pick<Caller, 'user'>
}

/** The argument of every operation: the parts that its feature needs, and the caller. */
export interface CallContext<Needs> {
  parts: Needs
  caller: Caller
}
