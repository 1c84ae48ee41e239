import { startEvery } from '../platform/background'
import type { Log } from '../platform/log'
import type { PresenceStore } from './presence-store'

const writeEveryMs = 2_000
const maxPerStatement = 5_000
/** How many people may wait while Postgres is away. Further people are not recorded. */
const maxWaiting = 50_000

/** Records when people were last online. */
export interface LastSeen {
  note(userId: string, at: number): void
  /** Writes what is waiting, then stops. */
  close(): Promise<void>
}

/** Writes one statement every other second, for everybody who came or went. */
export function startLastSeen({ store, log }: { store: Pick<PresenceStore, 'recordLastSeen'>; log: Log }): LastSeen {
  const waiting = new Map<string, number>()

  async function write() {
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, maxPerStatement)
      for (const [userId] of batch) waiting.delete(userId)
      try {
        await store.recordLastSeen(batch.map(([userId, at]) => ({ userId, at: new Date(at) })))
      } catch (error) {
        for (const [userId, at] of batch) if (waiting.size < maxWaiting && !waiting.has(userId)) waiting.set(userId, at)
        throw error
      }
    }
  }
  const loop = startEvery(write, { everyMs: writeEveryMs, runsOnClose: true, name: 'write when people were last online', log })

  return {
    note: (userId, at) => {
      if (waiting.size < maxWaiting || waiting.has(userId)) waiting.set(userId, Math.max(at, waiting.get(userId) ?? 0))
    },
    close: loop.close,
  }
}
