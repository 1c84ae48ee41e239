import { expect } from 'vitest'
import type { SearchHit } from '../../src/contract/message'
import type { ConnectedPerson } from '../support/connected-people'
import type { Roomline } from '../support/roomline'
import { until } from '../support/stock-client'

export type SearchCall = Parameters<ConnectedPerson['trpc']['chat']['search']['query']>[0]

/** Waits until the jobs have done what was noted so far. */
export const untilIndexed = ({ pool }: Roomline) =>
  until(async () => (await pool.query('SELECT FROM after_commit UNION ALL SELECT FROM graphile_worker.jobs')).rowCount === 0)

export const textsOf = (hits: readonly SearchHit[]) => hits.map(({ message }) => message.text)

/** The texts of all hits, page by page. */
export async function searchAll({ trpc }: Pick<ConnectedPerson, 'trpc'>, input: SearchCall): Promise<string[]> {
  const texts: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page: Awaited<ReturnType<typeof trpc.chat.search.query>> = await trpc.chat.search.query({ ...input, ...(cursor && { cursor }) })
    expect(page.hits.length).toBeLessThanOrEqual(input.limit ?? 30)
    texts.push(...textsOf(page.hits))
    if (page.cursor === null) return texts
    cursor = page.cursor
  }
}

/** Stops the jobs until it is disposed: what is noted waits in a table of its own. */
export async function holdJobs({ pool }: Roomline): Promise<AsyncDisposable> {
  await pool.query(`
    CREATE TABLE held (LIKE after_commit);
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO held SELECT NEW.*; RETURN NULL; END $$;
    CREATE TRIGGER hold BEFORE INSERT ON after_commit FOR EACH ROW EXECUTE FUNCTION hold()`)
  return {
    [Symbol.asyncDispose]: async () => {
      await pool.query(`
        DROP TRIGGER hold ON after_commit; DROP FUNCTION hold;
        INSERT INTO after_commit SELECT * FROM held; DROP TABLE held`)
    },
  }
}
