import type { z } from 'zod'
import { Failure } from '../../contract/failures'
import type { passkeySignInInput } from '../../contract/sign-in'
import { writeAudit } from '../admin/audit-log'
import type { Device } from './devices'
import type { SecondStepParts } from './second-step'
import { type StartedSession, startSession } from './sessions'
import { requireSignInTry } from './sign-in'

/** @throws {Failure} INVALID_PASSKEY, the same whatever is wrong; PASSKEYS_UNAVAILABLE, TOO_MANY_REQUESTS */
export async function signInWithPasskey(
  parts: SecondStepParts,
  { passkey }: z.output<typeof passkeySignInInput>,
  device: Device,
): Promise<StartedSession> {
  await requireSignInTry(parts, device)
  const { user, credentialId } = await parts.security.passkeys.verifySignIn(passkey).catch(async (error: unknown) => {
    if (error instanceof Failure && error.failure === 'INVALID_PASSKEY') {
      await writeAudit(parts.pool, { kind: 'signIn.failed', actorId: null, ip: device.ip, detail: { method: 'passkey' } })
    }
    throw error
  })
  return startSession(parts, { user, proof: { kind: 'passkey', credentialId } }, device)
}
