// Taken when this file is loaded: a test may replace the global ones by fake timers later.
const { setTimeout: realSetTimeout } = globalThis
const { setImmediate: realSetImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown }

/** Runs a function in a turn of its own of the event loop, after everything that is due before it. */
export const inNextTurn = (run: () => void): void => void (realSetImmediate ? realSetImmediate(run) : realSetTimeout(run, 0))

/** Resolves after every timer of 0 milliseconds that has been set so far. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => void realSetTimeout(resolve, 0))
