import type { z } from 'zod'
import { Failure } from '../../contract/failures'
import type { AuthenticatorSetup, Confirmation, confirmInput, PasskeyRequest, RecoveryCodes, SecurityInfo } from '../../contract/security'
import { describeAuthenticator, findStep, newAuthenticatorSecret } from './authenticator-codes'
import { readCode } from './codes'
import type { SecurityContext } from './needs'
import { requirePassword, toPasskey } from './own-passkeys'
import { hashRecoveryCode, newRecoveryCodes } from './recovery-codes'

/** How the caller can sign in. */
export async function showSecurity({ parts, caller }: SecurityContext): Promise<SecurityInfo> {
  const { authenticators, passkeys, passkeyStore } = parts.security
  const userId = caller.user.id
  const [hash, stored, state] = await Promise.all([
    parts.sessions.store.findPasswordHash(userId),
    passkeyStore.list(userId),
    authenticators.findState(userId),
  ])
  return {
    hasPassword: hash !== null,
    passkeys: stored.map(toPasskey),
    passkeyDomain: passkeys.domain,
    twoStep: state && { since: state.since.toISOString(), recoveryCodesLeft: state.recoveryCodesLeft },
  }
}

/** What a browser needs to let the caller confirm with a passkey. @throws {Failure} PASSKEYS_UNAVAILABLE */
export const askToConfirm = ({ parts, caller }: SecurityContext): Promise<PasskeyRequest> =>
  parts.security.passkeys.askOwner(caller.user.id, confirming(caller))

/**
 * Confirms that it is the caller who is sitting there, with their password or a passkey.
 * @throws {Failure} WRONG_PASSWORD, INVALID_PASSKEY, TOO_MANY_REQUESTS
 */
export async function confirm({ parts, caller }: SecurityContext, input: z.output<typeof confirmInput>): Promise<Confirmation> {
  if ('password' in input) await parts.ownPasswords.require(caller.user.id, input.password)
  else await parts.security.passkeys.verifyOwner(caller.user.id, confirming(caller), input.passkey)
  return parts.security.confirmations.make(caller)
}

const confirming = ({ user, sessionId }: SecurityContext['caller']) => `confirm as ${user.id} in ${sessionId}`

/**
 * Makes a secret for an authenticator app. Two-step sign-in is on once a code of the app has shown that it has the secret.
 * @throws {Failure} CONFIRMATION_REQUIRED, NO_PASSWORD, TWO_STEP_ON
 */
export async function startTwoStep({ parts, caller }: SecurityContext, confirmation: string): Promise<AuthenticatorSetup> {
  const { authenticators, confirmations, host, sealing } = parts.security
  confirmations.require(caller, confirmation)
  await requirePassword({ parts, caller })
  const secret = newAuthenticatorSecret()
  if (!(await authenticators.beginSetup(caller.user.id, sealing.seal(secret, caller.user.id)))) throw new Failure('TWO_STEP_ON')
  return describeAuthenticator(secret, { issuer: 'Roomline', account: `${caller.user.username}@${host}` })
}

/** @throws {Failure} BAD_REQUEST naming `code` when it is wrong; TWO_STEP_OFF when the setup took too long, TWO_STEP_ON */
export async function enableTwoStep({ parts, caller }: SecurityContext, typed: string): Promise<RecoveryCodes> {
  const { authenticators, sealing } = parts.security
  const userId = caller.user.id
  const sealed = await authenticators.findSetup(userId)
  const opened = sealed && sealing.open(sealed, userId)
  if (!sealed || !opened) throw new Failure('TWO_STEP_OFF', { words: 'That took too long. Start again.' })
  const step = findStep(opened.secret, readCode(typed))
  if (step === null) throw new Failure('BAD_REQUEST', { fields: { code: 'is wrong: enter the one that the app shows now' } })
  const recoveryCodes = newRecoveryCodes()
  const codes = recoveryCodes.map((code) => hashRecoveryCode(userId, code))
  if (!(await authenticators.enable(userId, { sealed, step, codes }, caller.ip))) throw new Failure('TWO_STEP_ON')
  return { recoveryCodes }
}

/** @throws {Failure} CONFIRMATION_REQUIRED, TWO_STEP_OFF */
export async function disableTwoStep({ parts, caller }: SecurityContext, confirmation: string): Promise<{ disabled: true }> {
  parts.security.confirmations.require(caller, confirmation)
  if (!(await parts.security.authenticators.disable(caller.user.id, caller.ip))) throw new Failure('TWO_STEP_OFF')
  return { disabled: true }
}

/** Makes new recovery codes. The old ones stop working. @throws {Failure} CONFIRMATION_REQUIRED, TWO_STEP_OFF */
export async function renewRecoveryCodes({ parts, caller }: SecurityContext, confirmation: string): Promise<RecoveryCodes> {
  parts.security.confirmations.require(caller, confirmation)
  const recoveryCodes = newRecoveryCodes()
  const hashes = recoveryCodes.map((code) => hashRecoveryCode(caller.user.id, code))
  if (!(await parts.security.authenticators.replaceRecoveryCodes(caller.user.id, hashes))) throw new Failure('TWO_STEP_OFF')
  return { recoveryCodes }
}
