import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { packSdk } from '../src/sdk-package/pack'
import { type ExampleNeeds, prepareExample } from './prepare'

/** Packs the SDK, installs an example, starts a Roomline with the settings that it needs, and the example beside it. */
const root = fileURLToPath(new URL('..', import.meta.url))
const name = process.argv[2] ?? ''
const folder = path.join(root, 'examples', path.basename(name))
const text = await readFile(path.join(folder, 'package.json'), 'utf8').catch(() => null)
if (name === '' || text === null) {
  console.error('Usage: npm run example NAME, where NAME is a folder in examples/')
  process.exit(1)
}
const { roomline = {}, needs = {} } = JSON.parse(text) as { roomline?: Record<string, string>; needs?: ExampleNeeds }
/** A secret is made for each run. */
const settings = Object.fromEntries(
  Object.entries(roomline).map(([name, value]) => [name, value === 'random' ? randomBytes(36).toString('base64') : value]),
)

interface RunOptions {
  cwd?: string
  env?: Record<string, string>
  /** Whether what is typed goes to it. */
  listens?: boolean
}
const run = (command: string, args: string[], { cwd = root, env = {}, listens = false }: RunOptions = {}) =>
  spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: [listens ? 'inherit' : 'ignore', 'pipe', 'inherit'] })
const ended = (child: ReturnType<typeof run>) => new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)))

console.log('Packing and installing the SDK …')
await packSdk(path.join(root, 'dist'))
// npm would take a tarball of the same name for the one that is installed.
for (const installed of ['@roomline/sdk', '.package-lock.json']) {
  await rm(path.join(folder, 'node_modules', installed), { recursive: true, force: true })
}
const installing = run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: folder })
if ((await ended(installing)) !== 0) process.exit(1)

const dataDir = path.join('.data', 'examples', name)
const server = run('npm', ['start'], { env: { DATA_DIR: dataDir, ...settings } })
let stopExample = () => {}
// With Ctrl-C the terminal tells all of them; otherwise only this process is told.
process.once('SIGINT', () => {})
process.once('SIGTERM', () => server.kill('SIGTERM'))
let output = ''
const ready = /^Roomline ready {2}(\S+) {2}(\S+)$/m
server.stdout.on('data', (chunk: Buffer) => {
  process.stdout.write(chunk)
  const isBefore = !ready.test(output)
  output += chunk
  const [, webUrl, realtimeUrl] = (isBefore && ready.exec(output)) || []
  if (webUrl && realtimeUrl) startExample(webUrl, realtimeUrl).catch(stop)
})

async function startExample(webUrl: string, realtimeUrl: string) {
  const prepared = await prepareExample({ webUrl, realtimeUrl, dataDir: path.join(root, dataDir) }, needs)
  const example = run('npm', ['start'], {
    cwd: folder,
    listens: true,
    env: { ...settings, ...prepared, SESSION_SECRET: randomBytes(36).toString('base64') },
  })
  stopExample = () => example.kill('SIGTERM')
  example.stdout.pipe(process.stdout)
  example.once('exit', () => server.kill('SIGTERM'))
}

function stop(error: unknown) {
  console.error(error)
  server.kill('SIGTERM')
}
process.exitCode = await ended(server)
stopExample()
