import { hash, verify } from '@node-rs/argon2'
import { Failure } from '../../contract/failures'
import { createGate } from '../platform/background'
import { isCommonPassword } from './common-passwords'

/** argon2id (the library's default) with OWASP's first recommended cost: about 20 ms of one core, on libuv's threads. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const maxWaiting = 200
/** Limits the memory and cores that a burst of sign-ins can take. */
const gate = createGate(4)

export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, cost))
}

/**
 * Takes equally long for an unknown user (`passwordHash` null) and for a wrong password. Otherwise the time would reveal
 * which usernames exist.
 */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  const matches = await inTurn(() => verify(passwordHash ?? dummyHash, password))
  return matches && passwordHash !== null
}

// The hash of a discarded random password, with the same cost as real ones.
const dummyHash = '$argon2id$v=19$m=19456,t=2,p=1$8gzpa/zmgbcPNI6RrOs/Mg$wDnN9veqlTD7uvLxb/78kZGakKkE5Kecrw3g/7OeWCE'

/** @throws {Failure} BAD_REQUEST naming the field */
export function requireAcceptablePassword(password: string, username: string): void {
  const folded = password.toLowerCase()
  if (isCommonPassword(folded)) throw refused('is too common')
  if (folded === username) throw refused('must not be your username')
}

const refused = (why: string) => new Failure('BAD_REQUEST', { fields: { password: why } })

/** @throws {Failure} UNAVAILABLE when too many are waiting */
async function inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
  if (gate.waiting() >= maxWaiting) throw new Failure('UNAVAILABLE')
  return gate.run(work)
}
