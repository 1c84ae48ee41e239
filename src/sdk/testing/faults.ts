import type { FailureName } from '../../contract/failures'

/** What goes wrong with calls, by procedure. */
export interface CallFaults {
  dropsAnswer(path: string): boolean
  /** Why this call is rejected; null when it is not. It counts. */
  takeRejection(path: string): FailureName | null
  delayOf(path: string): number
  /** @returns a function that ends it, as the following do. @param procedure null for every call but the sign-in */
  drop(procedure: string | null): () => void
  reject(procedure: string, failure: FailureName, times: number): () => void
  delay(procedure: string, ms: number): () => void
}

export function createCallFaults(): CallFaults {
  const drops = new Set<{ procedure: string | null }>()
  const rejections = new Set<{ procedure: string; failure: FailureName; left: number }>()
  const delays = new Set<{ procedure: string; ms: number }>()
  const add = <Fault>(faults: Set<Fault>, fault: Fault) => {
    faults.add(fault)
    return () => void faults.delete(fault)
  }
  return {
    // Without an answer to its sign-in, a client would have no connection at all.
    dropsAnswer: (path) => [...drops].some(({ procedure }) => (procedure === null ? path !== 'session.me' : procedure === path)),
    takeRejection: (path) => {
      for (const rejection of rejections) {
        if (rejection.procedure !== path) continue
        if (--rejection.left <= 0) rejections.delete(rejection)
        return rejection.failure
      }
      return null
    },
    delayOf: (path) => Math.max(0, ...[...delays].flatMap(({ procedure, ms }) => (procedure === path ? [ms] : []))),
    drop: (procedure) => add(drops, { procedure }),
    reject: (procedure, failure, times) => add(rejections, { procedure, failure, left: times }),
    delay: (procedure, ms) => add(delays, { procedure, ms }),
  }
}
