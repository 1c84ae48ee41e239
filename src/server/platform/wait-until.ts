const stepMs = 20

/** Waits until the condition is true, for `timeoutMs` at most. @returns whether it is true */
export async function waitUntil(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (!condition() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, stepMs))
  return condition()
}
