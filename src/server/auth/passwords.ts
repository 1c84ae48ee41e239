import { hash, verify } from '@node-rs/argon2'
import { Failure } from '../../contract/failures'
import { createGate } from '../platform/background'
import { isCommonPassword } from './common-passwords'

/** argon2id (the library's default) at the cost OWASP names first, about 20 ms of one core, on libuv's threads and so off the event loop. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const maxWaiting = 200
/** A burst of sign-ins must not take all memory and every core. */
const gate = createGate(4)

export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, cost))
}

/**
 * Takes as long for somebody who does not exist (`passwordHash` null) as for a wrong password: who answers quicker for
 * unknown people tells which usernames exist.
 */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  const matches = await inTurn(() => verify(passwordHash ?? hashOfNobody, password))
  return matches && passwordHash !== null
}

// Of a random password that was thrown away, with the same cost as the real ones.
const hashOfNobody = '$argon2id$v=19$m=19456,t=2,p=1$8gzpa/zmgbcPNI6RrOs/Mg$wDnN9veqlTD7uvLxb/78kZGakKkE5Kecrw3g/7OeWCE'

/** @throws {Failure} BAD_REQUEST naming the field */
export function requireAcceptablePassword(password: string, username: string): void {
  const folded = password.toLowerCase()
  if (isCommonPassword(folded)) throw refused('is one of the first that anybody would try')
  if (folded === username) throw refused('must not be your username')
}

const refused = (why: string) => new Failure('BAD_REQUEST', { fields: { password: why } })

/** @throws {Failure} UNAVAILABLE when too many are waiting */
async function inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
  if (gate.waiting() >= maxWaiting) throw new Failure('UNAVAILABLE')
  return gate.run(work)
}
