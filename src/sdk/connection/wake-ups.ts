/** The events after which the connection is checked, and how long the server then has to answer, in milliseconds. */
const signs = [
  ['online', 2_000],
  ['focus', 5_000],
  ['pageshow', 5_000],
] as const

/** Calls `wake` when the network or the page comes back, in runtimes with such events. @returns an unsubscribe function */
export function onWakeUp(wake: (answerWithinMs: number) => void): () => void {
  const listening = new AbortController()
  const { signal } = listening
  const page = globalThis as Partial<Pick<Window, 'addEventListener' | 'document'>>
  for (const [sign, answerWithinMs] of signs) page.addEventListener?.(sign, () => wake(answerWithinMs), { signal })
  const { document } = page
  document?.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && wake(5_000), { signal })
  return () => listening.abort()
}
