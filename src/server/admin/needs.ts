import type { Pool } from 'pg'
import type { AnnounceNeeds } from '../bus/announce'
import type { Config } from '../platform/config'

/** What administration needs, for the procedures of `admin` and for the operator's command line. */
export interface AdminNeeds extends AnnounceNeeds {
  pool: Pool
  /** Tells the realtime nodes that the revocation log has grown. */
  sessions: { announceRevocation(): void }
  server: Pick<Config, 'publicUrl' | 'registration' | 'defaultRegistration'>
}

export interface AdminContext<Needs = AdminNeeds> {
  parts: Needs
  /** The id of the admin who acts; null for the operator at the command line. */
  actorId: string | null
  /** The address that the call came from; null at the command line. */
  ip: string | null
}
