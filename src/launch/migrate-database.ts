import pg from 'pg'
import { claimMissingNames } from '../server/names/claim-missing'
import { migrate } from '../server/platform/migrations'
import { LaunchError } from './launch-error'

/**
 * Applies the migrations that the database lacks, and claims the names of people and rooms that have no claim yet.
 * @returns the names of those it applied
 * @throws {LaunchError} with the reason, but never the URL, because that holds a password
 */
export async function migrateOrExplain(databaseUrl: string): Promise<string[]> {
  try {
    const applied = await migrate(databaseUrl)
    await claimNamesOf(databaseUrl)
    return applied
  } catch (error) {
    throw new LaunchError(`Could not migrate the database: ${reasonOf(error)}`)
  }
}

async function claimNamesOf(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 })
  // A lost connection makes the next statement fail. Without a listener it would end the process.
  client.on('error', () => {})
  await client.connect()
  try {
    await claimMissingNames(client)
  } finally {
    await client.end()
  }
}

/** When a host name has several addresses and all refuse the connection, Node throws an AggregateError without a message. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`
}
