import type { z } from 'zod'
import { Failure } from '../../contract/failures'
import { isUuid } from '../../contract/rules'
import type { addPasskeyInput, NewPasskeyRequest, Passkey } from '../../contract/security'
import type { SecurityContext } from './needs'
import type { StoredPasskey } from './passkey-store'

export const toPasskey = ({ id, name, createdAt, lastUsedAt, synced }: StoredPasskey): Passkey => ({
  id,
  name,
  created: createdAt.toISOString(),
  lastUsed: lastUsedAt?.toISOString() ?? null,
  synced,
})

/**
 * What a browser needs to make a passkey.
 * @throws {Failure} CONFIRMATION_REQUIRED, NO_PASSWORD, PASSKEYS_UNAVAILABLE
 */
export async function startPasskey({ parts, caller }: SecurityContext, confirmation: string): Promise<NewPasskeyRequest> {
  parts.security.confirmations.require(caller, confirmation)
  await requirePassword({ parts, caller })
  return parts.security.passkeys.askForNew(caller.user, adding(caller))
}

/**
 * Adds the passkey that a browser has made. Only somebody who has confirmed who they are was asked to make it.
 * @throws {Failure} INVALID_PASSKEY, PASSKEY_TAKEN, TOO_MANY_PASSKEYS
 */
export async function addPasskey({ parts, caller }: SecurityContext, input: z.output<typeof addPasskeyInput>): Promise<Passkey> {
  return toPasskey(
    await parts.security.passkeys.addNew({ userId: caller.user.id, ip: caller.ip }, adding(caller), input.name, input.passkey),
  )
}

/** @throws {Failure} PASSKEY_NOT_FOUND */
export async function renamePasskey({ parts, caller }: SecurityContext, input: { id: string; name: string }): Promise<Passkey> {
  const renamed = isUuid(input.id) ? await parts.security.passkeyStore.rename(caller.user.id, input.id, input.name) : null
  if (!renamed) throw new Failure('PASSKEY_NOT_FOUND')
  return toPasskey(renamed)
}

/** @throws {Failure} CONFIRMATION_REQUIRED, PASSKEY_NOT_FOUND */
export async function removePasskey(
  { parts, caller }: SecurityContext,
  input: { id: string; confirmation: string },
): Promise<{ id: string }> {
  parts.security.confirmations.require(caller, input.confirmation)
  if (!isUuid(input.id) || !(await parts.security.passkeyStore.remove(caller.user.id, input.id, caller.ip)))
    throw new Failure('PASSKEY_NOT_FOUND')
  return { id: input.id }
}

/**
 * For whatever would let somebody in beside an outside issuer: an account that was closed there must not stay open here.
 * @throws {Failure} NO_PASSWORD
 */
export async function requirePassword({ parts, caller }: SecurityContext): Promise<void> {
  if ((await parts.sessions.store.findPasswordHash(caller.user.id)) === null) throw new Failure('NO_PASSWORD')
}

const adding = ({ user, sessionId }: SecurityContext['caller']) => `passkey for ${user.id} in ${sessionId}`
