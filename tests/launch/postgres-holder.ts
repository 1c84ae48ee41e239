import { startEmbeddedPostgres } from '../../src/launch/embedded-postgres'

const postgres = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '' })
process.send?.({ url: postgres.url })
