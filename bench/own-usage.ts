export interface Memory {
  rssBytes: number
  heapBytes: number
  /** The highest value since the process started. */
  peakRssBytes: number
}

/** Functions that report the resource usage of this process. Needs --expose-gc. */
export const ownUsage = {
  /** CPU time used so far by all threads, in microseconds. */
  cpuUs: async (): Promise<number> => {
    const { user, system } = process.cpuUsage()
    return user + system
  },

  /** Memory after several garbage collections: each can free what the one before made unreachable. */
  memory: async (): Promise<Memory> => {
    for (let left = 4; left > 0; left--) {
      globalThis.gc?.()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const { rss, heapUsed } = process.memoryUsage()
    return { rssBytes: rss, heapBytes: heapUsed, peakRssBytes: process.resourceUsage().maxRSS * 1024 }
  },
}
