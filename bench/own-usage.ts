export interface Memory {
  rssBytes: number
  heapBytes: number
  /** The most it ever held. */
  peakRssBytes: number
}

/** What a process can say of itself. Run with --expose-gc. */
export const ownUsage = {
  /** The processor time that it has used so far, in all its threads. */
  cpuUs: async (): Promise<number> => {
    const { user, system } = process.cpuUsage()
    return user + system
  },

  /** After several collections: each lets go of what only the one before made unreachable. */
  memory: async (): Promise<Memory> => {
    for (let left = 4; left > 0; left--) {
      globalThis.gc?.()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const { rss, heapUsed } = process.memoryUsage()
    return { rssBytes: rss, heapBytes: heapUsed, peakRssBytes: process.resourceUsage().maxRSS * 1024 }
  },
}
