import { LaunchError } from './launch-error'
import { migrateOrExplain } from './migrate-database'

try {
  const databaseUrl = process.env.DATABASE_URL
  if (!databaseUrl) {
    throw new LaunchError('Set DATABASE_URL to the Postgres to migrate. (`npm start` migrates its database by itself.)')
  }
  const applied = await migrateOrExplain(databaseUrl)
  for (const name of applied) process.stdout.write(`applied ${name}\n`)
  if (applied.length === 0) process.stdout.write('Nothing to migrate: the database is up to date.\n')
} catch (error) {
  process.stderr.write(`${error instanceof LaunchError ? error.message : (error as Error).stack}\n`)
  process.exitCode = 1
}
