import { findStep } from './authenticator-codes'
import type { AuthenticatorStore } from './authenticator-store'
import { hashRecoveryCode, isRecoveryCode } from './recovery-codes'
import type { Sealing } from './sealing'

interface CodesParts {
  store: AuthenticatorStore
  sealing: Sealing
}

export type UsedCode = { kind: 'code' } | { kind: 'recovery code'; left: number }

/** Uses a code up: no code is accepted twice, not even by two at once. Null for a wrong one. */
export async function acceptCode({ store, sealing }: CodesParts, userId: string, typed: string): Promise<UsedCode | null> {
  if (isRecoveryCode(typed)) {
    const left = await store.spendRecoveryCode(userId, hashRecoveryCode(userId, typed))
    return left === null ? null : { kind: 'recovery code', left }
  }
  const sealed = await store.findEnabled(userId)
  const opened = sealed && sealing.open(sealed, userId)
  if (!sealed || !opened) return null
  const step = findStep(opened.secret, readCode(typed))
  if (step === null || !(await store.spendStep(userId, step))) return null
  if (opened.isOutdated) await store.reseal(userId, { from: sealed, to: sealing.seal(opened.secret, userId) })
  return { kind: 'code' }
}

/** The digits of a code. Apps show them in groups, and keyboards of some languages have digits of their own. */
export const readCode = (typed: string): string => typed.normalize('NFKC').replace(/\D/g, '')
