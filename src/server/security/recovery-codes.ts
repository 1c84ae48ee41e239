import { createHash, randomBytes } from 'node:crypto'

const count = 10
const length = 16
/** Crockford's: 32 characters, none of which looks like another. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** Codes of 80 bits: too many to try, so that a quick hash protects them. */
export const newRecoveryCodes = (): string[] =>
  Array.from({ length: count }, () => {
    const characters = [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join('')
    return characters.replace(/.{4}(?=.)/g, '$&-')
  })

/** Whether something typed has the form of one. */
export const isRecoveryCode = (typed: string): boolean => fold(typed).length === length

/** The same however it was typed: in capitals, without dashes, with the letters that look like digits. */
export const hashRecoveryCode = (userId: string, typed: string): Buffer =>
  createHash('sha256')
    .update(`${userId} ${fold(typed)}`)
    .digest()

const fold = (typed: string) =>
  typed
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replaceAll('o', '0')
    .replace(/[il]/g, '1')
