import { z } from 'zod'
import { limits, type ServerRole } from './rules'
import { password, type User, username } from './session'
import { text } from './text'

/** A person with what they tell of themselves. */
export interface Person extends User {
  /** A line of their own, "" when there is none. */
  status: string
  role: ServerRole
}

/** The caller, with what only they see of themselves. */
export interface Profile extends Person {
  hideLastSeen: boolean
}

export const searchPeopleInput = z.strictObject({
  /** Part of a username or display name. */
  query: text(0, limits.peopleQuery),
  limit: z.int().min(1).max(limits.peoplePage.max).default(limits.peoplePage.usual),
})

export const personInput = z.strictObject({ username })

export const updateProfileInput = z
  .strictObject({
    displayName: text(1, limits.displayName).optional(),
    /** Where a picture of them is, on this server; null for none. */
    avatar: z
      .string()
      .max(limits.avatarPath)
      .regex(/^\/(?!\/)[!-~]*$/, 'must be a path on this server')
      .nullable()
      .optional(),
    status: text(0, limits.status).optional(),
    /** Whether others are told when they were last here. */
    hideLastSeen: z.boolean().optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'must change something')

export const changePasswordInput = z.strictObject({ current: z.string().max(limits.typedPassword), password })

export const deleteAccountInput = z.strictObject({ password: z.string().max(limits.typedPassword) })
