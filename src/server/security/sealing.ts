import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { deriveKeys } from './derived-keys'

/** Encrypts what has to be stored but must not be read from a copy of the database. */
export interface Sealing {
  /** @param owner whoever it belongs to: moved to somebody else's row, it cannot be opened */
  seal(secret: Uint8Array, owner: string): Buffer
  /** Null when none of the secrets opens it. */
  open(sealed: Uint8Array, owner: string): { secret: Buffer; isOutdated: boolean } | null
}

const ivLength = 12
const tagLength = 16

/** @param secrets newest first: the first encrypts, all decrypt. `isOutdated` says that another one than the first did. */
export function createSealing(secrets: readonly string[], purpose: string): Sealing {
  const { newest, all } = deriveKeys(secrets, `seal ${purpose}`)
  return {
    seal: (secret, owner) => {
      const iv = randomBytes(ivLength)
      const cipher = createCipheriv('aes-256-gcm', newest, iv, { authTagLength: tagLength }).setAAD(Buffer.from(owner))
      return Buffer.concat([iv, cipher.update(secret), cipher.final(), cipher.getAuthTag()])
    },
    open: (sealed, owner) => {
      for (const key of all) {
        try {
          const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivLength), { authTagLength: tagLength })
          decipher.setAAD(Buffer.from(owner)).setAuthTag(sealed.subarray(-tagLength))
          const secret = Buffer.concat([decipher.update(sealed.subarray(ivLength, -tagLength)), decipher.final()])
          return { secret, isOutdated: key !== newest }
        } catch {
          // Sealed with another secret.
        }
      }
      return null
    },
  }
}
