import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { typingWords } from '../../src/sdk/react/components/typing-words'
import { createPeopleNames } from '../../src/sdk/react/people-names'
import { rankShortcodes } from '../../src/web/room/emoji/emoji-data'
import { reactionWords, shownReactors } from '../../src/web/room/messages/reaction-words'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const letRun = () => vi.advanceTimersByTimeAsync(0)

describe('names of people', () => {
  const findAll = () =>
    vi.fn(async (usernames: string[]) => usernames.map((username) => ({ username, displayName: username.toUpperCase() })))

  it('are asked for once, together, and again after a while', async () => {
    const find = findAll()
    const { names, want } = createPeopleNames(find)
    want(['ada', 'ben'])
    want(['ben', 'cy'])
    expect(names.get().size).toBe(0)
    await letRun()
    want(['ada'])
    await letRun()
    expect(find.mock.calls).toEqual([[['ada', 'ben', 'cy']]])
    expect(names.get().get('ben')).toBe('BEN')
    vi.advanceTimersByTime(6 * 60_000)
    want(['ada'])
    await letRun()
    expect(find).toHaveBeenLastCalledWith(['ada'])
  })

  it('are asked for a hundred at a time', async () => {
    const find = findAll()
    createPeopleNames(find).want(Array.from({ length: 230 }, (_, index) => `p${index}`))
    await letRun()
    expect(find.mock.calls.map(([usernames]) => usernames.length)).toEqual([100, 100, 30])
  })

  it('are the usernames when nobody is found or the answer fails, which is tried again', async () => {
    const find = findAll().mockResolvedValueOnce([]).mockRejectedValueOnce(new Error('away'))
    const { names, want } = createPeopleNames(find)
    want(['gone'])
    await letRun()
    expect(names.get().get('gone')).toBe('gone')
    want(['ada'])
    await letRun()
    expect(names.get().get('ada')).toBe('ada')
    vi.advanceTimersByTime(30_000)
    want(['ada', 'gone'])
    await letRun()
    expect(names.get().get('ada')).toBe('ADA')
    expect(find).toHaveBeenCalledTimes(3)
  })
})

describe('words with names', () => {
  it('typing: names up to three people', () => {
    expect(typingWords(['Ada'], 1)).toBe('Ada is typing…')
    expect(typingWords(['Ada', 'Ben'], 2)).toBe('Ada and Ben are typing…')
    expect(typingWords(['Ada', 'Ben', 'Cy'], 3)).toBe('Ada, Ben and Cy are typing…')
    expect(typingWords(['Ada', 'Ben', 'Cy'], 4)).toBe('Several people are typing…')
  })

  it('reactions: the viewer first, the rest as a number', () => {
    expect(shownReactors({ emoji: '🔥', usernames: ['ada', 'me'], count: 2 }, 'me')).toEqual(['me', 'ada'])
    expect(shownReactors({ emoji: '🔥', usernames: Array.from({ length: 40 }, (_, index) => `p${index}`), count: 90 }, 'me')).toHaveLength(
      10,
    )
    expect(reactionWords({ names: ['You'], others: 0, emoji: 'fire' })).toBe('You reacted with fire')
    expect(reactionWords({ names: ['You', 'Ben'], others: 0, emoji: 'fire' })).toBe('You and Ben reacted with fire')
    expect(reactionWords({ names: ['Ada', 'Ben'], others: 3, emoji: 'fire' })).toBe('Ada, Ben and 3 others reacted with fire')
    expect(reactionWords({ names: ['Ada', 'Ben'], others: 1, emoji: 'fire' })).toBe('Ada, Ben and 1 other reacted with fire')
  })
})

describe('shortcodes', () => {
  const file = {
    categories: ['all'],
    emoji: [
      ['🎉', 'party popper', 0, 'celebrate tada', 'tada'],
      ['🐱', 'cat face', 0, 'pet', 'cat'],
      ['🐈', 'cat', 0, 'pet', 'cat2'],
      ['😸', 'grinning cat', 0, '', 'smile_cat'],
      ['🚚', 'truck', 0, 'delivery', 'truck delivery_cattle'],
      ['🐶', 'dog face', 0, 'pet catcher', 'dog'],
    ] as [string, string, number, string, string][],
  }
  const found = (query: string, recent: string[] = []) => rankShortcodes(file, query, recent).map(({ shortcode }) => shortcode)

  it('that begin with what was typed come first, then words in them, then words about them', () => {
    expect(found('cat')).toEqual(['cat', 'cat2', 'smile_cat', 'delivery_cattle', 'dog'])
    expect(found('celebr')).toEqual(['tada'])
    expect(found('nothing')).toEqual([])
  })

  it('of two that fit alike, the one used lately comes first', () => {
    expect(found('ca', ['🐈'])[0]).toBe('cat2')
  })
})
