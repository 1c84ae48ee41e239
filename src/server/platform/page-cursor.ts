import { Failure } from '../../contract/failures'
import { maxInteger } from '../../contract/rules'

interface Kinds {
  string: string
  number: number
}

/** Where a page ended, for asking for the next one. Clients pass it back unchanged. */
export const writeCursor = (...values: readonly (string | number)[]): string => Buffer.from(JSON.stringify(values)).toString('base64url')

/** Null for the first page. @throws {Failure} BAD_REQUEST for what `writeCursor` never wrote */
export function readCursor<First extends keyof Kinds, Second extends keyof Kinds>(
  cursor: string | null | undefined,
  first: First,
  second: Second,
): [Kinds[First], Kinds[Second]] | null {
  if (cursor === null || cursor === undefined) return null
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(values) && values.length === 2 && isA(values[0], first) && isA(values[1], second)) return [values[0], values[1]]
  } catch {}
  throw new Failure('BAD_REQUEST', { fields: { cursor: 'must come from an earlier answer' } })
}

function isA<Kind extends keyof Kinds>(value: unknown, kind: Kind): value is Kinds[Kind] {
  if (kind === 'number') return Number.isSafeInteger(value) && Math.abs(value as number) <= maxInteger
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0')
}
