import type { AfterCommitHandler, CommittedChange } from '../jobs/after-commit'
import type { Querying } from '../platform/database'
import { indexedColumns, writeTerms } from './term-rows'

/** Makes what was sent and edited findable, some moments after its commit. */
export const searchIndexing: AfterCommitHandler = {
  name: 'search',
  on: ['stored', 'edited', 'removed'],
  handle: (changes, transaction) => indexMessages(transaction, changes),
}

async function indexMessages(querying: Querying, changes: readonly Pick<CommittedChange, 'room' | 'seq'>[]): Promise<void> {
  const { rows } = await querying.query(
    `SELECT ${indexedColumns} FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::int[])) AS c(room, seq)
     CROSS JOIN LATERAL (SELECT * FROM messages m WHERE m.room_id = c.room AND m.seq = c.seq AND m.kind = 'text' LIMIT 1) m`,
    [changes.map(({ room }) => room), changes.map(({ seq }) => seq)],
  )
  await writeTerms(querying, rows)
}
