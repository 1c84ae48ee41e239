import { describe, expect, it } from 'vitest'
import { createTestRoom, createTestUser } from '../../src/sdk/testing'
import { nextRoom } from '../../src/web/keys/next-room'
import { createListChoices } from '../../src/web/rooms/list-choices'
import { isUnread, listRows, rowKey, unreadBeyond } from '../../src/web/rooms/list-rows'
import {
  createNameRanks,
  filterRooms,
  flatten,
  keepOrder,
  orderRooms,
  type RoomOrder,
  type RoomSection,
} from '../../src/web/rooms/room-order'

type Fields = Parameters<typeof createTestRoom>[0]
const room = (id: string, fields: Fields = {}) =>
  createTestRoom({ id, name: id, kind: 'public', unread: 0, mentions: 0, notify: 'all', ...fields })

const rank = createNameRanks()
const order = (rooms: ReturnType<typeof room>[], by: RoomOrder = 'name', current: string | null = null) =>
  orderRooms(rooms, { order: by, current, ranks: rank(rooms) })
const names = (sections: readonly RoomSection[]) =>
  Object.fromEntries(sections.filter(({ rooms }) => rooms.length > 0).map(({ name, rooms }) => [name, rooms.map(({ id }) => id).join(' ')]))

const rooms = [
  room('Zoo'),
  room('ada', { kind: 'direct', people: [createTestUser({ username: 'ada' })] }),
  room('Release 10'),
  room('Release 2', { unread: 3 }),
  room('Über uns'),
  room('design', { favorite: true, unread: 1 }),
  room('Allotment', { unread: 5, notify: 'nothing' }),
  room('Bells', { unread: 5, mentions: 1, notify: 'mentions' }),
  room('bob', { kind: 'direct' }),
]

describe('the room list', () => {
  it('has favorites, then what is unread, then rooms by name, then direct rooms by their latest message', () => {
    expect(names(order(rooms))).toEqual({
      favorites: 'design',
      unread: 'Bells Release 2',
      rooms: 'Allotment Release 10 Über uns Zoo',
      direct: 'ada bob',
    })
    expect(names(order(rooms, 'latest'))).toEqual({
      favorites: 'design',
      unread: 'Release 2 Bells',
      rooms: 'Zoo Release 10 Über uns Allotment',
      direct: 'ada bob',
    })
  })

  it('leaves the room that is shown among the rooms, though a message has just arrived in it', () => {
    expect(names(order(rooms, 'name', 'Release 2')).rooms).toBe('Allotment Release 2 Release 10 Über uns Zoo')
  })

  it('follows a name that changes', () => {
    expect(names(order([room('a'), room('b')])).rooms).toBe('a b')
    expect(names(order([room('a', { name: 'z' }), room('b')])).rooms).toBe('b a')
  })

  it('moves nothing while it is in use: messages, reads and favorites wait, new rooms come last, and lost ones go', () => {
    const shown = order(rooms)
    const later = [room('new'), ...rooms.filter(({ id }) => id !== 'Bells')].map((each) =>
      each.id === 'Zoo' ? { ...each, unread: 1 } : each.id === 'Release 2' ? { ...each, unread: 0 } : each,
    )
    const held = keepOrder(shown, order(later))
    expect(names(held)).toEqual({
      favorites: 'design',
      unread: 'Release 2',
      rooms: 'Allotment Release 10 Über uns Zoo new',
      direct: 'ada bob',
    })
    // As they are now, only not where they belong.
    expect(flatten(held).find(({ id }) => id === 'Zoo')?.unread).toBe(1)
    expect(names(order(later))).toMatchObject({ unread: 'Zoo', rooms: 'Allotment new Release 2 Release 10 Über uns' })
  })

  it('filters by every word of the name, without accents, and by the people of a direct room', () => {
    const sections = order(rooms)
    expect(names(filterRooms(sections, ' UBER '))).toEqual({ rooms: 'Über uns' })
    expect(names(filterRooms(sections, 'rel 1'))).toEqual({ rooms: 'Release 10' })
    expect(names(filterRooms(sections, 'ada'))).toEqual({ direct: 'ada' })
    expect(filterRooms(sections, '  ')).toBe(sections)
  })
})

