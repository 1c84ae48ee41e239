import type { Message } from '../contract/message'

/** Messages of a room that follow each other without a hole, ascending by seq. */
export type Run = readonly Message[]

export const firstSeq = (run: Run): number => run[0]?.seq ?? 0
export const lastSeq = (run: Run): number => run.at(-1)?.seq ?? 0
export const messageAt = (run: Run, seq: number): Message | undefined => run[seq - firstSeq(run)]

/** One run of all of these, for those that overlap or follow each other. The newest version of each message wins. */
export function joinRuns(runs: readonly Run[]): Run {
  const [first, ...others] = runs.filter((run) => run.length > 0).sort((a, b) => firstSeq(a) - firstSeq(b))
  return others.reduce((joined, run) => {
    const overlap = lastSeq(joined) + 1 - firstSeq(run)
    if (overlap <= 0) return joined.concat(run)
    return joined.map((message) => newerOf(messageAt(run, message.seq), message)).concat(run.slice(overlap))
  }, first ?? [])
}

/** Whether two runs overlap or follow each other. */
export const isTouching = (a: Run, b: Run): boolean =>
  a.length > 0 && b.length > 0 && firstSeq(a) <= lastSeq(b) + 1 && firstSeq(b) <= lastSeq(a) + 1

export const newerOf = (one: Message | undefined, other: Message): Message => (one && one.version > other.version ? one : other)
