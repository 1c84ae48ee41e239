import { randomUUID } from 'node:crypto'
import type { NewsBus } from '../bus/news-bus'

/** A connection as its node knows it. */
export interface OpenConnection {
  uid: string
  userId: string
  sessionId: string
  ip: string
  /** In milliseconds since the epoch. */
  openedAt: number
  subscriptions: number
}

/** What nodes tell each other: a question on the topic of all, an answer on that of whoever asked. */
export type SurveyNews =
  | { type: 'ask'; id: string; by: string; userId: string | null }
  | { type: 'answer'; id: string; from: string; node: string; count: number; connections: OpenConnection[] }

type SurveyAnswer = Extract<SurveyNews, { type: 'answer' }>

/** Asks all nodes for their connections. */
export interface ConnectionSurvey {
  /** @param userId null for everybody's */
  ask(userId: string | null): Promise<{ answers: SurveyAnswer[]; silentNodes: number }>
}

interface SurveyParts {
  bus: NewsBus<SurveyNews>
  /** This node's name, for people. */
  nodeName(): string
  /** The signed-in connections of this node. */
  connections(): Iterable<OpenConnection>
  /** How many other nodes there are. */
  otherNodes(): number
  patienceMs?: number
}

const everyNode = 'all'
/** Each node tells its newest ones: nobody reads more, and each is some hundred bytes. */
export const maxToldConnections = 1_000

export function startConnectionSurvey({ bus, nodeName, connections, otherNodes, patienceMs = 1_000 }: SurveyParts): ConnectionSurvey & {
  close(): Promise<void>
} {
  const self = randomUUID()
  const waiting = new Map<string, (answer: SurveyAnswer) => void>()

  const onNews = (news: SurveyNews) => {
    if (news.type === 'ask') bus.publish(news.by, { type: 'answer', id: news.id, from: self, node: nodeName(), ...own(news.userId) })
    else if (news.type === 'answer') waiting.get(news.id)?.(news)
  }

  function own(userId: string | null) {
    const found = [...connections()].filter((connection) => userId === null || connection.userId === userId)
    const newest = found.sort((a, b) => b.openedAt - a.openedAt).slice(0, maxToldConnections)
    return { count: found.length, connections: newest }
  }

  const subscriptions = Promise.all([everyNode, self].map((topic) => bus.subscribe(topic, { onNews })))

  return {
    ask: async (userId) => {
      const id = randomUUID()
      const expected = otherNodes() + 1
      // By node: news may arrive more than once.
      const answers = new Map<string, SurveyAnswer>()
      await subscriptions
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, patienceMs)
        waiting.set(id, (answer) => {
          answers.set(answer.from, answer)
          if (answers.size < expected) return
          clearTimeout(timer)
          resolve()
        })
        bus.publish(everyNode, { type: 'ask', id, by: self, userId })
      })
      waiting.delete(id)
      return { answers: [...answers.values()], silentNodes: Math.max(0, expected - answers.size) }
    },
    close: async () => {
      for (const subscription of await subscriptions) subscription.unsubscribe()
    },
  }
}
