import { startEvery } from '../platform/background'
import type { Querying } from '../platform/database'
import type { Log } from '../platform/log'
import { writeAudit } from './audit-log'

interface RefusedCall {
  userId: string
  procedure: string
  ip: string | null
}

export interface RefusedCalls {
  /** Notes a call that the caller's role does not allow. It does not wait. */
  note(call: RefusedCall): void
  /** Writes what has not been written. */
  close(): Promise<void>
}

const roundMs = 60_000
/** Beyond these, further people and procedures are not written until the next round. */
const maxPerRound = 2_000

/**
 * Writes refused calls to the audit log: the first of a person and procedure at once, the others of the same minute as one
 * entry with their number, so that a flood of calls is not one of entries.
 */
export function startRefusedCalls({ querying, log }: { querying: Querying; log: Log }): RefusedCalls {
  let noted = new Map<string, RefusedCall & { more: number }>()
  const writing = new Set<Promise<void>>()

  function write({ userId, procedure, ip }: RefusedCall, count: number) {
    const entry = { kind: 'access.refused', actorId: userId, ip, detail: { procedure, count } } as const
    const written: Promise<void> = writeAudit(querying, entry)
      .catch((error: Error) => log.warn({ error: error.message }, 'could not write to the audit log'))
      .finally(() => writing.delete(written))
    writing.add(written)
  }

  const flush = async () => {
    const round = noted
    noted = new Map()
    for (const call of round.values()) if (call.more > 0) write(call, call.more)
    await Promise.all(writing)
  }
  const rounds = startEvery(flush, { everyMs: roundMs, name: 'write refused calls', log, runsOnClose: true })

  return {
    note: (call) => {
      const key = `${call.userId} ${call.procedure}`
      const before = noted.get(key)
      if (before) before.more++
      else if (noted.size < maxPerRound) {
        noted.set(key, { ...call, more: 0 })
        write(call, 1)
      }
    },
    close: () => rounds.close(),
  }
}
