import { Failure } from '../../contract/failures'
import { maxInteger } from '../../contract/rules'

interface Kinds {
  string: string
  number: number
}

type Position = readonly (string | number)[]

/**
 * Cuts a page off rows that were read with `LIMIT size + 1`: one row more says that there is another page.
 * @param positionOf where the page ends, for asking for the next one
 * @returns `cursor` for clients to pass back unchanged; null on the last page
 */
export function cutPage<Row>(
  rows: readonly Row[],
  size: number,
  positionOf: (last: Row) => Position,
): { page: Row[]; cursor: string | null } {
  const page = rows.slice(0, size)
  const last = page.at(-1)
  return { page, cursor: rows.length > size && last !== undefined ? writeCursor(positionOf(last)) : null }
}

/** For pages that `cutPage` does not cut. */
export const writeCursor = (position: Position): string => Buffer.from(JSON.stringify(position)).toString('base64url')

/** The position in a cursor, null for the first page. @throws {Failure} BAD_REQUEST for a cursor that `cutPage` did not make */
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
