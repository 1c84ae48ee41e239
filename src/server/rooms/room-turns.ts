import type { Pool } from 'pg'
import { Failure } from '../../contract/failures'
import { createGate, type Gate } from '../platform/background'

/** The one that has the room's lock, and those that have it next without a pause. */
const changesAtOnce = 3
/** As long as they would wait for a connection, and then for the lock. */
const longestWaitMs = 15_000

const turnsOf = new WeakMap<Pool, Map<string, Gate>>()

/**
 * Changes of a room take place one after the other, under its lock. Only a few of them may hold a connection meanwhile: when
 * many people join a room at once, the others would have none left.
 * @param pool where `change` takes its connection
 * @throws {Failure} UNAVAILABLE when it has waited too long, and what `change` throws
 */
export async function inRoomTurn<Value>(pool: Pool, roomId: string, change: () => Promise<Value>): Promise<Value> {
  const gates = turnsOf.get(pool) ?? new Map<string, Gate>()
  turnsOf.set(pool, gates)
  const gate = gates.get(roomId) ?? createGate(changesAtOnce)
  gates.set(roomId, gate)
  const latest = performance.now() + longestWaitMs
  try {
    return await gate.run(async () => {
      // Those that have waited too long take no time, so that the others soon have their turn.
      if (performance.now() > latest) throw new Failure('UNAVAILABLE')
      return change()
    })
  } finally {
    if (!gate.isBusy()) gates.delete(roomId)
  }
}
