import type { OwnPasswords } from '../auth/own-password'
import type { NewsBus, RoomNews } from '../bus/news-bus'
import type { CallContext } from '../caller'
import type { RoomStore } from '../rooms/room-store'
import type { AccountStore } from './account-store'
import type { PeopleStore } from './people-store'

/** What the procedures of `users` need. */
export interface PeopleNeeds {
  people: PeopleStore
  accounts: AccountStore
  rooms: Pick<RoomStore, 'roomsShowingReads'>
  ownPasswords: OwnPasswords
  /** What anybody may know of this server, and therefore no password may be. */
  serverNames(): Promise<readonly string[]>
  /** Tells the realtime nodes that the revocation log has grown. */
  sessions: { announceRevocation(): void }
  bus: Pick<NewsBus<RoomNews>, 'publish'>
}

export type PeopleContext = CallContext<PeopleNeeds>
