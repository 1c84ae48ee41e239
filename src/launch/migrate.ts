import { LaunchError } from './launch-error'
import { migrateOrExplain } from './migrate-database'

try {
  const databaseUrl = process.env.DATABASE_URL
  if (!databaseUrl) {
    throw new LaunchError(
      'DATABASE_URL is not set: name the Postgres to migrate. (`npm start` migrates by itself, its embedded Postgres too.)',
    )
  }
  const applied = await migrateOrExplain(databaseUrl)
  for (const name of applied) process.stdout.write(`applied ${name}\n`)
  if (applied.length === 0) process.stdout.write('nothing to do: the database is up to date\n')
} catch (error) {
  process.stderr.write(`${error instanceof LaunchError ? error.message : (error as Error).stack}\n`)
  process.exitCode = 1
}
