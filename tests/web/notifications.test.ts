import { describe, expect, it } from 'vitest'
import type { Room } from '../../src/sdk'
import { createMessage, createRoom, createUser } from '../../src/sdk/testing'
import { findNotifications, notificationText } from '../../src/web/rooms/notifications'

const ben = createUser({ username: 'ben', displayName: 'Ben' })
const quiet = (fields: Partial<Room> = {}) => createRoom({ id: 'r', name: 'Allotment', lastSeq: 4, readSeq: 4, ...fields })
const said = (fields: Partial<Room> = {}, text = 'The gate is open') =>
  quiet({ lastSeq: 5, unread: 1, lastMessage: createMessage({ room: 'r', seq: 5, author: ben, text }), ...fields })
const news = (before: Room[], after: Room[]) => findNotifications(before, after, 'ada').map(({ room, isMention }) => [room.id, isMention])

describe('what a person is told of', () => {
  it('is what others say, in rooms where they want to hear all of it', () => {
    expect(news([quiet()], [said()])).toEqual([['r', false]])
    expect(news([quiet()], [said({ notify: 'mentions' })])).toEqual([])
    expect(news([quiet()], [said({ notify: 'nothing' })])).toEqual([])
  })

  it('is what mentions them, even if something else was said right after it', () => {
    expect(news([quiet()], [said({ notify: 'mentions', lastSeq: 6, mentions: 1 })])).toEqual([['r', true]])
    expect(news([said({ mentions: 1, notify: 'mentions' })], [said({ notify: 'mentions', lastSeq: 6, mentions: 1 })])).toEqual([])
  })

  it('is not what they say themselves, a line about the room, or what they have read on another device', () => {
    const own = createMessage({ seq: 5, author: createUser({ username: 'ada' }) })
    expect(news([quiet()], [said({ lastMessage: own })])).toEqual([])
    expect(news([quiet()], [said({ lastMessage: createMessage({ seq: 5, author: ben, kind: 'renamed' }) })])).toEqual([])
    expect(news([quiet()], [said({ readSeq: 5, unread: 0 })])).toEqual([])
  })

  it('is no message that was changed, whatever was said before', () => {
    expect(
      news([said()], [said({ lastMessage: createMessage({ seq: 5, author: ben, version: 9, editedAt: '2026-01-01T00:00:00Z' }) })]),
    ).toEqual([])
  })

  it('is the first word in a room that is new to them, and nothing of what stood there before they came', () => {
    expect(news([], [said({ readSeq: 4 })])).toEqual([['r', false]])
    expect(news([], [said({ readSeq: 5, unread: 0 })])).toEqual([])
  })
})

describe('a notification', () => {
  it('says where it was said and by whom', () => {
    expect(notificationText({ room: said(), message: said().lastMessage ?? createMessage(), isMention: false })).toEqual({
      title: 'Allotment',
      body: 'Ben: The gate is open',
    })
    const direct = said({ kind: 'direct', name: 'Ben', people: [ben] }, 'x'.repeat(300))
    expect(notificationText({ room: direct, message: direct.lastMessage ?? createMessage(), isMention: false })).toEqual({
      title: 'Ben',
      body: `${'x'.repeat(200)}…`,
    })
  })
})
