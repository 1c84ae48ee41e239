import { Failure } from '../../contract/failures'

export interface Limit {
  /**
   * Counts one use.
   * @returns undefined when it is allowed at once; otherwise a promise that resolves when it is, within `patienceMs`
   * @throws {Failure} TOO_MANY_REQUESTS with the time to wait, also as a rejection
   */
  count(userId: string): Promise<void> | undefined
  /** Counts one use, as soon as it is within the limit. */
  countInTime(userId: string): Promise<void>
}

export interface Rate {
  /** 0 means no limit. */
  perMinute: number
  /** How many are allowed at once. */
  burst: number
}

export interface SharedLimits {
  /** @param name the same on all nodes, and different for each limit */
  create(name: string, rate: Rate): Limit
  /** Shares what was counted since the last exchange, then stops. */
  close(): Promise<void>
}

/** What a node and the shared store tell each other about one person's use of one limit. */
export interface Use {
  key: string
  intervalMs: number
  /** How far in the future this node believes the allowance to be full again, without `uses`. */
  knownMs: number
  /** How many uses this node has counted since it told the store the last time. */
  uses: number
}

export interface UseStore {
  /** Whether an exchange can succeed. While it cannot, each node counts for itself. */
  isAlive(): boolean
  /** Adds these uses. @returns for each, after how many milliseconds the allowance is full again, over all nodes */
  add(uses: readonly Use[]): Promise<number[]>
}

/** How long a use waits for the other nodes' counts. A store that is slower than this is taken to be away. */
export const patienceMs = 50
/** The shortest time between two exchanges that nobody waits for. */
const pauseMs = 20
/** While the store is away, how often it is tried. */
const retryMs = 1_000
const maxPerExchange = 500

interface Count {
  /** When the allowance is full again, by this node's clock. */
  fullAt: number
  /** Counted, but not part of an exchange yet. */
  unsent: number
  /** Part of the running exchange. */
  sent: number
}

/**
 * Limits that all nodes share. A node decides by what it knows, and tells the store what it has counted a moment later: a
 * call does not wait for Redis. Only when a person has used a tenth of a burst that the others have not heard of, the next
 * use waits for the exchange under way: otherwise a burst on each of many nodes would pass as one.
 * @param now in milliseconds
 */
export function createSharedLimits(store: UseStore, now: () => number = () => performance.now()): SharedLimits {
  /** Those with something to tell, by key. */
  const untold = new Map<string, { count: Count; intervalMs: number; fullAfterMs: number }>()
  let waiters: (() => void)[] = []
  let running: Promise<void> | null = null
  let timer: NodeJS.Timeout | undefined
  let exchangedAt = Number.NEGATIVE_INFINITY
  let isAway = false
  let isClosed = false

  async function exchange() {
    const batch = [...untold].slice(0, maxPerExchange)
    const startedAt = now()
    const uses = batch.map(([key, { count, intervalMs }]): Use => {
      untold.delete(key)
      // What was counted long ago, while the store was away, has been made up for meanwhile.
      count.sent = Math.min(count.unsent, Math.ceil(Math.max(0, count.fullAt - startedAt) / intervalMs))
      count.unsent = 0
      return { key, intervalMs, knownMs: Math.max(0, count.fullAt - startedAt - count.sent * intervalMs), uses: count.sent }
    })
    const releasing = setTimeout(giveUp, patienceMs)
    try {
      const answers = await store.add(uses)
      isAway = now() - startedAt > patienceMs
      for (const [index, [, { count, intervalMs, fullAfterMs }]] of batch.entries()) {
        count.sent = 0
        const fullInMs = answers[index]
        // What Redis says is not believed blindly: it can at most make somebody wait for a full burst.
        if (fullInMs === undefined || !Number.isFinite(fullInMs)) continue
        count.fullAt = Math.max(count.fullAt, now() + Math.min(fullInMs, 2 * fullAfterMs) + count.unsent * intervalMs)
      }
    } catch {
      isAway = true
      for (const [key, use] of batch) {
        use.count.unsent += use.count.sent
        use.count.sent = 0
        untold.set(key, use)
      }
    } finally {
      clearTimeout(releasing)
      exchangedAt = now()
    }
  }

  function giveUp() {
    isAway = true
    release()
  }

  function release() {
    const released = waiters
    waiters = []
    for (const resolve of released) resolve()
  }

  function run() {
    timer = undefined
    if (running || untold.size === 0) return
    if (!store.isAlive()) {
      isAway = true
      // Otherwise everybody who has called meanwhile would be kept.
      for (const [key, { count }] of untold) if (count.fullAt <= now()) untold.delete(key)
      release()
      return schedule()
    }
    running = exchange().finally(() => {
      running = null
      release()
      schedule()
    })
  }

  function schedule() {
    if (timer || running || isClosed || untold.size === 0) return
    const pause = isAway ? retryMs : waiters.length > 0 ? 0 : Math.max(0, exchangedAt + pauseMs - now())
    timer = setTimeout(run, pause)
    timer.unref()
  }

  return {
    create: (name, { perMinute, burst }) => {
      const intervalMs = 60_000 / perMinute
      const fullAfterMs = burst * intervalMs
      const maxUntold = Math.ceil(burst / 10)
      /** In order of latest use, so that the oldest can be dropped first. */
      const counts = new Map<string, Count>()

      function note(userId: string, count: Count, time: number) {
        const key = `${name}:${userId}`
        counts.delete(userId)
        counts.set(userId, count)
        untold.set(key, { count, intervalMs, fullAfterMs })
        schedule()
        for (const [oldest, { fullAt }] of counts) {
          if (fullAt > time) break
          counts.delete(oldest)
        }
      }

      function countNow(userId: string, count: Count): undefined {
        const time = now()
        const next = Math.max(count.fullAt, time) + intervalMs
        if (next - time > fullAfterMs) throw new Failure('TOO_MANY_REQUESTS', { retryAfterMs: Math.ceil(next - time - fullAfterMs) })
        count.fullAt = next
        count.unsent++
        note(userId, count, time)
      }

      const isAhead = (count: Count) => !isAway && count.unsent + count.sent >= maxUntold

      async function countLater(userId: string, count: Count) {
        const until = now() + patienceMs
        while (isAhead(count) && now() < until) {
          await new Promise<void>((resolve) => {
            waiters.push(resolve)
            clearTimeout(timer)
            timer = undefined
            schedule()
          })
        }
        countNow(userId, count)
      }

      function count(userId: string): Promise<void> | undefined {
        if (perMinute === 0) return
        const entry = counts.get(userId) ?? { fullAt: 0, unsent: 0, sent: 0 }
        return isAhead(entry) ? countLater(userId, entry) : countNow(userId, entry)
      }

      return {
        count,
        countInTime: async (userId) => {
          for (;;) {
            try {
              return await count(userId)
            } catch (error) {
              if (!(error instanceof Failure) || error.detail.retryAfterMs === undefined) throw error
              await new Promise((resolve) => setTimeout(resolve, error.detail.retryAfterMs))
            }
          }
        },
      }
    },

    close: async () => {
      isClosed = true
      clearTimeout(timer)
      await running
      if (untold.size > 0 && !isAway && store.isAlive()) await exchange()
    },
  }
}
