import { type ChatFailure, failureNamed } from '../chat-error'

/** How a client stands with its server. */
export type ConnectionStatus =
  /** There is no connection yet, or it was lost. It is tried again and again, and calls wait meanwhile. */
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
  /** There is no session, or no longer: sign in, then `reopen()`. */
  | { state: 'signed-out'; reason: ChatFailure }
  /** It makes no sense to try again: a wrong address, another person's cookie, a page of another site. */
  | { state: 'refused'; reason: ChatFailure }
  /** By `close()`. */
  | { state: 'closed' }

export type Ended = Extract<ConnectionStatus, { state: 'signed-out' | 'refused' | 'closed' }>

/** Why nothing goes over this connection any more; null while something may. */
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
