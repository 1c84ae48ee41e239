import { quantile } from './figures'

export interface WindowPlan {
  warmUpMs: number
  forMs: number
}

/** The result of a window of sends. */
export interface Sends {
  /** Includes those in the warm-up and after the end. */
  acknowledged: number
  perSecond: number
  p50Ms: number
  p99Ms: number
  p999Ms: number
}

/** Counts the sends that are acknowledged between the warm-up and the end. */
export function openSendWindow({ warmUpMs, forMs }: WindowPlan) {
  const from = performance.now() + warmUpMs
  const until = from + forMs
  const latenciesMs: number[] = []
  let acknowledged = 0
  return {
    /** Whether to keep sending. */
    isOpen: () => performance.now() < until,
    acknowledge: (count: number, sentAt: number) => {
      acknowledged += count
      const now = performance.now()
      if (now < from || now >= until) return
      for (let left = count; left > 0; left--) latenciesMs.push(now - sentAt)
    },
    result: (): Sends => {
      const sorted = Float64Array.from(latenciesMs).sort()
      const [p50Ms, p99Ms, p999Ms] = [quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 0.999)]
      return { acknowledged, perSecond: sorted.length / (forMs / 1_000), p50Ms, p99Ms, p999Ms }
    },
  }
}
