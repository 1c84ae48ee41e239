import type { StockOptions } from '../support/stock-client'
import type { Bench, Person } from './bench'
import { type LiveFollower, type RoomHistory, type Sender, send, startFollower } from './history'

/** People who write in one room while something goes wrong, and others who follow it. */
export interface Talk {
  history: RoomHistory
  senders: Sender[]
  followers: LiveFollower[]
  /** Every sender sends one message after the other, until `count` of them are acknowledged. */
  sendMany(count: number): Promise<void>
  /** The same until `stop`, with a pause between two messages of one sender. */
  sendSteadily(pauseMs: number): { stop(): Promise<void> }
  /** Resolves when `count` messages are acknowledged in all. */
  untilAcknowledged(count: number): Promise<void>
  figures(): Record<string, number | string>
}

export interface TalkOptions {
  people: number
  followers: number
  /** Which nodes each client may use, in order. By default clients spread over all nodes. */
  nodesOf?: (index: number) => number[]
  optionsOf?: (index: number) => Partial<StockOptions>
  patienceMs?: number
}

export async function startTalk(bench: Bench, options: TalkOptions): Promise<Talk> {
  const everywhere = bench.nodes.map((_, index) => index)
  const {
    nodesOf = (index: number) => [...everywhere.slice(index % everywhere.length), ...everywhere.slice(0, index % everywhere.length)],
  } = options
  const people = await bench.makePeople(options.people + options.followers)
  const history = await bench.makeRoom(people)
  const connect = (person: Person, index: number) => bench.connect(person, nodesOf(index), options.optionsOf?.(index))
  const senders = people.slice(0, options.people).map(
    (person, index): Sender => ({
      person,
      client: connect(person, index),
      ...(options.patienceMs !== undefined && { patienceMs: options.patienceMs }),
    }),
  )
  const followers = await Promise.all(people.slice(options.people).map((person, index) => startFollower(history, connect(person, index))))
  const waiting = new Set<{ count: number; resolve: () => void }>()
  const sendOne = async (sender: Sender) => {
    await send(history, sender)
    for (const wait of waiting) {
      if (history.acknowledged.length < wait.count) continue
      waiting.delete(wait)
      wait.resolve()
    }
  }

  return {
    history,
    senders,
    followers,
    sendMany: (count) => {
      let left = count
      const sent = Promise.all(
        senders.map(async (sender) => {
          while (left-- > 0) await sendOne(sender)
        }),
      ).then(() => {})
      // It may reject while the test still awaits something else.
      sent.catch(() => {})
      return sent
    },
    sendSteadily: (pauseMs) => {
      let stopped = false
      const talking = Promise.all(
        senders.map(async (sender, index) => {
          await new Promise((resolve) => setTimeout(resolve, (pauseMs * index) / senders.length))
          while (!stopped) {
            const since = performance.now()
            await sendOne(sender)
            await new Promise((resolve) => setTimeout(resolve, Math.max(0, pauseMs - (performance.now() - since))))
          }
        }),
      )
      talking.catch(() => {})
      return {
        stop: async () => {
          stopped = true
          await talking
        },
      }
    },
    untilAcknowledged: (count) =>
      new Promise((resolve) => {
        if (history.acknowledged.length >= count) resolve()
        else waiting.add({ count, resolve })
      }),
    figures: () => {
      const { p50, p99, max } = history.lateness()
      const rejected = [...history.rejections].map(([name, times]) => `${name} ${times}`).join(', ')
      const reopened = followers.reduce((sum, follower) => sum + follower.reopened, 0)
      return {
        'delivered p50': `${p50} ms`,
        p99: `${p99} ms`,
        max: `${max} ms`,
        ...(rejected && { 'sent again after': rejected }),
        ...(reopened > 0 && { 'followed again': reopened }),
      }
    },
  }
}
