import type { PresenceState } from '../../contract/presence'

/** How somebody is here who is. */
export type HereOrAway = Exclude<PresenceState, 'offline'>

/** Of whom it may be otherwise now: these people, or anybody. */
export type PresenceChange = ReadonlySet<string> | 'all'

/**
 * Who is here or away, over all nodes. It is news for the eye and promises little: what changes is known elsewhere soon, as
 * a rule, and the people of a node that died without a word are offline within the minute. It writes nothing down.
 */
export interface PresenceBoard {
  /** How one of this node's own people is here. Somebody on several nodes is as the one says where they are most here. */
  set(userId: string, state: PresenceState): void
  /** Means nothing while the board does not know. */
  stateOf(userId: string): PresenceState
  /** False while nodes cannot tell each other who is here. */
  isKnown(): boolean
  /** @returns its off */
  onChange(listener: (changed: PresenceChange) => void): () => void
  /** Tells the others that this node's people are gone. */
  close(): Promise<void>
}
