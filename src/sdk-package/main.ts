import path from 'node:path'
import { packSdk } from './pack'

const tarball = await packSdk(path.resolve('dist'))
process.stdout.write(`${path.relative(process.cwd(), tarball)}\n`)
