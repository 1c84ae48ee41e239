import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMessagesOf } from '../../src/server/chat/message-rows'
import { createRoomStore } from '../../src/server/rooms/room-store'
import { createMessageSearch } from '../../src/server/search/message-search'
import { searchMessages } from '../../src/server/search/search-messages'
import { createSearchTurns } from '../../src/server/search/search-turns'
import { indexedColumns, writeTerms } from '../../src/server/search/term-rows'
import { connectPerson, makeRoom } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf, until } from '../support/stock-client'
import { holdJobs, searchAll, untilIndexed } from './searches'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
  await roomline.signUp()
})
afterAll(() => roomline[Symbol.asyncDispose]())

async function sendInRoom(text: string) {
  const [ada, ben] = [await connectPerson(roomline), await connectPerson(roomline, { node: 1 })]
  const room = await makeRoom('private', ada, ben)
  const { seq } = await ada.trpc.chat.send.mutate({ room, text })
  return { ada, ben, room, seq }
}

/** Everything about a message that is in the search's table. */
async function termsOf(room: string, seq: number) {
  const { rows } = await roomline.pool.query('SELECT version, terms FROM message_search WHERE room_id = $1 AND seq = $2', [room, seq])
  return rows
}

describe('a text that is gone', () => {
  it('after a removal: nothing of it is found, nor kept, without any job', async () => {
    const { ada, ben, room, seq } = await sendInRoom('a secret')
    await untilIndexed(roomline)
    expect(await searchAll(ben, { query: 'secret' })).toEqual(['a secret'])
    await using _held = await holdJobs(roomline)
    const { version } = await ada.trpc.chat.remove.mutate({ room, seq })
    expect(await termsOf(room, seq)).toEqual([{ version, terms: null }])
    for (const input of [{ query: 'secret' }, { query: '', author: ada.username }, { query: '', room }]) {
      expect(await searchAll(ben, input)).toEqual([])
    }
  })

  it('removed before it was indexed: the late job does not bring it back', async () => {
    const held = await holdJobs(roomline)
    const { ada, ben, room, seq } = await sendInRoom('said too soon')
    await ada.trpc.chat.remove.mutate({ room, seq })
    await held[Symbol.asyncDispose]()
    await untilIndexed(roomline)
    expect((await termsOf(room, seq))[0]).toMatchObject({ terms: null })
    expect(await searchAll(ben, { query: 'soon' })).toEqual([])
  })

  it('read before a removal or an edit, written after it: a slow job or rebuild does not bring it back', async () => {
    const { ada, ben, room, seq } = await sendInRoom('the first words')
    const read = async () =>
      (await roomline.pool.query(`SELECT ${indexedColumns} FROM messages m WHERE room_id = $1 AND seq = $2`, [room, seq])).rows
    const first = await read()
    await ada.trpc.chat.edit.mutate({ room, seq, text: 'the second words' })
    await untilIndexed(roomline)
    const second = await read()
    for (const replacesSame of [false, true]) {
      await writeTerms(roomline.pool, first, { replacesSame })
      expect(await searchAll(ben, { query: 'words', room })).toEqual(['the second words'])
    }
    await ada.trpc.chat.remove.mutate({ room, seq })
    for (const stale of [first, second]) {
      for (const replacesSame of [false, true]) {
        await writeTerms(roomline.pool, stale, { replacesSame })
        expect((await termsOf(room, seq))[0]).toMatchObject({ terms: null })
      }
    }
    expect(await searchAll(ben, { query: 'words', room })).toEqual([])
  })

  it('edited away: is not found at once, and what replaced it is found when the job has run', async () => {
    const { ada, ben, room, seq } = await sendInRoom('meet at `noon` https://example.com')
    await untilIndexed(roomline)
    {
      await using _held = await holdJobs(roomline)
      await ada.trpc.chat.edit.mutate({ room, seq, text: 'meet at midnight' })
      for (const input of [{ query: 'noon' }, { query: '', has: 'link' as const }, { query: '', has: 'code' as const }]) {
        expect(await searchAll(ben, { ...input, room })).toEqual([])
      }
      expect(await searchAll(ben, { query: 'meet', room })).toEqual(['meet at midnight'])
    }
    await until(async () => (await searchAll(ben, { query: 'midnight', room })).length === 1)
  })

  it('a room that is deleted takes its terms with it', async () => {
    const { ben, room, seq } = await sendInRoom('gone with the room')
    await untilIndexed(roomline)
    expect(await termsOf(room, seq)).toHaveLength(1)
    await roomline.pool.query('DELETE FROM rooms WHERE id = $1', [room])
    expect(await termsOf(room, seq)).toEqual([])
    expect(await searchAll(ben, { query: 'gone' })).toEqual([])
  })
})

