import type { AuthenticatorStore } from './authenticator-store'
import type { Sealing } from './sealing'

const batch = 500

/** Seals every secret with the newest key, so that an older AUTH_SECRET can be removed. */
export async function resealAll({ authenticators, sealing }: { authenticators: AuthenticatorStore; sealing: Sealing }): Promise<void> {
  let after: string | null = null
  for (;;) {
    const rows = await authenticators.listSealed(after, batch)
    for (const { userId, sealed } of rows) {
      const opened = sealing.open(sealed, userId)
      if (opened?.isOutdated) await authenticators.reseal(userId, { from: sealed, to: sealing.seal(opened.secret, userId) })
    }
    after = rows.at(-1)?.userId ?? null
    if (rows.length < batch) return
  }
}
