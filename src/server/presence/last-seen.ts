import type { Log } from '../platform/log'
import type { PresenceStore } from './presence-store'

const writeEveryMs = 2_000
const maxTogether = 5_000
/** While Postgres is away, so many people wait to be written; of more, those who came first are not. */
const maxWaiting = 50_000

/** Notes when people were last here. */
export interface LastSeen {
  note(userId: string, at: number): void
  /** Writes what waits. */
  close(): Promise<void>
}

/** One statement every other second, for all who came or went: nobody waits for it. */
export function startLastSeen({ store, log }: { store: Pick<PresenceStore, 'recordLastSeen'>; log: Log }): LastSeen {
  const waiting = new Map<string, number>()
  let writing: Promise<void> | null = null

  async function write() {
    while (waiting.size > 0) {
      const together = [...waiting].slice(0, maxTogether)
      for (const [userId] of together) waiting.delete(userId)
      try {
        await store.recordLastSeen(together.map(([userId, at]) => ({ userId, at: new Date(at) })))
      } catch (error) {
        log.warn({ error: (error as Error).message }, 'when people were last here was not written; it is tried again')
        for (const [userId, at] of together) if (waiting.size < maxWaiting && !waiting.has(userId)) waiting.set(userId, at)
        return
      }
    }
  }

  const timer = setInterval(() => {
    writing ??= write().finally(() => {
      writing = null
    })
  }, writeEveryMs)

  return {
    note: (userId, at) => {
      if (waiting.size < maxWaiting || waiting.has(userId)) waiting.set(userId, Math.max(at, waiting.get(userId) ?? 0))
    },
    close: async () => {
      clearInterval(timer)
      await writing
      await write()
    },
  }
}
