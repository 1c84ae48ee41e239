import { describe, expect, it } from 'vitest'
import { cutQuote } from '../../src/contract/rules'
import type { Room } from '../../src/sdk'
import { createTestMessage, createTestRoom, createTestUser } from '../../src/sdk/testing'
import { notificationText } from '../../src/web/rooms/notification-text'
import { findNotifications } from '../../src/web/rooms/notifications'

const ben = createTestUser({ username: 'ben', displayName: 'Ben' })
const roomWith = (fields: Partial<Room> = {}) => createTestRoom({ id: 'r', name: 'Allotment', lastSeq: 4, readSeq: 4, ...fields })
const withMessage = (fields: Partial<Room> = {}, text = 'The gate is open') =>
  roomWith({ lastSeq: 5, unread: 1, lastMessage: createTestMessage({ room: 'r', seq: 5, author: ben, text }), ...fields })
const shown = (before: Room[], after: Room[]) => findNotifications(before, after, 'ada').map(({ room, isMention }) => [room.id, isMention])

describe('notifications', () => {
  it('are shown for messages by others in rooms at the level "all"', () => {
    expect(shown([roomWith()], [withMessage()])).toEqual([['r', false]])
    expect(shown([roomWith()], [withMessage({ notify: 'mentions' })])).toEqual([])
    expect(shown([roomWith()], [withMessage({ notify: 'nothing' })])).toEqual([])
  })

  it('are shown for a mention, even when another message followed it', () => {
    expect(shown([roomWith()], [withMessage({ notify: 'mentions', lastSeq: 6, mentions: 1 })])).toEqual([['r', true]])
    expect(
      shown([withMessage({ mentions: 1, notify: 'mentions' })], [withMessage({ notify: 'mentions', lastSeq: 6, mentions: 1 })]),
    ).toEqual([])
  })

  it('are not shown for own messages, lines about the room, or messages read on another device', () => {
    const own = createTestMessage({ seq: 5, author: createTestUser({ username: 'ada' }) })
    expect(shown([roomWith()], [withMessage({ lastMessage: own })])).toEqual([])
    expect(shown([roomWith()], [withMessage({ lastMessage: createTestMessage({ seq: 5, author: ben, kind: 'renamed' }) })])).toEqual([])
    expect(shown([roomWith()], [withMessage({ readSeq: 5, unread: 0 })])).toEqual([])
  })

  it('are not shown when an older message changes', () => {
    expect(
      shown(
        [withMessage()],
        [withMessage({ lastMessage: createTestMessage({ seq: 5, author: ben, version: 9, editedAt: '2026-01-01T00:00:00Z' }) })],
      ),
    ).toEqual([])
  })

  it('are shown for the first new message in a new room, and not for those from before', () => {
    expect(shown([], [withMessage({ readSeq: 4 })])).toEqual([['r', false]])
    expect(shown([], [withMessage({ readSeq: 5, unread: 0 })])).toEqual([])
  })
})

describe('the text of a notification', () => {
  it('has no marks of formatting, and no spoilers', () => {
    const bodyOf = (text: string) => {
      const room = withMessage({}, text)
      return notificationText({ room, message: room.lastMessage ?? createTestMessage(), isMention: false }).body
    }
    expect(bodyOf('**It** is `open`\n> at ||noon||')).toBe('Ben: It is open at ▒▒▒▒')
    expect(bodyOf(cutQuote(`It ends ||with ${'x'.repeat(300)}||`))).toMatch(/^Ben: It ends [▒ ]+$/)
  })

  it('names the room and the author', () => {
    expect(notificationText({ room: withMessage(), message: withMessage().lastMessage ?? createTestMessage(), isMention: false })).toEqual({
      title: 'Allotment',
      body: 'Ben: The gate is open',
    })
    const direct = withMessage({ kind: 'direct', name: 'Ben', people: [ben] }, 'x'.repeat(300))
    expect(notificationText({ room: direct, message: direct.lastMessage ?? createTestMessage(), isMention: false })).toEqual({
      title: 'Ben',
      body: `${'x'.repeat(200)}…`,
    })
  })
})
