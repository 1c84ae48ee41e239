import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { writeAudit } from '../admin/audit-log'
import { networkOf, wideNetworkOf } from '../platform/client-address'
import { createGuessGuard } from './guesses'
import { type AttemptLimit, countUse } from './rate-limits'

const second = 1_000
const minute = 60 * second

/** Somebody who tries to sign in. */
export interface Attempt {
  /** What is guessed. Each has counts of its own: whoever knows the password must not get free guesses at codes by it. */
  step: 'password' | 'code'
  /** The username as typed, folded. Whether it exists makes no difference to any limit. */
  name: string
  ip: string
  /** The hash of the device, if this account was used on it before; otherwise null. */
  knownDevice: Buffer | null
}

export type SignInThrottle = ReturnType<typeof createSignInThrottle>

export function createSignInThrottle(pool: Pool) {
  const guard = createGuessGuard(pool)
  return {
    /** @param check resolves to null when the attempt was wrong @throws {Failure} TOO_MANY_REQUESTS before it is made */
    run: <Value>(attempt: Attempt, check: () => Promise<Value | null>): Promise<Value | null> =>
      guard.run(limitsOf(attempt), check, (retryAfterMs) => noteLocked(pool, attempt, retryAfterMs)),
  }
}

/**
 * The first limit is that of the device or network alone, which slows down until only an attempt in a quarter of an hour is left.
 * The limit over all networks is for those who have many: it refills so fast that some few networks, slowed down, cannot use
 * it up and keep everybody else out.
 */
function limitsOf({ step, name, ip, knownDevice }: Attempt): [AttemptLimit, ...AttemptLimit[]] {
  // Names are hashed: people type their password there by mistake.
  const account = `${step === 'code' ? 'second step' : 'sign-in'} ${createHash('sha256').update(name).digest('base64url')}`
  const growing = { pauseMs: second, longestMs: 15 * minute }
  if (knownDevice) return [{ key: `${account} device ${knownDevice.toString('base64url')}`, free: 10, ...growing }]
  return [
    { key: `${account} from ${networkOf(ip)}`, free: 5, ...growing },
    { key: `${account} from about ${wideNetworkOf(ip)}`, free: 10, ...growing },
    { key: account, free: 5, pauseMs: 30 * second },
  ]
}

/** One entry per name and quarter of an hour, however many attempts are refused. */
async function noteLocked(pool: Pool, { name, ip }: Attempt, retryAfterMs: number): Promise<void> {
  const key = `locked ${createHash('sha256').update(name).digest('base64url')}`
  if ((await countUse(pool, key, 1, 15 * minute)) > 0) return
  await writeAudit(pool, { kind: 'signIn.locked', actorId: null, subjectId: await idOf(pool, name), ip, detail: { retryAfterMs } })
}

async function idOf(pool: Pool, name: string): Promise<string | null> {
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM users WHERE username = $1', [name])
  return rows[0]?.id ?? null
}
