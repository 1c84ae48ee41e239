import type { Pool } from 'pg'
import type { ServerSettings } from '../../contract/admin'
import type { Logo } from './logo'
import { resetPassword } from './password-reset'
import { createRegistration, type Registration, type RegistrationParts } from './registration'
import { findLogo, readSettings } from './settings'

/** What admins decide, for the routes that people use before they are signed in. */
export interface Administration {
  registration: Registration
  settings(): Promise<ServerSettings>
  /** The logo by the hash in its path. */
  findLogo(hash: string): Promise<Logo | null>
  /** @throws {Failure} BAD_REQUEST, RESET_LINK_NOT_FOUND */
  resetPassword(input: { token: string; password: string }, from: { ip: string; deviceToken: string }): Promise<void>
}

export function createAdministration(parts: RegistrationParts & { pool: Pool; announceRevocation: () => void }): Administration {
  return {
    registration: createRegistration(parts),
    settings: () => readSettings(parts.pool, parts.server),
    findLogo: (hash) => findLogo(parts.pool, hash),
    resetPassword: (input, from) => resetPassword(parts, input, from),
  }
}
