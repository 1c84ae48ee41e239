import type { Querying } from './database'

/**
 * How people and rooms are found by a part of their names. A page of those that match can be read in two ways:
 * - by the index of the names' grams (`grams_of` in the schema): all that match, in no order. Quick when they are few.
 * - in the page's own order, leaving out what does not match. Quick when they are many, because the page is soon full.
 *
 * Postgres' planner would often take the wrong one, because it takes the grams of a text for independent of each other. So
 * procedures first ask the index, for no more rows than it is good for, and when there are more, they read in order.
 *
 * These are conditions of SQL for a name that contains a part.
 * @param name an expression that an index of grams is on
 * @param part an expression of a parameter, with `fold_name` applied to it
 */
export const namePart = (name: string, part: string) => ({
  /** Chooses rows by the index. A sub-select hides the grams from the planner, which would read all rows for common ones. */
  isFound: `grams_of(${name}) @> (SELECT grams_to_find(${part})) AND strpos(${name}, ${part}) > 0`,
  /** For rows that are read anyway. */
  isIn: `strpos(${name}, ${part}) > 0`,
})

/**
 * A statement for `readFew`.
 * @param namesakes selects all rows that match
 * @param most the number of namesakes from which on the page is not read
 * @param page selects a page from `namesakes`, with `place` for its order
 */
export const fewOf = (namesakes: string, most: number, page: string) =>
  `WITH found AS MATERIALIZED (${namesakes} LIMIT ${most + 1}),
   namesakes AS (SELECT * FROM found WHERE (SELECT count(*) FROM found) <= ${most})
   SELECT n.too_many, p.* FROM (SELECT count(*) > ${most} AS too_many FROM found) n LEFT JOIN LATERAL (${page}) p ON true ORDER BY p.place`

/** @param sql made by `fewOf` @returns null when too many match */
export async function readFew<Row extends object>(querying: Querying, sql: string, values: unknown[]): Promise<Row[] | null> {
  const { rows } = await querying.query<Row & { too_many: boolean; place: string | null }>(sql, values)
  if (rows[0]?.too_many) return null
  // The statement always gives a row, also when nothing matches.
  return rows.flatMap(({ too_many: _, place, ...row }) => (place === null ? [] : [row as unknown as Row]))
}
