import { type ChatFailure, failureNamed } from '../chat-error'

/** How a client stands with its server. */
export type ConnectionStatus =
  /** There is no connection yet, or it was lost. The client keeps trying, and calls wait. */
  | {
      state: 'connecting'
      /** Which attempt is under way or comes next, from 1. */
      attempt: number
      /** When the next attempt begins, in milliseconds since the epoch; null while one is under way. */
      nextTryAt: number | null
      /** What went wrong last. */
      lastError: ChatFailure | null
    }
  /** The server has accepted the session. */
  | { state: 'connected' }
  /** There is no session, or it has ended: sign in, then `reopen()`. */
  | { state: 'signed-out'; reason: ChatFailure }
  /** Trying again will not help: a wrong address, another user's cookie, a page of a foreign site. */
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
