import { describe, expect, it } from 'vitest'
import { createLog } from '../../src/server/platform/log'
import { startConnectionCounts } from '../../src/server/presence/connection-counts'
import { startLastSeen } from '../../src/server/presence/last-seen'
import { createTypingLimits } from '../../src/server/presence/typing'
import { until } from '../support/stock-client'

const log = createLog({ logLevel: 'silent' }, 'test')

function start(waitMs: number, noteAfterMs = 60_000) {
  const told: string[] = []
  const noted: string[] = []
  const people = startConnectionCounts({
    cluster: { set: (userId, state) => told.push(`${userId} ${state}`) },
    lastSeen: { note: (userId) => noted.push(userId) },
    waitMs,
    noteAfterMs,
  })
  return { told, noted, people }
}

describe('a person’s connections to a node', () => {
  it('here on any of them means here, and only changes of the result are passed on', () => {
    const { told, noted, people } = start(0)
    people.connectionChanged('ada', null, 'here')
    people.connectionChanged('ada', null, 'here')
    people.connectionChanged('ada', 'here', 'away')
    people.connectionChanged('ada', 'here', 'away')
    people.connectionChanged('ada', null, 'here')
    people.connectionChanged('ada', 'here', null)
    people.connectionChanged('ada', 'away', null)
    expect(told).toEqual(['ada here', 'ada away', 'ada here', 'ada away'])
    expect(noted).toEqual([])
    people.close()
  })

  it('a reconnect within the wait hides the gap, otherwise the person goes offline', async () => {
    const { told, noted, people } = start(200)
    people.connectionChanged('ada', null, 'here')
    people.connectionChanged('ben', null, 'here')
    people.connectionChanged('ada', 'here', null)
    people.connectionChanged('ben', 'here', null)
    expect(noted).toEqual(['ada', 'ben'])
    people.connectionChanged('ben', null, 'here')
    await until(() => told.includes('ada offline'))
    expect(told.filter((entry) => entry.startsWith('ben'))).toEqual(['ben here', 'ben here'])
    people.close()
  })
})

describe('last seen, while a person is online', () => {
  it('is recorded once after a while online, and short visits are recorded once at their end', async () => {
    const { noted, people } = start(0, 300)
    people.connectionChanged('ada', null, 'here')
    people.connectionChanged('ben', null, 'here')
    people.connectionChanged('ben', 'here', null)
    await until(() => noted.includes('ada'))
    expect(noted).toEqual(['ben', 'ada'])
    people.close()
  })
})

describe('last seen, in Postgres', () => {
  it('is written in one statement with the newest time of each person, and retried after a failure', async () => {
    const written: { userId: string; at: Date }[][] = []
    let isAway = true
    const lastSeen = startLastSeen({
      store: {
        recordLastSeen: async (people) => {
          if (isAway) {
            isAway = false
            throw new Error('Postgres is away')
          }
          written.push([...people])
        },
      },
      log,
    })
    for (let index = 0; index < 1_000; index++) lastSeen.note(`p${index}`, 1_000 + index)
    lastSeen.note('p0', 5_000)
    lastSeen.note('p0', 2_000)
    await until(() => !isAway)
    await lastSeen.close()
    expect(written).toHaveLength(1)
    expect(written[0]).toHaveLength(1_000)
    expect(written[0]).toContainEqual({ userId: 'p0', at: new Date(5_000) })
  })
})

describe('typing signals', () => {
  it('are passed on at most once a second in each room', () => {
    let now = 0
    const limits = createTypingLimits(() => now)
    expect([limits.allow('a', 'ada'), limits.allow('a', 'ada'), limits.allow('b', 'ada'), limits.allow('a', 'ben')]).toEqual([
      ...[true, false],
      ...[true, true],
    ])
    now = 1_001
    expect(limits.allow('a', 'ada')).toBe(true)
  })
})
