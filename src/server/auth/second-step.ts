import { Failure } from '../../contract/failures'
import type { User } from '../../contract/session'
import { writeAudit } from '../admin/audit-log'
import { acceptCode } from '../security/codes'
import type { SecurityParts } from '../security/security-parts'
import { type Device, hashDevice, isKnownDevice } from './devices'
import type { Proof } from './proof'
import { type StartedSession, startSession } from './sessions'
import type { SignInParts } from './sign-in'

export interface SecondStepParts extends SignInParts {
  security: SecurityParts
}

/**
 * The hook of `startSession`: a password alone starts no session for somebody whose two-step sign-in is on.
 * @throws {Failure} SECOND_FACTOR_REQUIRED with a ticket for the second step
 */
export async function requireSecondStep({ security }: Pick<SecondStepParts, 'security'>, { user, proof }: { user: User; proof: Proof }) {
  if (proof.kind !== 'password' || proof.secondFactor) return
  if (!(await security.authenticators.findEnabled(user.id))) return
  const ticket = await security.tickets.open(user.id, proof.passwordHash)
  throw new Failure('SECOND_FACTOR_REQUIRED', { ticket })
}

/**
 * The second step: a code of an authenticator app, or a recovery code.
 * @throws {Failure} WRONG_CODE, SIGN_IN_EXPIRED, TOO_MANY_REQUESTS
 */
export async function finishSecondStep(
  parts: SecondStepParts,
  { ticket, code }: { ticket: string; code: string },
  device: Device,
): Promise<StartedSession> {
  const { pool, security, throttle } = parts
  const opened = await security.tickets.find(ticket)
  if (!opened) throw new Failure('SIGN_IN_EXPIRED')
  const { userId, username } = opened
  const deviceHash = device.token === null ? null : hashDevice(userId, device.token)
  const knownDevice = deviceHash && (await isKnownDevice(pool, userId, deviceHash)) ? deviceHash : null
  const used = await throttle.run({ step: 'code', name: username, ip: device.ip, knownDevice }, async () => {
    // Only here: being told to wait uses up no ticket.
    if (!(await security.tickets.countTry(ticket))) throw new Failure('SIGN_IN_EXPIRED')
    return acceptCode({ store: security.authenticators, sealing: security.sealing }, userId, code)
  })
  if (!used) {
    await writeAudit(pool, { kind: 'signIn.failed', actorId: null, subjectId: userId, ip: device.ip, detail: { method: 'code' } })
    throw new Failure('WRONG_CODE')
  }
  const redeemed = await security.tickets.redeem(ticket)
  if (!redeemed) throw new Failure('SIGN_IN_EXPIRED')
  const { user, passwordHash } = redeemed
  if (used.kind === 'recovery code') {
    await writeAudit(pool, { kind: 'account.recoveryCodeUsed', actorId: userId, ip: device.ip, detail: { left: used.left } })
  }
  return startSession(parts, { user, proof: { kind: 'password', passwordHash, secondFactor: used.kind } }, device)
}
