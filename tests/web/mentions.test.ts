import { describe, expect, it } from 'vitest'
import { findMentions } from '../../src/server/chat/mentions'
import { findNameBeingTyped, isMentioned, splitMentions } from '../../src/web/room/messages/mentions'

describe('the names in a text', () => {
  it('stand out where the server took them for people of the room, and nowhere else', () => {
    const named = (text: string, mentions: string[]) =>
      splitMentions(text, mentions).flatMap((part) => (typeof part === 'string' ? [] : [part.text]))
    expect(named('Ask @ada or @Ben, not @cyd', ['ada', 'ben'])).toEqual(['@ada', '@Ben'])
    expect(named('Thanks @ada. And @a.b. too', ['ada', 'a.b'])).toEqual(['@ada', '@a.b'])
    expect(named('@room: dinner', ['@room'])).toEqual(['@room'])
    expect(named('mail ada@example.org, @@ada', ['ada', 'example.org'])).toEqual([])
    expect(named('@roommate and @room', ['roommate'])).toEqual(['@roommate'])
  })

  it('leave the text as it was', () => {
    const text = 'a @ada, @ada! @nobody @ada.'
    const parts = splitMentions(text, ['ada'])
    expect(parts.map((part) => (typeof part === 'string' ? part : part.text)).join('')).toBe(text)
  })

  it('are the ones that the server finds', () => {
    const text = 'Hi @Ada, (@ben) x@cyd @dan.eve. @room'
    const mentions = findMentions(text)
    const found = splitMentions(text, mentions).flatMap((part) => (typeof part === 'string' ? [] : [part.name]))
    expect(mentions).toEqual(expect.arrayContaining(found))
    expect(found).toEqual(['ada', 'ben', 'dan.eve.', '@room'])
  })

  it('mean their reader by name or as everybody', () => {
    expect(isMentioned('ada', ['ada'])).toBe(true)
    expect(isMentioned('ada', ['@room'])).toBe(true)
    expect(isMentioned('ada', ['ben'])).toBe(false)
  })

  it('are looked for while they are typed, from the @ on', () => {
    expect(findNameBeingTyped('hello @be')).toEqual({ query: 'be', at: 6 })
    expect(findNameBeingTyped('@')).toEqual({ query: '', at: 0 })
    expect(findNameBeingTyped('hello @be ')).toBeNull()
    expect(findNameBeingTyped('mail me@be')).toBeNull()
  })
})
