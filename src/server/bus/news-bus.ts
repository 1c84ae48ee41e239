import type { Message } from '../../contract/message'

/** News for the followers of a room, on all nodes. */
export type RoomNews =
  /** A message is new or has changed; `message.version` says which change this is. */
  | { type: 'message'; message: Message }
  /** This person's membership has changed, so it has to be read again. With `version` it is a change in the room's order. */
  | { type: 'membership'; userId: string; version?: number }
  /** Something about the room has changed that is not a message: a change in its order. */
  | { type: 'room'; version: number }
  /** This person is typing. Losing this does no harm. */
  | { type: 'typing'; userId: string; username: string }
  /**
   * This person has read up to this seq; null when it has to be read again. Only of rooms that show it, and losing it does no
   * harm.
   */
  | { type: 'read'; userId: string; seq: number | null }

/** News for a person's devices, on all nodes. */
export interface PersonNews {
  type: 'room'
  /** The room where their membership or read position has changed. */
  room: string
}

/** Whoever is told the news of a topic. An object instead of a function: a node has very many, and a function costs more memory. */
export interface NewsListener<News> {
  onNews(news: News): void
}

/** A topic that is subscribed to. */
export interface NewsSubscription {
  unsubscribe(): void
}

/**
 * Carries news between nodes, including the publishing one. A topic is the id of a room or a person. News may be lost,
 * repeated, late or out of order, without notice: Postgres is the truth, and has everything.
 */
export interface NewsBus<News> {
  /** Calls this node's own listener at once, then those of other nodes. Never throws: what cannot be published is lost. */
  publish(topic: string, news: News): void
  /**
   * Resolves when news of the topic arrives from now on, or when the bus is known to be down; then news arrives as soon as it
   * is back. A topic has at most one listener on a node. Topics that are subscribed to in one turn of the event loop, or while
   * earlier ones are under way, go together.
   */
  subscribe(topic: string, listener: NewsListener<News>): Promise<NewsSubscription>
}
