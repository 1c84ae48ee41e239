import type { Message } from '../../contract/message'

/** What a room's followers on other nodes have to hear. */
export type RoomNews =
  /** A message is new or has changed; `message.version` says which change this is. */
  | { type: 'message'; message: Message }
  /** This person's membership has changed: whoever serves them looks it up again. With `version` it is a change in the room's order. */
  | { type: 'membership'; userId: string; version?: number }
  /** Something else about the room has changed, which is no message: a change in its order. */
  | { type: 'room'; version: number }
  /** This person is writing. Nobody waits for it, and nobody misses it. */
  | { type: 'typing'; userId: string; username: string }

/** What a person's devices on all nodes have to hear. */
export interface PersonNews {
  type: 'room'
  /** The room in which their membership, or how far they have read, has changed. */
  room: string
}

/**
 * Carries news between nodes, the publishing one included, each under a topic: a room's id, a person's. It promises little:
 * news may be lost, repeated, late or out of order, and nobody is told. Postgres has the truth; whoever needs all of it
 * reads it there.
 */
export interface NewsBus<News> {
  /** Tells this node's own listener at once, and those of other nodes if there are any. Never throws: what cannot be published is lost. */
  publish(topic: string, news: News): void
  /**
   * Resolves when news of the topic arrive from now on, or when it is known that they cannot; then they do as soon as the
   * bus is back. A topic has one listener on a node.
   */
  subscribe(topic: string, onNews: (news: News) => void): Promise<{ unsubscribe(): void }>
}
