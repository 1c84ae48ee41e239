import { describe, expect, it } from 'vitest'
import { describeRoomLine } from '../../src/sdk/react/components/room-line-words'
import { createTestMessage, createTestUser } from '../../src/sdk/testing'

const ada = createTestUser({ username: 'ada', displayName: 'Ada' })
const ben = createTestUser({ username: 'ben', displayName: 'Ben' })

function words(line: Parameters<typeof createTestMessage>[0], me = 'cleo'): string {
  const parts = describeRoomLine(createTestMessage({ author: ada, ...line }), me)
  return parts.map((part) => (typeof part === 'string' ? part : 'person' in part ? part.person : part.quoted)).join('')
}

describe('lines about a room', () => {
  it('read as a sentence for each kind', () => {
    expect(words({ kind: 'joined' })).toBe('Ada joined')
    expect(words({ kind: 'joined', detail: { user: ben } })).toBe('Ada joined with an invitation from Ben')
    expect(words({ kind: 'left' })).toBe('Ada left')
    expect(words({ kind: 'added', detail: { user: ben } })).toBe('Ada added Ben')
    expect(words({ kind: 'removed', detail: { user: ben } })).toBe('Ada removed Ben')
    expect(words({ kind: 'banned', detail: { user: ben } })).toBe('Ada banned Ben')
    expect(words({ kind: 'renamed', detail: { name: 'Kitchen' } })).toBe('Ada renamed the room to “Kitchen”')
    expect(words({ kind: 'topic', detail: { topic: 'Lunch' } })).toBe('Ada changed the topic to “Lunch”')
    expect(words({ kind: 'topic', detail: { topic: '' } })).toBe('Ada cleared the topic')
    expect(words({ kind: 'archived' })).toBe('Ada archived the room')
    expect(words({ kind: 'restored' })).toBe('Ada restored the room')
  })

  it('call the viewer "you"', () => {
    expect(words({ kind: 'joined' }, 'ada')).toBe('You joined')
    expect(words({ kind: 'added', detail: { user: ben } }, 'ben')).toBe('Ada added you')
    expect(words({ kind: 'renamed', detail: { name: 'Kitchen' } }, 'ada')).toBe('You renamed the room to “Kitchen”')
  })

  it('keep names in separate parts, so that they can be isolated from the words around them', () => {
    const line = createTestMessage({ author: ada, kind: 'renamed', detail: { name: 'مطبخ' } })
    expect(describeRoomLine(line, 'ben')).toEqual([{ person: 'Ada' }, ' renamed the room to “', { quoted: 'مطبخ' }, '”'])
  })

  it('say "someone" when the person is unknown', () => {
    expect(words({ kind: 'added', detail: null })).toBe('Ada added someone')
  })

  it('of a kind that a newer server has added still read as a sentence', () => {
    expect(words({ kind: 'frozen' as never })).toBe('Ada changed the room')
  })

  it('have no parts for a written message', () => {
    expect(describeRoomLine(createTestMessage({ text: 'Hello' }), 'ben')).toEqual([])
  })
})
