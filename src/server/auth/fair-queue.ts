import { Failure } from '../../contract/failures'

/** Whom a piece of work is done for. */
export interface Asker {
  /** A network, a device or a person. Each has its own line. */
  line: string
  /** Whether this is somebody known: their lines get every other turn, however many strangers wait. */
  isKnown: boolean
}

export interface FairQueue {
  /** @throws {Failure} TOO_MANY_REQUESTS when this asker has too much waiting; UNAVAILABLE when all together have */
  run<Value>(asker: Asker, work: () => Promise<Value>): Promise<Value>
  waiting(): number
}

interface Waiting {
  begin(): void
  reject(reason: Failure): void
}

interface FairQueueOptions {
  atOnce: number
  /** How many may wait in one line. */
  maxPerLine: number
  maxWaiting: number
  /** About how long a piece of work takes: for telling those who are refused when to come back. */
  workMs: number
}

/**
 * Does expensive work a few at a time. The lines take turns, so that a burst of one asker delays another by a turn, not by
 * the burst.
 */
export function createFairQueue({ atOnce, maxPerLine, maxWaiting, workMs }: FairQueueOptions): FairQueue {
  /** In the order of their turns. */
  const strangers = new Map<string, Waiting[]>()
  const known = new Map<string, Waiting[]>()
  let running = 0
  let count = 0
  let isKnownsTurn = true

  const retryAfterMs = () => Math.max(1_000, Math.ceil((count / atOnce) * workMs))

  function takeNext(): Waiting | undefined {
    const lines = (isKnownsTurn && known.size > 0) || strangers.size === 0 ? known : strangers
    isKnownsTurn = lines !== known
    for (const [key, line] of lines) {
      const next = line.shift()
      // To the end of the round, if it has more.
      lines.delete(key)
      if (line.length > 0) lines.set(key, line)
      count--
      return next
    }
    return undefined
  }

  /** Sends the last of the longest line of strangers away. @returns false when none is at least so long */
  function evictLongest(atLeast: number): boolean {
    let longest: [key: string, line: Waiting[]] = ['', []]
    for (const each of strangers) if (each[1].length >= longest[1].length) longest = each
    const [key, line] = longest
    if (line.length < atLeast) return false
    count--
    line.pop()?.reject(new Failure('UNAVAILABLE', { retryAfterMs: retryAfterMs() }))
    if (line.length === 0) strangers.delete(key)
    return true
  }

  async function waitInLine({ line: key, isKnown }: Asker): Promise<void> {
    const lines = isKnown ? known : strangers
    const line = lines.get(key) ?? []
    if (line.length >= maxPerLine) throw new Failure('TOO_MANY_REQUESTS', { retryAfterMs: retryAfterMs() })
    // Strangers with many addresses could fill it with lines of one. Somebody known does not wait behind them.
    if (count >= maxWaiting && !evictLongest(isKnown ? 1 : line.length + 2))
      throw new Failure('UNAVAILABLE', { retryAfterMs: retryAfterMs() })
    count++
    lines.set(key, line)
    await new Promise<void>((begin, reject) => line.push({ begin, reject }))
  }

  return {
    run: async (asker, work) => {
      // Finished work hands its place to the next, so that newcomers cannot overtake.
      if (running >= atOnce) await waitInLine(asker)
      else running++
      try {
        return await work()
      } finally {
        const next = takeNext()
        if (next) next.begin()
        else running--
      }
    },
    waiting: () => count,
  }
}
