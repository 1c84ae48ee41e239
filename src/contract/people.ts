import { z } from 'zod'
import { hasChange } from './fields'
import { limits, type ServerRole } from './rules'
import { password, type User, username } from './session'
import { line, text } from './text'

/** A person as other people see them. */
export interface Person extends User {
  /** A short line that they wrote about themselves; "" when there is none. */
  status: string
  role: ServerRole
}

/** The signed-in person, with the settings that only they can see. */
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
  })
  .refine(hasChange, 'must change something')

export const changePasswordInput = z.strictObject({ current: z.string().max(limits.typedPassword), password })

export const deleteAccountInput = z.strictObject({ password: z.string().max(limits.typedPassword) })
