import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../../src/launch/embedded-postgres'
import { startEmbeddedRedis } from '../../src/launch/embedded-redis'
import { migrate } from '../../src/server/platform/migrations'
import { makeQuickFolder } from './quick-folder'

declare module 'vitest' {
  interface ProvidedContext {
    /** A migrated database that every test makes its own copy of. */
    templateUrl: string
    /** One Redis for each worker: its channels cannot be told apart by database, and two files may run at once. */
    redisUrls: string[]
  }
}

/** The real Postgres and the real Redis that the tests share, the same ones that `npm start` brings. */
export default async function setup(project: TestProject) {
  const dataDir = await makeQuickFolder('roomline-tests-')
  const workers = Array.from({ length: project.config.maxWorkers ?? 1 }, (_, index) => index)
  const startRedis = async (worker: number) => {
    const folder = path.join(dataDir, `redis-${worker}`)
    await mkdir(folder)
    return startEmbeddedRedis({ dataDir: folder })
  }
  const [postgres, ...redises] = await Promise.all([startEmbeddedPostgres({ dataDir }), ...workers.map(startRedis)])
  const admin = new pg.Client({ connectionString: postgres.url })
  await admin.connect()
  await admin.query('CREATE DATABASE template_of_tests')
  await admin.end()
  const templateUrl = new URL(postgres.url)
  templateUrl.pathname = '/template_of_tests'
  await migrate(templateUrl.href)

  project.provide('templateUrl', templateUrl.href)
  project.provide(
    'redisUrls',
    redises.map(({ url }) => url),
  )
  return async () => {
    await Promise.all([postgres, ...redises].map((service) => service.close()))
    await rm(dataDir, { recursive: true, force: true })
  }
}
