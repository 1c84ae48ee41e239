/** Waits at least this long, and until `meanwhile` has resolved too. */
export async function forAtLeast(ms: number, meanwhile: () => Promise<unknown> = async () => {}): Promise<void> {
  await Promise.all([new Promise((resolve) => setTimeout(resolve, ms)), meanwhile()])
}
