import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../../src/launch/embedded-postgres'
import { startEmbeddedRedis } from '../../src/launch/embedded-redis'
import { migrate } from '../../src/server/platform/migrations'

declare module 'vitest' {
  interface ProvidedContext {
    /** A migrated database that every test makes its own copy of. */
    templateUrl: string
    redisUrl: string
  }
}

/** The real Postgres and the real Redis that the tests share, the ones that `npm start` brings. */
export default async function setup(project: TestProject) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'roomline-tests-'))
  const postgres = await startEmbeddedPostgres({ dataDir })
  const redis = await startEmbeddedRedis({ dataDir })
  const admin = new pg.Client({ connectionString: postgres.url })
  await admin.connect()
  await admin.query('CREATE DATABASE template_of_tests')
  await admin.end()
  const templateUrl = new URL(postgres.url)
  templateUrl.pathname = '/template_of_tests'
  await migrate(templateUrl.href)

  project.provide('templateUrl', templateUrl.href)
  project.provide('redisUrl', redis.url)
  return async () => {
    await redis.close()
    await postgres.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}
