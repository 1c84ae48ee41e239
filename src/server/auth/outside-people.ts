import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { Failure } from '../../contract/failures'
import { countCharacters, isUsername, limits } from '../../contract/rules'
import type { User } from '../../contract/session'
import { cleanLine, findLineFault } from '../../contract/visible-text'
import { writeAudit } from '../admin/audit-log'
import type { Admit } from './session-store'
import type { SignInParts } from './sign-in'

/** Who somebody is, according to an outside issuer. Only `issuer` and `subject` identify them: everything else is a proposal. */
export interface OutsidePerson {
  issuer: string
  subject: string
  preferredUsername: string | undefined
  name: string | undefined
  /** The URL of a picture. */
  picture: string | undefined
  /** What their username starts with. */
  usernamePrefix?: string
  /** Whether they start without a room. Otherwise they are in `general`. */
  isInNoRoom?: boolean
}

// An issuer's other claims must not keep anybody out: what cannot be used counts as missing.
export const optionalText = z.string().max(1_000).optional().catch(undefined)
export const pictureUrl = z
  .url({ protocol: /^https$/ })
  .max(limits.avatarPath)
  .optional()
  .catch(undefined)

/** How an issuer names somebody. */
export const subject = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[^\0]*$/)
  .refine((value) => value.isWellFormed())

const claims = z.object({
  iss: z.string().min(1).max(512),
  sub: subject,
  preferred_username: optionalText,
  name: optionalText,
  picture: pictureUrl,
})

/** @throws when the claims name nobody */
export function readOutsidePerson(payload: unknown): OutsidePerson {
  const { iss, sub, preferred_username, name, picture } = claims.parse(payload)
  return { issuer: iss, subject: sub, preferredUsername: preferred_username, name, picture }
}

type Parts = Pick<SignInParts, 'store' | 'announceJoin'>

/**
 * The account of this issuer and subject, made on first sight. An account with the same name is never taken over, whatever the
 * issuer says: the new one gets a name that is free.
 * @param ip where they come from, if that is known: for the audit log
 */
export async function findOrCreateOutsidePerson({ store, announceJoin }: Parts, person: OutsidePerson, ip: string | null): Promise<User> {
  const { issuer, subject } = person
  const found = await store.findByIssuer(issuer, subject)
  if (found) return found
  for (const names of proposeNames(person)) {
    try {
      const { user, joined } = await store.createPerson(
        {
          ...{ ...names, passwordHash: null, isInNoRoom: person.isInNoRoom },
          external: { issuer, subject, picture: person.picture ?? null },
        },
        admitMember(issuer, ip),
      )
      if (joined) announceJoin({ ...joined, userId: user.id })
      return user
    } catch (error) {
      // Another request of theirs was quicker.
      const already = await store.findByIssuer(issuer, subject)
      if (already) return already
      if (!(error instanceof Failure) || !['USERNAME_TAKEN', 'NAME_TAKEN'].includes(error.failure)) throw error
    }
  }
  throw new Failure('UNAVAILABLE')
}

/** The issuer decides who gets in, whatever REGISTRATION says. Nobody becomes an admin by being the first. */
const admitMember =
  (issuer: string, ip: string | null): Admit =>
  async (transaction) => ({
    role: 'member',
    welcome: ({ id }) =>
      writeAudit(transaction, { kind: 'account.registered', actorId: id, subjectId: id, ip, detail: { by: 'outside issuer', issuer } }),
  })

/** Names for a new account, the best first. */
export function* proposeNames(
  person: Pick<OutsidePerson, 'preferredUsername' | 'name' | 'usernamePrefix'>,
): Generator<{ username: string; displayName: string }> {
  const prefix = person.usernamePrefix ?? ''
  const wanted = prefix + (toUsername(person.preferredUsername ?? '') ?? toUsername(person.name ?? '') ?? 'person')
  const displayName = toDisplayName(person.name ?? '')
  const endings = ['', '-2', '-3', '-4', '-5', ...Array.from({ length: 3 }, () => `-${randomBytes(3).toString('hex')}`)]
  const usernames = [
    ...endings.map((ending) => wanted.slice(0, 32 - ending.length) + ending),
    `${prefix}person-${randomBytes(6).toString('hex')}`,
  ]
  for (const username of usernames) {
    if (displayName) yield { username, displayName }
    const withUsername = displayName && toDisplayName(`${displayName} (${username})`)
    if (withUsername) yield { username, displayName: withUsername }
    yield { username, displayName: username }
  }
}

/** @example toUsername('Zoë.Smith@example.org') // "zoe.smith" */
function toUsername(text: string): string | null {
  const username = text
    .replace(/(.)@.*$/s, '$1')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_.-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 32)
  return isUsername(username) ? username : null
}

function toDisplayName(text: string): string | null {
  const line = cleanLine(text)
  return line !== '' && countCharacters(line) <= limits.displayName && findLineFault(line) === null ? line : null
}
