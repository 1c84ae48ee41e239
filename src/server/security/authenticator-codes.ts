import { Secret, TOTP } from 'otpauth'

/** What every authenticator app understands: apps ignore other settings, and then show wrong codes. */
const settings = { algorithm: 'SHA1', digits: 6, period: 30 } as const

/** How many steps of 30 seconds a clock may be wrong. */
const tolerance = 1

export const newAuthenticatorSecret = (): Buffer => Buffer.from(new Secret({ size: 20 }).bytes)

/** @param account what the app shows beside the code */
export function describeAuthenticator(secret: Uint8Array, { issuer, account }: { issuer: string; account: string }) {
  const totp = new TOTP({ ...settings, issuer, label: account, secret: toSecret(secret) })
  return { secret: totp.secret.base32, uri: totp.toString() }
}

/** The step of 30 seconds that a code belongs to; null for a wrong code. */
export function findStep(secret: Uint8Array, code: string, now = Date.now()): number | null {
  const offset = TOTP.validate({ ...settings, secret: toSecret(secret), token: code, window: tolerance, timestamp: now })
  return offset === null ? null : TOTP.counter({ period: settings.period, timestamp: now }) + offset
}

const toSecret = (bytes: Uint8Array) => new Secret({ buffer: Uint8Array.from(bytes).buffer })
