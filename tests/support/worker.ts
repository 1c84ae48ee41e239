import { inject } from 'vitest'

/** The Redis of this worker. */
export const redisUrl = (): string => ofThisWorker(inject('redisUrls'))

/** Workers are numbered from 1, and a new one gets the number of one that has ended. */
export function ofThisWorker<Value>(values: readonly Value[]): Value {
  const value = values[Number(process.env.VITEST_POOL_ID) - 1]
  if (value === undefined) throw new Error(`nothing was made for worker ${process.env.VITEST_POOL_ID}`)
  return value
}
