import { describe, expect, it } from 'vitest'
import { attentionOf, countAttention } from '../../src/sdk/attention'
import { createTestRoom } from '../../src/sdk/testing'
import { attentionWords, titleOf } from '../../src/web/rooms/unread'

const room = (notify: 'all' | 'mentions' | 'nothing') => createTestRoom({ notify, unread: 5, mentions: notify === 'nothing' ? 0 : 2 })

describe('unread counts', () => {
  it('depend on the notification level of the room', () => {
    expect(attentionOf(room('all'))).toEqual({ unread: 5, mentions: 2 })
    expect(attentionOf(room('mentions'))).toEqual({ unread: 0, mentions: 2 })
    expect(attentionOf(room('nothing'))).toEqual({ unread: 0, mentions: 0 })
  })

  it('count each message once in the tab title', () => {
    expect(countAttention([room('all'), room('mentions'), room('nothing')])).toBe(7)
    expect(titleOf('general', 7, 'Roomline')).toBe('(7) general · Roomline')
    expect(titleOf('general', 0, 'The Shire')).toBe('general · The Shire')
    expect(titleOf(null, 0, 'Roomline')).toBe('Roomline')
  })

  it('are put into words for screen readers', () => {
    expect(attentionWords({ unread: 3, mentions: 1 })).toBe('3 unread messages, 1 mention')
    expect(attentionWords({ unread: 1, mentions: 0 })).toBe('1 unread message')
  })
})
