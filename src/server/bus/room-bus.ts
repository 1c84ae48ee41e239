import type { Message } from '../../contract/message'

/** What a room's followers on other nodes have to hear. */
export type RoomNews =
  /** A message is new or has changed; `message.version` says which change this is. */
  | { type: 'message'; message: Message }
  /** This person's membership has changed: whoever serves them looks it up again. With `version` it is a change in the room's order. */
  | { type: 'membership'; userId: string; version?: number }

/**
 * Carries news of rooms between nodes, the publishing one included. It promises little: news may be lost, repeated,
 * late or out of order, and nobody is told. Postgres has the truth; whoever needs all of it reads it there.
 */
export interface RoomBus {
  /** Tells this node's own listener at once, and those of other nodes if there are any. Never throws: what cannot be published is lost. */
  publish(room: string, news: RoomNews): void
  /**
   * Resolves when news of the room arrive from now on, or when it is known that they cannot; then they do as soon as the
   * bus is back. A room has one listener on a node.
   */
  subscribe(room: string, onNews: (news: RoomNews) => void): Promise<{ unsubscribe(): void }>
}
