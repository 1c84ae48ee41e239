import type { PresenceState } from '../../contract/presence'

/** The state of somebody who is online. */
export type OnlineState = Exclude<PresenceState, 'offline'>

/** Whose presence may have changed: these people, or anybody. */
export type PresenceChange = ReadonlySet<string> | 'all'

/**
 * Everybody's presence over all nodes. It is only for display and promises little: a change usually reaches the other nodes
 * soon, and the people of a node that died are offline within a minute. Nothing is stored.
 */
export interface ClusterPresence {
  /** Sets the presence of one of this node's own people. Somebody on several nodes is here if they are here on any of them. */
  set(userId: string, state: PresenceState): void
  /** Meaningless while `isKnown()` is false. */
  stateOf(userId: string): PresenceState
  /** False while the nodes cannot reach each other. */
  isKnown(): boolean
  /** @returns an unsubscribe function */
  onChange(listener: (changed: PresenceChange) => void): () => void
  /** Tells the other nodes that this node's people are gone. */
  close(): Promise<void>
}
