import { describe, expect, it } from 'vitest'
import { createRoom } from '../../src/sdk/testing'
import { attentionOf, attentionWords, countAttention, titleOf } from '../../src/web/rooms/unread'

const room = (notify: 'all' | 'mentions' | 'nothing') => createRoom({ notify, unread: 5, mentions: notify === 'nothing' ? 0 : 2 })

describe('what asks for attention', () => {
  it('is as much of a room as its level says', () => {
    expect(attentionOf(room('all'))).toEqual({ unread: 5, mentions: 2 })
    expect(attentionOf(room('mentions'))).toEqual({ unread: 0, mentions: 2 })
    expect(attentionOf(room('nothing'))).toEqual({ unread: 0, mentions: 0 })
  })

  it('is counted for the tab: each message once', () => {
    expect(countAttention([room('all'), room('mentions'), room('nothing')])).toBe(7)
    expect(titleOf('general', 7)).toBe('(7) general · Roomline')
    expect(titleOf('general', 0)).toBe('general · Roomline')
    expect(titleOf(null, 0)).toBe('Roomline')
  })

  it('is said in words', () => {
    expect(attentionWords({ unread: 3, mentions: 1 })).toBe('3 unread messages, 1 mention')
    expect(attentionWords({ unread: 1, mentions: 0 })).toBe('1 unread message')
  })
})
