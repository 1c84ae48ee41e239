import * as z from 'zod'
import { hasChange } from './fields'
import { limits, type ServerRole } from './rules'
import { password, type User, username } from './session'
import { key, line, text } from './text'

/** A person as other people see them. */
export interface Person extends User {
  /** A short line that they wrote about themselves; "" when there is none. */
  status: string
  role: ServerRole
  /** The name of their time zone, like "Europe/Madrid"; null when they do not share it. */
  timeZone: string | null
}

/** The signed-in person, with the settings that only they can see. */
export interface Profile extends Person {
  hideLastSeen: boolean
  /** Whether others cannot see how far they have read; then they see it of nobody. */
  hideReads: boolean
}

export const searchPeopleInput = z.strictObject({
  /** Part of a username or display name. */
  query: text(0, limits.peopleQuery),
  limit: z.int().min(1).max(limits.peoplePage.max).default(limits.peoplePage.usual),
})

export const personInput = z.strictObject({ username })

export const namedPeopleInput = z.strictObject({ usernames: z.array(username).max(limits.peopleNamed) })

/** A name of the IANA time zone database. Offsets like "+02:00" are none: they do not follow summer time. */
const timeZone = key(1, limits.timeZone).transform((value, context) => {
  const zone = findTimeZone(value)
  if (zone === null) context.addIssue({ code: 'custom', message: 'must be the name of a time zone' })
  return zone ?? z.NEVER
})

export const updateProfileInput = z
  .strictObject({
    displayName: line(1, limits.displayName).optional(),
    /** The path of their picture on this server; null for none. */
    avatar: z
      .string()
      .max(limits.avatarPath)
      .regex(/^\/(?!\/)[!-~]*$/, 'must be a path on this server')
      .nullable()
      .optional(),
    status: line(0, limits.status).optional(),
    /** Whether to hide from others when they were last here. */
    hideLastSeen: z.boolean().optional(),
    /** Null to share none. */
    timeZone: timeZone.nullable().optional(),
    /** Whether to hide from others how far they have read, and theirs from this person. */
    hideReads: z.boolean().optional(),
  })
  .refine(hasChange, 'must change something')

export const changePasswordInput = z.strictObject({ current: z.string().max(limits.typedPassword), password })

export const deleteAccountInput = z.strictObject({ password: z.string().max(limits.typedPassword) })

/** The time zone as it is written in the database of time zones; null when there is none of that name. */
function findTimeZone(name: string): string | null {
  if (!/^[A-Z]/i.test(name)) return null
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    return null
  }
}
