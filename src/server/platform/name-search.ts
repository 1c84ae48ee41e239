import type { Querying } from './database'

/**
 * How people and rooms are found by a part of their names. A page of those that match can be read in two ways:
 * - in the page's own order, leaving out what does not match. Quick when they are many, because the page is soon full.
 * - by the index of the names' grams (`grams_of` in the schema): all that match, in no order. Quick when they are few.
 *
 * Postgres' planner would often take the wrong one: it takes the grams of a text for independent of each other, and matches
 * for evenly spread. So `readNamed` tries both, each for no more rows than it is good for.
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

/** Statements for the same page. Both have the same parameters. */
interface NamedPage {
  /** The index's way. `namesakes` selects everything that matches, and `page` the page from it, with `place` for its order. */
  byIndex: { namesakes: string; page: string }
  /** @param stretch how many rows to look through, whether they match or not; "ALL" for all */
  inOrder(stretch: string): string
}

/** For these it is not worth looking through rows in order, which costs the same for a name that nobody has. */
const fewRows = 1_000
/** How many rows are looked through for each row of a page. */
const stretchForRow = 10
/** More are found soon by looking through rows in order, unless they are far from the cursor and all together. */
const manyRows = 30_000

/** @param size the number of rows that a page is limited to */
export async function readNamed<Row extends object>(
  querying: Querying,
  { byIndex, inOrder }: NamedPage,
  values: unknown[],
  size: number,
): Promise<Row[]> {
  const few = await readFound<Row>(querying, byIndex, fewRows, values)
  if (few) return few
  const { rows: near } = await querying.query<Row>(inOrder(String(size * stretchForRow)), values)
  if (near.length >= size) return near
  return (await readFound<Row>(querying, byIndex, manyRows, values)) ?? (await querying.query<Row>(inOrder('ALL'), values)).rows
}

/** @returns null when more than `most` match */
async function readFound<Row extends object>(
  querying: Querying,
  { namesakes, page }: NamedPage['byIndex'],
  most: number,
  values: unknown[],
): Promise<Row[] | null> {
  // The last part gives one row at least, to say whether there were too many.
  const { rows } = await querying.query<Row & { too_many: boolean; place: string | null }>(
    `WITH found AS MATERIALIZED (${namesakes} LIMIT ${most + 1}),
     namesakes AS (SELECT * FROM found WHERE (SELECT count(*) FROM found) <= ${most})
     SELECT n.too_many, p.* FROM (SELECT count(*) > ${most} AS too_many FROM found) n LEFT JOIN LATERAL (${page}) p ON true ORDER BY p.place`,
    values,
  )
  if (rows[0]?.too_many) return null
  return rows.flatMap(({ too_many: _, place, ...row }) => (place === null ? [] : [row as unknown as Row]))
}
