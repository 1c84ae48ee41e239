import type { CallContext } from '../caller'
import type { Config } from '../platform/config'
import type { RoomLockNeeds } from '../rooms/room-lock'

/** What the procedures of `bots` and `hooks` need. */
export interface BotsNeeds extends RoomLockNeeds {
  /** Tells the realtime nodes that the revocation log has grown. */
  sessions: { announceRevocation(): void }
  server: Pick<Config, 'publicUrl'>
}

export type BotsContext = CallContext<BotsNeeds>
