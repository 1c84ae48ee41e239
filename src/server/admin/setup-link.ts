import { createHmac, timingSafeEqual } from 'node:crypto'
import { isUnclaimed } from '../auth/session-store'
import type { Querying } from '../platform/database'

/** For whoever starts the server: it lets them create the first account. Every process makes the same one from the secret. */
const tokenOf = (secret: string) => createHmac('sha256', secret).update('roomline setup').digest('base64url').slice(0, 32)

/** @param secrets as in AUTH_SECRET: any of them will do */
export function isSetupToken(token: string, secrets: readonly string[]): boolean {
  const given = Buffer.from(token)
  return secrets
    .map((secret) => Buffer.from(tokenOf(secret)))
    .some((right) => right.length === given.length && timingSafeEqual(right, given))
}

/** The link for the first account; null once there is one. */
export async function findSetupLink(
  querying: Querying,
  { publicUrl, authSecrets }: { publicUrl: string; authSecrets: readonly string[] },
): Promise<string | null> {
  const [secret] = authSecrets
  return secret && (await isUnclaimed(querying)) ? `${publicUrl}/register?setup=${tokenOf(secret)}` : null
}
