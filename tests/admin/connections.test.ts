import { describe, expect, it } from 'vitest'
import { type SurveyNews, startConnectionSurvey } from '../../src/server/admin/connection-survey'
import { connectPerson } from '../support/connected-people'
import { startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

describe('admin.connections', () => {
  it('connections: are listed from every node, with their person and device', async () => {
    await using roomline = await startRoomline({ nodes: 2 })
    const admin = await connectPerson(roomline)
    const ada = await connectPerson(roomline, { node: 1 })
    const { uid, sessionId } = await ada.trpc.session.me.query()
    await ada.follow('general')
    await until(async () => (await admin.trpc.admin.connections.query()).connections.length === 2)
    const all = await admin.trpc.admin.connections.query()
    expect(all).toMatchObject({ count: 2, silentNodes: 0 })
    expect(new Set(all.connections.map(({ node }) => node)).size).toBe(2)
    const { connections } = await admin.trpc.admin.connections.query({ username: ada.username })
    expect(connections).toEqual([
      expect.objectContaining({ uid, sessionId, username: ada.username, displayName: ada.username, ip: '127.0.0.1', subscriptions: 1 }),
    ])
    await ada.close()
    await until(async () => (await admin.trpc.admin.connections.query()).count === 1)
  })
})

const own = { uid: 'a', userId: 'u', sessionId: 's', ip: '::1', openedAt: 1, subscriptions: 0 }

/** A bus of one node. @param times how often news arrives: Redis may repeat it */
function createBus(times = 1) {
  const listeners = new Map<string, (news: SurveyNews) => void>()
  return {
    listeners,
    publish: (topic: string, news: SurveyNews) => {
      for (let time = 0; time < times; time++) listeners.get(topic)?.(news)
    },
    subscribe: async (topic: string, { onNews }: { onNews(news: SurveyNews): void }) => {
      listeners.set(topic, onNews)
      return { unsubscribe: () => listeners.delete(topic) }
    },
  }
}

describe('a survey', () => {
  it('an answer that arrives several times: counts once, and stands for no other node', async () => {
    const bus = createBus(2)
    const survey = startConnectionSurvey({ bus, nodeName: () => 'one', connections: () => [own], otherNodes: () => 1, patienceMs: 50 })
    const { answers, silentNodes } = await survey.ask(null)
    expect([answers.length, silentNodes]).toEqual([1, 1])
    await survey.close()
  })

  it('nodes that do not answer: are counted, and not waited for', async () => {
    const bus = createBus()
    const survey = startConnectionSurvey({ bus, nodeName: () => 'one', connections: () => [own], otherNodes: () => 2, patienceMs: 50 })
    expect(await survey.ask(null)).toEqual({
      answers: [expect.objectContaining({ node: 'one', count: 1, connections: [own] })],
      silentNodes: 2,
    })
    expect((await survey.ask('somebody else')).answers[0]?.connections).toEqual([])
    await survey.close()
    expect(bus.listeners.size).toBe(0)
  })
})