describe('a room that is deleted and made again', () => {
  it('has all its messages found, whatever a slow job has written for the deleted one', async () => {
    const ada = await connectPerson(roomline)
    const make = () => ada.trpc.rooms.create.mutate({ name: 'Phoenix', kind: 'public' })
    const { id: room } = await make()
    const { seq } = await ada.trpc.chat.send.mutate({ room, text: 'the first life' })
    await ada.trpc.chat.edit.mutate({ room, seq, text: 'the first life, edited' })
    const { rows } = await roomline.pool.query(`SELECT ${indexedColumns} FROM messages m WHERE room_id = $1 AND seq = $2`, [room, seq])
    await roomline.pool.query('DELETE FROM rooms WHERE id = $1', [room])
    // Otherwise the new room would get another id.
    await roomline.pool.query('DELETE FROM past_room_ids WHERE id = $1', [room])
    await untilIndexed(roomline)
    await writeTerms(roomline.pool, rows)
    expect((await make()).id).toBe(room)
    expect(await ada.trpc.chat.send.mutate({ room, text: 'the second time' })).toMatchObject({ seq })
    await untilIndexed(roomline)
    expect(await searchAll(ada, { query: 'second' })).toEqual(['the second time'])
    await writeTerms(roomline.pool, rows, { replacesSame: true })
    expect(await searchAll(ada, { query: 'second' })).toEqual(['the second time'])
  })
})

describe('somebody who is removed from a room', () => {
  it('finds nothing of it, at once', async () => {
    const { ada, ben, room } = await sendInRoom('for members only')
    await untilIndexed(roomline)
    expect(await searchAll(ben, { query: 'members' })).toEqual(['for members only'])
    await ada.trpc.rooms.remove.mutate({ room, username: ben.username })
    expect(await searchAll(ben, { query: 'members' })).toEqual([])
    expect(await searchAll(ben, { query: '', author: ada.username })).toEqual([])
    expect(await failureOf(ben.trpc.chat.search.query({ query: 'members', room }))).toBe('ROOM_NOT_FOUND')
  })

  it('finds nothing of it with a search that had read the messages already', async () => {
    const { ada, ben, room } = await sendInRoom('for members only')
    await untilIndexed(roomline)
    const { user } = await ben.trpc.session.me.query()
    const search = createMessageSearch(roomline.pool, readMessagesOf)
    let found = 0
    const parts = {
      searchTurns: createSearchTurns(1),
      rooms: createRoomStore(roomline.pool),
      search: {
        ...search,
        read: async (places: Parameters<typeof search.read>[0]) => {
          const messages = await search.read(places)
          found = messages.length
          await ada.trpc.rooms.remove.mutate({ room, username: ben.username })
          return messages
        },
      },
    }
    const caller = { user } as Parameters<typeof searchMessages>[0]['caller']
    expect(await searchMessages({ parts, caller }, { query: 'members', limit: 10 })).toEqual({ hits: [], cursor: null })
    expect(found).toBe(1)
  })
})
