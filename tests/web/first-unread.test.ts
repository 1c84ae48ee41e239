import { describe, expect, it } from 'vitest'
import type { Message } from '../../src/sdk'
import { findFirstUnread } from '../../src/web/room/messages/first-unread'

const by = (username: string, seq: number) => ({ seq, author: { username } }) as Message
const others = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => by('ben', from + index))

describe('first unread', () => {
  it('is the message after the read mark, however far it is from what is loaded', () => {
    const messages = others(20_056, 20_105)
    expect(findFirstUnread({ messages, lastSeq: 20_105 }, 100, 'ada')).toEqual({ seq: 101, count: 20_005 })
    expect(findFirstUnread({ messages, lastSeq: 20_105 }, 20_100, 'ada')).toEqual({ seq: 20_101, count: 5 })
  })

  it('is none when everything was read', () => {
    expect(findFirstUnread({ messages: others(1, 50), lastSeq: 50 }, 50, 'ada')).toEqual({ seq: null, count: 0 })
    expect(findFirstUnread({ messages: [], lastSeq: 0 }, 0, 'ada')).toEqual({ seq: null, count: 0 })
  })

  it("is never one of the viewer's own", () => {
    const messages = [by('ben', 1), by('ada', 2), by('ada', 3), by('ben', 4)]
    expect(findFirstUnread({ messages, lastSeq: 4 }, 1, 'ada')).toEqual({ seq: 4, count: 1 })
    expect(findFirstUnread({ messages: messages.slice(0, 3), lastSeq: 3 }, 1, 'ada')).toEqual({ seq: null, count: 0 })
  })
})
