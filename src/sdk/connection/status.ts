import { type ChatFailure, failureNamed } from '../chat-error'

/** The state of a client's connection. */
export type ConnectionStatus =
  /** There is no connection at the moment. The client keeps trying to connect, and calls wait. */
  | {
      state: 'connecting'
      /** The number of the current or next attempt, from 1. */
      attempt: number
      /** When the next attempt starts, in milliseconds since the epoch; null during an attempt. */
      nextTryAt: number | null
      /** Why the last attempt failed or the last connection was lost. */
      lastError: ChatFailure | null
    }
  /** Connected, and the server has accepted the session. */
  | { state: 'connected' }
  /** There is no session, or it has ended. Sign in, then call `reopen()`. */
  | { state: 'signed-out'; reason: ChatFailure }
  /** Trying again will not help: a wrong address, another user's cookie, a page from another site. */
  | { state: 'refused'; reason: ChatFailure }
  /** `close()` was called. */
  | { state: 'closed' }

export type Ended = Extract<ConnectionStatus, { state: 'signed-out' | 'refused' | 'closed' }>

/** Why the client has ended; null while it has not. */
export function endOf(status: ConnectionStatus): ChatFailure | null {
  switch (status.state) {
    case 'connecting':
    case 'connected':
      return null
    case 'signed-out':
    case 'refused':
      return status.reason
    case 'closed':
      return failureNamed('CLOSED')
  }
}
