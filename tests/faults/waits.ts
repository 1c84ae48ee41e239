/** A fault that has to last: at least so long, and until what is looked for meanwhile was seen. */
export async function lasting(ms: number, meanwhile: () => Promise<unknown> = async () => {}): Promise<void> {
  await Promise.all([new Promise((resolve) => setTimeout(resolve, ms)), meanwhile()])
}
