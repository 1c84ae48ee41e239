import { z } from 'zod'

/**
 * Text of a person, in any script. NUL does not exist in Postgres, and a lone surrogate would be stored as another
 * character: both are refused rather than changed.
 */
export function text(min: number, max: number) {
  return z
    .string()
    .max(max * 4, `must have at most ${max} characters`)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must be well-formed Unicode without NUL')
    .transform((value) => value.trim())
    .refine((value) => countCharacters(value) >= min, min === 1 ? 'must not be empty' : `must have at least ${min} characters`)
    .refine((value) => countCharacters(value) <= max, `must have at most ${max} characters`)
}

/** A key that a program made up: kept as it is, neither trimmed nor folded. */
export function key(min: number, max: number) {
  return z
    .string()
    .min(min, `must have ${min} to ${max} characters`)
    .max(max, `must have ${min} to ${max} characters`)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must be well-formed Unicode without NUL')
}

/** Code points, as Postgres' char_length counts them: an emoji is one, whatever JavaScript says. */
function countCharacters(value: string): number {
  let count = 0
  for (const _ of value) count++
  return count
}

export const roomId = key(1, 64)
