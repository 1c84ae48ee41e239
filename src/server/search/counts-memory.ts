/** Remembers numbers for a short time. */
export interface CountsMemory {
  /** The numbers of these keys, in their order. Those that are not known are counted together. */
  of(keys: readonly string[], count: (unknown: readonly string[]) => Promise<readonly number[]>): Promise<number[]>
}

/**
 * @param least smaller numbers are not remembered
 * @param most how many are remembered: the oldest is forgotten first
 */
export function createCountsMemory({ forMs, least = 0, most }: { forMs: number; least?: number; most: number }): CountsMemory {
  const known = new Map<string, { count: number; until: number }>()
  return {
    of: async (keys, count) => {
      const now = performance.now()
      const found = new Map<string, number>()
      for (const key of keys) {
        const entry = known.get(key)
        if (entry && entry.until > now) found.set(key, entry.count)
      }
      const unknown = [...new Set(keys)].filter((key) => !found.has(key))
      if (unknown.length > 0) {
        const counts = await count(unknown)
        for (const [index, key] of unknown.entries()) {
          const value = counts[index] ?? 0
          found.set(key, value)
          known.delete(key)
          if (value >= least) known.set(key, { count: value, until: now + forMs })
        }
        for (const key of known.keys()) {
          if (known.size <= most) break
          known.delete(key)
        }
      }
      return keys.map((key) => found.get(key) ?? 0)
    },
  }
}
