import { describe, expect, it } from 'vitest'
import { withRoomListEvent } from '../../src/sdk/listed-rooms'
import { createTestMessage, createTestRoom } from '../../src/sdk/testing'

const quiet = (id: string) => createTestRoom({ id, name: id })
const talking = (id: string, minute: number) =>
  createTestRoom({ id, name: id, lastSeq: 1, lastMessage: createTestMessage({ room: id, time: `2026-01-01T00:${10 + minute}:00.000Z` }) })
const ids = (rooms: readonly { id: string }[]) => rooms.map(({ id }) => id)

describe('a room list', () => {
  it('lists the room with the newest message first, and empty rooms by name', () => {
    const rooms = withRoomListEvent([], { type: 'list', rooms: [quiet('zoo'), talking('old', 1), quiet('attic'), talking('new', 2)] })
    expect(ids(rooms)).toEqual(['new', 'old', 'attic', 'zoo'])
  })

  it('moves a room to the top when it has a new message, and keeps the others unchanged', () => {
    const before = withRoomListEvent([], { type: 'list', rooms: [talking('a', 2), talking('b', 1)] })
    const after = withRoomListEvent(before, { type: 'room', room: talking('b', 3) })
    expect(ids(after)).toEqual(['b', 'a'])
    expect(after[1]).toBe(before[0])
    expect(ids(before)).toEqual(['a', 'b'])
  })

  it('adds a new room, and removes one that is gone', () => {
    const one = withRoomListEvent([], { type: 'list', rooms: [quiet('a')] })
    const two = withRoomListEvent(one, { type: 'room', room: quiet('b') })
    expect(ids(two)).toEqual(['a', 'b'])
    expect(ids(withRoomListEvent(two, { type: 'gone', room: 'a' }))).toEqual(['b'])
    expect(ids(withRoomListEvent(two, { type: 'gone', room: 'never there' }))).toEqual(['a', 'b'])
  })

  it('is replaced by the list that the server sends after a lost connection', () => {
    const before = withRoomListEvent([], { type: 'list', rooms: [quiet('a'), quiet('b')] })
    expect(ids(withRoomListEvent(before, { type: 'list', rooms: [quiet('c')] }))).toEqual(['c'])
  })
})
