import { hkdfSync } from 'node:crypto'

/**
 * Keys for one purpose, one from each secret. A key tells nothing about the secret or about the keys of other purposes.
 * @param secrets newest first
 */
export function deriveKeys(secrets: readonly string[], purpose: string): { newest: Buffer; all: Buffer[] } {
  const all = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, 'roomline', purpose, 32)))
  const [newest] = all
  if (!newest) throw new Error('at least one secret is needed')
  return { newest, all }
}
