import { availableParallelism } from 'node:os'
import { hash, verify } from '@node-rs/argon2'
import { type Asker, createFairQueue } from './fair-queue'

/** argon2id (the library's default) with OWASP's first recommended cost: about 20 ms of one core, on libuv's threads. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** At most half of the cores hash at the same time: the others serve those who are signed in. */
const queue = createFairQueue({
  atOnce: Math.max(1, Math.floor(availableParallelism() / 2)),
  maxPerLine: 200,
  maxWaiting: 500,
  workMs: 25,
})

/** Does something expensive with a password, in turn. @throws {Failure} TOO_MANY_REQUESTS, UNAVAILABLE when too many are waiting */
export const inPasswordQueue = queue.run

/** @throws {Failure} TOO_MANY_REQUESTS, UNAVAILABLE when too many are waiting */
export function hashPassword(password: string, asker: Asker): Promise<string> {
  return queue.run(asker, () => hash(password.normalize('NFC'), cost))
}

/**
 * Takes equally long for an unknown user (`passwordHash` null) and for a wrong password. Otherwise the time would reveal
 * which usernames exist.
 * @throws {Failure} TOO_MANY_REQUESTS, UNAVAILABLE when too many are waiting
 */
export async function verifyPassword(passwordHash: string | null, password: string, asker: Asker): Promise<boolean> {
  // The same characters can be typed in two ways: an é is one character on one keyboard, and two on another.
  const matches = await queue.run(asker, () => verify(passwordHash ?? dummyHash, password.normalize('NFC')))
  return matches && passwordHash !== null
}

// The hash of a discarded random password, with the same cost as real ones.
const dummyHash = '$argon2id$v=19$m=19456,t=2,p=1$8gzpa/zmgbcPNI6RrOs/Mg$wDnN9veqlTD7uvLxb/78kZGakKkE5Kecrw3g/7OeWCE'
