import { z } from 'zod'
import { countCharacters, limits } from './rules'

// Postgres cannot store NUL, and would store a lone surrogate as another character.
const storable = z.string().refine((value) => value.isWellFormed() && !value.includes('\0'), 'must be well-formed Unicode without NUL')

/** Text that a person wrote, in any script. Space around it is removed. `min` and `max` count characters. */
export function text(min: number, max: number) {
  return z
    .string()
    .max(max * 4, `must have at most ${max} characters`)
    .pipe(storable)
    .transform((value) => value.trim())
    .refine((value) => countCharacters(value) >= min, min === 1 ? 'must not be empty' : `must have at least ${min} characters`)
    .refine((value) => countCharacters(value) <= max, `must have at most ${max} characters`)
}

/** An id or token that a program made. It is kept as it is; `min` and `max` count UTF-16 units. */
export function key(min: number, max: number) {
  const length = `must have ${min} to ${max} characters`
  return z.string().min(min, length).max(max, length).pipe(storable)
}

export const roomId = key(1, limits.roomId)
