import { migrate } from '../server/platform/migrations'
import { LaunchError } from './launch-error'

/**
 * Applies the migrations that the database lacks.
 * @returns the names of those it applied
 * @throws {LaunchError} with the reason, but never the URL, because that holds a password
 */
export async function migrateOrExplain(databaseUrl: string): Promise<string[]> {
  try {
    return await migrate(databaseUrl)
  } catch (error) {
    throw new LaunchError(`Could not migrate the database: ${reasonOf(error)}`)
  }
}

/** When a host name has several addresses and all refuse the connection, Node throws an AggregateError without a message. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`
}
