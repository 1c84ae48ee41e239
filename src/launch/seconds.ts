/** Time since a `performance.now()`, for output: "1.2 s". */
export function seconds(since: number): string {
  return `${((performance.now() - since) / 1_000).toFixed(1)} s`
}
