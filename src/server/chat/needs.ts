import type { CallContext } from '../caller'
import type { RoomFeeds } from '../fanout/room-feeds'
import type { Metrics } from '../platform/metrics'
import type { RoomsNeeds } from '../rooms/needs'
import type { RoomLockNeeds } from '../rooms/room-lock'
import type { SearchNeeds } from '../search/search-messages'
import type { MessageHistory } from './history'
import type { SendStore } from './store-sends'

/** What the procedures of `chat` need. */
export interface ChatNeeds extends RoomLockNeeds, SearchNeeds, Pick<RoomsNeeds, 'rooms' | 'lists' | 'deliverDirectly'> {
  messages: MessageHistory
  sends: SendStore
  feeds: Pick<RoomFeeds, 'follow'>
  metrics: Pick<Metrics, 'messageStored'>
}

export type ChatContext = CallContext<ChatNeeds>
