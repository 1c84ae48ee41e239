import * as z from 'zod'
import { countCharacters, limits } from './rules'
import { cleanLine, cleanMessage, findLineFault, hasVisibleCharacter } from './visible-text'

// Postgres cannot store NUL, and would store a lone surrogate as another character.
const storable = z.string().refine((value) => value.isWellFormed() && !value.includes('\0'), 'must be well-formed Unicode without NUL')

const bounded = (min: number, max: number, clean: (value: string) => string) =>
  z
    .string()
    .max(max * 4, `must have at most ${max} characters`)
    .pipe(storable)
    .transform(clean)
    .refine((value) => countCharacters(value) >= min, min === 1 ? 'must not be empty' : `must have at least ${min} characters`)
    .refine((value) => countCharacters(value) <= max, `must have at most ${max} characters`)
    // For JSON Schema: what counts is the cleaned text.
    .meta({ ...(min > 0 && { minLength: min }), maxLength: max })

/** What somebody looks for, in any script. Space around it is removed. `min` and `max` count characters. */
export const text = (min: number, max: number) => bounded(min, max, (value) => value.trim())

/**
 * A name, topic or other line, in any script: with something to see in it, and nothing that cannot be seen or that changes how
 * the text around it is shown. It is stored composed, with single spaces.
 */
export const line = (min: number, max: number) =>
  bounded(min, max, cleanLine).superRefine((value, context) => {
    const fault = findLineFault(value)
    if (fault !== null) context.addIssue({ code: 'custom', message: fault })
  })

/** The text of a message, with something to see in it. Blank lines around it are removed, and spaces at its end. */
export const messageText = bounded(1, limits.messageText, cleanMessage).refine(hasVisibleCharacter, 'must have a visible character')

/** An id or token that a program made. It is kept as it is; `min` and `max` count UTF-16 units. */
export function key(min: number, max: number) {
  const length = `must have ${min} to ${max} characters`
  return z.string().min(min, length).max(max, length).pipe(storable)
}

export const roomId = key(1, limits.roomId)
