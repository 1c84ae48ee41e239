import type { CallContext } from '../caller'
import type { DirectSubscription } from '../fanout/client-socket'
import type { RoomFeeds } from '../fanout/room-feeds'
import type { Limit } from '../platform/limits'
import type { Metrics } from '../platform/metrics'
import type { RoomsNeeds } from '../rooms/needs'
import type { MessageActStore } from './message-act-store'
import type { MessageStore } from './message-store'

/** What the procedures of `chat` need. They show and announce rooms as the procedures of `rooms` do. */
export interface ChatNeeds extends Pick<RoomsNeeds, 'rooms' | 'roomChanges' | 'bus' | 'personBus'> {
  messages: MessageStore
  messageActs: MessageActStore
  feeds: Pick<RoomFeeds, 'follow'>
  limits: { sends: Limit }
  metrics: Pick<Metrics, 'messageStored'>
  /** Delivers the events of a subscription directly; null when they have to go through tRPC's loop. */
  deliverDirectly: ((subscription: DirectSubscription) => AsyncIterable<never>) | null
}

export type ChatContext = CallContext<ChatNeeds>