describe('the rows of the room list', () => {
  const keys = (options: Partial<Parameters<typeof listRows>[1]>, of = order(rooms)) =>
    listRows(of, { current: null, folded: [], filter: '', ...options }).map(rowKey)

  it('a folded section shows its heading, with what is unread in it, and the room that is open', () => {
    expect(keys({ folded: ['rooms', 'favorites'], current: 'Zoo' })).toEqual([
      ...['heading favorites', 'heading unread', 'Bells', 'Release 2', 'heading rooms', 'Zoo', 'heading direct', 'ada', 'bob'],
    ])
    expect(listRows(order(rooms), { current: null, folded: ['favorites'], filter: '' })[0]).toMatchObject({ isFolded: true, unread: 1 })
  })

  it('a filter unfolds, leaves out empty sections, and says when nothing matches', () => {
    expect(keys({ folded: ['rooms'], filter: 'zoo' })).toEqual(['heading rooms', 'Zoo'])
    expect(keys({ filter: 'nothing like it' })).toEqual(['no match'])
    expect(keys({}, order([]))).toEqual(['heading rooms', 'empty rooms', 'heading direct', 'empty direct'])
    expect(keys({}, order([room('a', { unread: 1 })]))).toEqual(['heading unread', 'a', 'heading rooms', 'heading direct', 'empty direct'])
  })

  it('knows the unread rooms above and below what is visible, but not the one that is open', () => {
    const rows = listRows(order(rooms), { current: 'Bells', folded: [], filter: '' })
    const at = (id: string) => rows.findIndex((row) => rowKey(row) === id)
    expect(unreadBeyond(rows, at('Zoo'), at('bob'), 'Bells')).toEqual({ above: [at('design'), at('Release 2')], below: [] })
    expect(unreadBeyond(rows, 0, 0, 'Bells')).toEqual({ above: [], below: [at('design'), at('Release 2')] })
  })
})

describe('stepping through the rooms', () => {
  const list = flatten(order(rooms))
  it('goes up and down and round, from nowhere to the ends, and only to unread ones if asked', () => {
    expect(nextRoom(list, 'design', 1)?.id).toBe('Bells')
    expect(nextRoom(list, 'design', -1)?.id).toBe('bob')
    expect(nextRoom(list, 'bob', 1)?.id).toBe('design')
    expect(nextRoom(list, null, 1)?.id).toBe('design')
    expect(nextRoom(list, null, -1)?.id).toBe('bob')
    expect(nextRoom(list, 'Zoo', 1, isUnread)?.id).toBe('design')
    expect(nextRoom(list, 'Zoo', -1, isUnread)?.id).toBe('Release 2')
    expect(nextRoom([room('only')], 'only', 1)).toBeNull()
    expect(nextRoom([], null, 1)).toBeNull()
  })
})

describe('what a person chose for their list', () => {
  it('is kept, apart from others in the same browser, and survives nonsense and a browser without storage', () => {
    const kept = new Map<string, string>()
    const storage = () => ({
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    })
    createListChoices('ada', storage).choose({ order: 'latest', folded: ['direct'] })
    expect(createListChoices('ada', storage).state.get()).toEqual({ order: 'latest', folded: ['direct'] })
    expect(createListChoices('ben', storage).state.get()).toEqual({ order: 'name', folded: [] })
    for (const [key] of kept) kept.set(key, '{"order": 7, "folded": ["x", "rooms"]}')
    expect(createListChoices('ada', storage).state.get()).toEqual({ order: 'name', folded: ['rooms'] })
    const without = createListChoices('ada', () => {
      throw new Error('denied')
    })
    without.choose({ order: 'latest' })
    expect(without.state.get().order).toBe('latest')
  })
})
