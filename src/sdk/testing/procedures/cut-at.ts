import { Failure } from '../../../contract/failures'

/** A page after a cursor, which is the key of the last entry of the page before. */
export function cutAt<Entry>(entries: readonly Entry[], cursor: string | null, size: number, keyOf: (entry: Entry) => string) {
  const from = cursor === null ? 0 : entries.findIndex((entry) => keyOf(entry) === cursor) + 1
  if (cursor !== null && from === 0) throw new Failure('BAD_REQUEST', { fields: { cursor: 'must come from an earlier answer' } })
  const page = entries.slice(from, from + size)
  const last = page.at(-1)
  return { page, next: last !== undefined && from + size < entries.length ? keyOf(last) : null }
}
