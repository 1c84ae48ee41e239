const longestMs = 10

/**
 * For long computations: called between their parts, it lets other work of the process take its turn when the last turn was
 * some milliseconds ago.
 * @example
 * const pause = createPauses()
 * for (const message of messages) {
 *   compute(message)
 *   await pause()
 * }
 */
export function createPauses(): () => Promise<void> {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < longestMs) return
    await new Promise((resolve) => setImmediate(resolve))
    since = performance.now()
  }
}
