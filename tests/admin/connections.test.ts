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

describe('a survey', () => {
  it('nodes that do not answer: are counted, and not waited for', async () => {
    const listeners = new Map<string, (news: SurveyNews) => void>()
    const bus = {
      publish: (topic: string, news: SurveyNews) => listeners.get(topic)?.(news),
      subscribe: async (topic: string, { onNews }: { onNews(news: SurveyNews): void }) => {
        listeners.set(topic, onNews)
        return { unsubscribe: () => listeners.delete(topic) }
      },
    }
    const own = { uid: 'a', userId: 'u', sessionId: 's', ip: '::1', openedAt: 1, subscriptions: 0 }
    const survey = startConnectionSurvey({ bus, nodeName: () => 'one', connections: () => [own], otherNodes: () => 2, patienceMs: 50 })
    expect(await survey.ask(null)).toEqual({
      answers: [expect.objectContaining({ node: 'one', count: 1, connections: [own] })],
      silentNodes: 2,
    })
    expect((await survey.ask('somebody else')).answers[0]?.connections).toEqual([])
    await survey.close()
    expect(listeners.size).toBe(0)
  })
})
