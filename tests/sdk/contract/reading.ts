import { expect } from 'vitest'
import { failureOf, type Rules, type Scene, seqsOf, shapeOf, textsOf } from './scene'

/** A room with ten messages, and somebody who reads it. */
async function tenMessages(scene: Scene) {
  const { ada, ben, room } = await scene.pair()
  const sent = await scene.say(ada, room, ...Array.from({ length: 10 }, (_, index) => `${index + 1}`))
  const history = async (place: object) => {
    const { messages, hasBefore, hasAfter } = await ben.client.chat.history.query({ room, limit: 4, ...place })
    return [seqsOf(messages), hasBefore, hasAfter]
  }
  return { ada, ben, room, sent, history }
}

export const reading: Rules = {
  'history without a bound is the newest page, ascending': async (scene) => {
    const { ben, room, sent, history } = await tenMessages(scene)
    expect(await history({})).toEqual([[7, 8, 9, 10], true, false])
    const page = await ben.client.chat.history.query({ room })
    expect(shapeOf(page)).toEqual(['hasAfter', 'hasBefore', 'messages'])
    expect(page.messages).toEqual(sent)
  },

  'history before a seq goes back, after a seq goes on': async (scene) => {
    const { history } = await tenMessages(scene)
    expect(await history({ before: 7 })).toEqual([[3, 4, 5, 6], true, true])
    expect(await history({ before: 3 })).toEqual([[1, 2], false, true])
    expect(await history({ before: 1 })).toEqual([[], false, true])
    expect(await history({ after: 4 })).toEqual([[5, 6, 7, 8], true, true])
    expect(await history({ after: 8 })).toEqual([[9, 10], true, false])
    expect(await history({ after: 10 })).toEqual([[], true, false])
    expect(await history({ after: 0 })).toEqual([[1, 2, 3, 4], false, true])
  },

  'history around a seq is a full page wherever it is': async (scene) => {
    const { history } = await tenMessages(scene)
    expect(await history({ around: 5 })).toEqual([[3, 4, 5, 6], true, true])
    expect(await history({ around: 1 })).toEqual([[1, 2, 3, 4], false, true])
    expect(await history({ around: 10 })).toEqual([[7, 8, 9, 10], true, false])
    expect(await history({ around: 99 })).toEqual([[7, 8, 9, 10], true, false])
    expect(await history({ around: 5, limit: 1 })).toEqual([[5], true, true])
  },

  'an empty room has an empty history': async (scene) => {
    const { ada, room } = await scene.pair()
    for (const place of [{}, { before: 5 }, { after: 0 }, { around: 3 }]) {
      expect(await ada.client.chat.history.query({ room, ...place })).toEqual({ messages: [], hasBefore: false, hasAfter: false })
    }
  },

  'history takes one bound and at most 100 messages': async (scene) => {
    const { ada, room } = await scene.pair()
    expect(await failureOf(ada.client.chat.history.query({ room, before: 1, after: 1 }))).toBe('BAD_REQUEST')
    expect(await failureOf(ada.client.chat.history.query({ room, limit: 101 }))).toBe('BAD_REQUEST')
    expect(await failureOf(ada.client.chat.history.query({ room, limit: 0 }))).toBe('BAD_REQUEST')
  },

  'history shows messages as they are now': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'first', 'second')
    const edited = await ada.client.chat.edit.mutate({ room, seq: 1, text: 'edited' })
    const removed = await ada.client.chat.remove.mutate({ room, seq: 2 })
    expect((await ben.client.chat.history.query({ room })).messages).toEqual([edited, removed])
  },

  'at finds the first message at or after a time': async (scene) => {
    const { ada, room } = await scene.pair()
    const [first] = await scene.say(ada, room, 'first')
    await scene.server.pass()
    const [second] = await scene.say(ada, room, 'second')
    const at = async (time: string) => (await ada.client.chat.at.query({ room, time })).seq
    expect(await at('2001-01-01')).toBe(1)
    expect(await at(first?.time ?? '')).toBe(1)
    expect(await at(second?.time ?? '')).toBe(2)
    expect(await at('2999-01-01T00:00:00Z')).toBeNull()
    expect(await failureOf(ada.client.chat.at.query({ room, time: 'yesterday' }))).toBe('BAD_REQUEST')
  },

  'search finds words and beginnings of words, the newest first, and marks them': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    const [older, newer] = await scene.say(ada, room, 'Many options here', 'An OPTION', 'adoption')
    const search = () => ben.client.chat.search.query({ query: 'option', room })
    await scene.until(async () => (await search()).hits.length === 2)
    expect(await search()).toEqual({
      hits: [
        { message: newer, excerpt: 'An OPTION', marks: [[3, 9]] },
        { message: older, excerpt: 'Many options here', marks: [[5, 11]] },
      ],
      cursor: null,
    })
  },

  'search takes phrases, words to leave out, filters and pages': async (scene) => {
    const { ada, ben, room } = await scene.pair()
    await scene.say(ada, room, 'deploy next week', 'next deploy this week https://example.com')
    await scene.say(ben, room, 'deploy `now`')
    const search = async (input: object) =>
      textsOf((await ada.client.chat.search.query({ room, ...input })).hits.map(({ message }) => message))
    await scene.until(async () => (await search({ query: 'deploy' })).length === 3)
    expect(await search({ query: '"next week"' })).toEqual(['deploy next week'])
    expect(await search({ query: 'deploy -week' })).toEqual(['deploy `now`'])
    expect(await search({ query: 'deploy', author: ben.username })).toEqual(['deploy `now`'])
    expect(await search({ has: 'link' })).toEqual(['next deploy this week https://example.com'])
    expect(await search({ query: 'deploy', has: 'code' })).toEqual(['deploy `now`'])
    expect(await search({ query: 'nothing-like-it' })).toEqual([])
    const first = await ada.client.chat.search.query({ room, query: 'deploy', limit: 2 })
    expect(textsOf(first.hits.map(({ message }) => message))).toEqual(['deploy `now`', 'next deploy this week https://example.com'])
    const second = await ada.client.chat.search.query({ room, query: 'deploy', limit: 2, cursor: first.cursor ?? '' })
    expect([textsOf(second.hits.map(({ message }) => message)), second.cursor]).toEqual([['deploy next week'], null])
  },

  'search finds nothing of removed messages and of rooms of others': async (scene) => {
    const { ada, room } = await scene.pair()
    const stranger = await scene.person('eve')
    const word = `zucchini${ada.username.replaceAll('-', '')}`
    await scene.say(ada, room, `${word} one`, `${word} two`)
    const search = async (person: typeof ada) =>
      textsOf((await person.client.chat.search.query({ query: word })).hits.map(({ message }) => message))
    await scene.until(async () => (await search(ada)).length === 2)
    await ada.client.chat.remove.mutate({ room, seq: 2 })
    expect(await search(ada)).toEqual([`${word} one`])
    expect(await search(stranger)).toEqual([])
  },

  'a search for nothing is BAD_REQUEST': async (scene) => {
    const ada = await scene.person('ada')
    expect(await failureOf(ada.client.chat.search.query({ query: '' }))).toBe('BAD_REQUEST')
    expect(await failureOf(ada.client.chat.search.query({ query: '-without' }))).toBe('BAD_REQUEST')
  },
}
