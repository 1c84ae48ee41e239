import { openDataDir, readAuthSecret } from '../../src/launch/data-dir'

const dataDir = await openDataDir(process.argv[2] ?? '')
process.send?.({ secret: await readAuthSecret(dataDir.path) })
setInterval(() => {}, 1_000)
