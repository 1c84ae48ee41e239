import { expect, it } from 'vitest'
import { connectPerson } from '../support/connected-people'
import { startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

it('a reaction, an answered message, an edit and a removal change no index', async () => {
  await using roomline = await startRoomline()
  // Postgres's own count, which it brings up to date within seconds.
  const countUpdates = async () => {
    const { rows } = await roomline.pool.query<{ all: number; withoutIndexes: number }>(
      `SELECT n_tup_upd::int AS all, n_tup_hot_upd::int AS "withoutIndexes" FROM pg_stat_user_tables WHERE relname = 'messages'`,
    )
    return rows[0] ?? { all: 0, withoutIndexes: 0 }
  }
  const { trpc } = await connectPerson(roomline)
  const { seq } = await trpc.chat.send.mutate({ room: 'general', text: 'a question' })
  for (const emoji of ['👍', '🎂', '👀']) await trpc.chat.react.mutate({ room: 'general', seq, emoji })
  await trpc.chat.unreact.mutate({ room: 'general', seq, emoji: '🎂' })
  for (const text of ['an answer', 'another']) await trpc.chat.send.mutate({ room: 'general', text, replyTo: seq })
  await trpc.chat.edit.mutate({ room: 'general', seq, text: 'a better question' })
  await trpc.chat.remove.mutate({ room: 'general', seq })
  await until(async () => (await countUpdates()).all === 8, 30_000)
  expect(await countUpdates()).toEqual({ all: 8, withoutIndexes: 8 })
})
