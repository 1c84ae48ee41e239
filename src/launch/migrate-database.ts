import { migrate } from '../server/platform/migrations'
import { LaunchError } from './launch-error'

/** @throws {LaunchError} that names what failed, never the URL: it holds a password */
export async function migrateOrExplain(databaseUrl: string): Promise<string[]> {
  try {
    return await migrate(databaseUrl)
  } catch (error) {
    throw new LaunchError(`The database could not be migrated: ${reasonOf(error)}`)
  }
}

/** A refused connection to a name of several addresses is an AggregateError without a message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`
}
