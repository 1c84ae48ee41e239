import { rm } from 'node:fs/promises'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../src/launch/embedded-postgres'
import { findMarks } from '../../src/server/search/marks'
import { type ParsedQuery, parseQuery, type SearchQuery, toTsquery } from '../../src/server/search/query'
import { toTsvector } from '../../src/server/search/terms'
import { makeQuickFolder } from '../support/quick-folder'

/** A Postgres that says whether texts made for it match. */
export async function startPostgres() {
  const dataDir = await makeQuickFolder('roomline-search-')
  const postgres = await startEmbeddedPostgres({ dataDir })
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  return {
    async matches(vectors: readonly string[], queries: readonly string[]): Promise<boolean[]> {
      const { rows } = await client.query<{ found: boolean }>(
        `SELECT vector::tsvector @@ query::tsquery AS found
         FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS pair(vector, query, place) ORDER BY place`,
        [vectors, queries],
      )
      return rows.map(({ found }) => found)
    },
    async close() {
      await client.end()
      await postgres.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export type AskPostgres = Awaited<ReturnType<typeof startPostgres>>

/** Whether each query finds its text, which Postgres and `findMarks` must agree on. */
export async function findAll(postgres: AskPostgres, pairs: readonly { text: string; query: string }[]): Promise<boolean[]> {
  const asked = pairs.map(({ text, query }) => ({ text, query: parseQuery(query) })).map((pair) => ({ ...pair, found: false }))
  const searches = asked.filter((pair): pair is typeof pair & { query: SearchQuery } => isSearch(pair.query))
  const vectors = searches.map(({ text }) => toTsvector(text))
  const answers = await postgres.matches(
    vectors,
    searches.map(({ query }) => toTsquery(query)),
  )
  for (const [index, pair] of searches.entries()) {
    pair.found = findMarks(pair.text, pair.query) !== null
    const isCrowded = vectors[index]?.endsWith("'/crowded'")
    // For a crowded text, Postgres may find more than there is.
    if (pair.found !== answers[index] && !(isCrowded && answers[index])) {
      throw new Error(`Postgres says ${answers[index]} for ${JSON.stringify([pair.text, pair.query, vectors[index]])}`)
    }
  }
  return asked.map(({ found }) => found)
}

export const isSearch = (query: ParsedQuery): query is SearchQuery => query.kind === 'search'
