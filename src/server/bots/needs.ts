import type { CallContext } from '../caller'
import type { Config } from '../platform/config'
import type { RoomLockNeeds } from '../rooms/room-lock'
import type { Sealing } from '../security/sealing'

/** What the procedures of `bots` and `hooks` need. */
export interface BotsNeeds extends RoomLockNeeds {
  /** Tells the realtime nodes that the revocation log has grown. */
  sessions: { announceRevocation(): void }
  server: Pick<Config, 'publicUrl' | 'hooksToLoopback'>
  /** For the secrets of outgoing hooks. */
  hookSealing: Pick<Sealing, 'seal'>
}

export type BotsContext = CallContext<BotsNeeds>
