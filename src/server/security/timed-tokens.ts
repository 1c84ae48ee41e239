import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { deriveKeys } from './derived-keys'

/**
 * Tokens that only this server can have made, each for one purpose and a while. Nothing is stored, so that anybody may ask
 * for one: whoever accepts a token that must count once has to remember it until it expires.
 */
export interface TimedTokens {
  /** @param purpose also says for whom, for example `confirm <user id>` */
  make(purpose: string, ttlMs: number): { token: string; expiresAt: Date }
  /** When a token for this purpose expires; null for any other or expired one. Never throws. */
  findExpiry(token: string, purpose: string): Date | null
}

const randomLength = 16
const timeLength = 6
const macLength = 32

/** @param secrets newest first: the first signs, all verify */
export function createTimedTokens(secrets: readonly string[]): TimedTokens {
  const { newest, all } = deriveKeys(secrets, 'timed tokens')
  const macOf = (key: Buffer, body: Buffer, purpose: string) => createHmac('sha256', key).update(body).update(purpose).digest()
  return {
    make: (purpose, ttlMs) => {
      const expiresAt = new Date(Date.now() + ttlMs)
      const body = Buffer.concat([randomBytes(randomLength), Buffer.alloc(timeLength)])
      body.writeUIntBE(expiresAt.getTime(), randomLength, timeLength)
      return { token: Buffer.concat([body, macOf(newest, body, purpose)]).toString('base64url'), expiresAt }
    },
    findExpiry: (token, purpose) => {
      const bytes = Buffer.from(token, 'base64url')
      // A token has one spelling: whoever remembers the used ones would not recognise another.
      if (bytes.length !== randomLength + timeLength + macLength || bytes.toString('base64url') !== token) return null
      const body = bytes.subarray(0, randomLength + timeLength)
      const mac = bytes.subarray(randomLength + timeLength)
      if (!all.some((key) => timingSafeEqual(macOf(key, body, purpose), mac))) return null
      const expiresAt = body.readUIntBE(randomLength, timeLength)
      return expiresAt > Date.now() ? new Date(expiresAt) : null
    },
  }
}
