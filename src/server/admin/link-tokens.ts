import { createHash, randomBytes } from 'node:crypto'

/** A token for a link. Only its hash is stored, so it is shown once. */
export function createLinkToken(): { token: string; hash: Buffer } {
  const token = randomBytes(24).toString('base64url')
  return { token, hash: hashLinkToken(token) }
}

export const hashLinkToken = (token: string): Buffer => createHash('sha256').update(token).digest()
