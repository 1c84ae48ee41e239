import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { access, cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { packSdk } from '../../src/sdk-package/pack'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const modules = path.join(root, 'node_modules')

interface PackageJson {
  bin?: string | Record<string, string>
  dependencies?: Record<string, string>
  /** Of the example itself. */
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

/** An example in a folder of its own, outside the repository, with what `npm install` would put there. */
export interface InstalledExample extends AsyncDisposable {
  folder: string
  /** Runs `npm start` there. Resolves when it has printed something that matches. */
  start(env: Record<string, string>, ready: RegExp): Promise<RunningExample>
}

export interface RunningExample extends AsyncDisposable {
  child: ChildProcess
  output(): string
}

let packed: Promise<string> | undefined

/** For all examples of a test: packing takes longer than installing. */
function packOnce(): Promise<string> {
  packed ??= mkdtemp(path.join(tmpdir(), 'roomline-sdk-')).then((folder) => {
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    return packSdk(folder)
  })
  return packed
}

/** Installs the packed SDK, and packages that are installed here already: tests must pass without a network. */
export async function installExample(name: string): Promise<InstalledExample> {
  const folder = await mkdtemp(path.join(tmpdir(), `roomline-${name}-`))
  await cp(path.join(root, 'examples', name), folder, {
    recursive: true,
    filter: (source) => !['node_modules', '.next'].includes(path.basename(source)),
  })
  const sdk = path.join(folder, 'node_modules/@roomline/sdk')
  await mkdir(sdk, { recursive: true })
  await run('tar', ['-xzf', await packOnce(), '-C', sdk, '--strip-components=1'])
  const copied = new Set(['@roomline/sdk'])
  await copyPackagesOf(folder, folder, copied)
  await copyPackagesOf(sdk, folder, copied)

  return {
    folder,
    start: (env, ready) => start(folder, env, ready),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

async function copyPackagesOf(packageFolder: string, folder: string, copied: Set<string>): Promise<void> {
  const text = await readFile(path.join(packageFolder, 'package.json'), 'utf8')
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(text) as PackageJson
  const wanted = { ...dependencies, ...optionalDependencies, ...(packageFolder === folder && devDependencies) }
  for (const name of Object.keys(wanted)) {
    const source = path.join(modules, name)
    // Optional ones are there for this platform only.
    const isHere = await access(source).then(
      () => true,
      () => false,
    )
    if (copied.has(name) || !isHere) continue
    copied.add(name)
    const target = path.join(folder, 'node_modules', name)
    await mkdir(path.dirname(target), { recursive: true })
    // As links where that is possible: some packages are large.
    await run('cp', ['-al', source, target]).catch(() => cp(source, target, { recursive: true, force: true }))
    await linkPrograms(name, target, folder)
    await copyPackagesOf(source, folder, copied)
  }
}

/** Scripts of the example would otherwise run the programs of this repository. */
async function linkPrograms(name: string, target: string, folder: string): Promise<void> {
  const { bin = {} } = JSON.parse(await readFile(path.join(target, 'package.json'), 'utf8')) as PackageJson
  const bins = path.join(folder, 'node_modules/.bin')
  await mkdir(bins, { recursive: true })
  for (const [program, file] of Object.entries(typeof bin === 'string' ? { [path.basename(name)]: bin } : bin)) {
    await symlink(path.join(target, file), path.join(bins, program))
  }
}

async function start(folder: string, env: Record<string, string>, ready: RegExp): Promise<RunningExample> {
  const { PATH, HOME } = process.env
  // In a group of its own, which is ended as a whole: npm does not pass every signal on.
  const child = spawn('npm', ['start'], {
    cwd: folder,
    env: { NODE_ENV: 'production', PATH, HOME, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const isReady = new Promise<boolean>((resolve) => {
    const read = (chunk: Buffer) => {
      output += chunk
      if (ready.test(output)) resolve(true)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
  })
  if (!(await Promise.race([isReady, exited.then(() => false)]))) throw new Error(`the example did not start:\n${output}`)
  return {
    child,
    output: () => output,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
      await exited
    },
  }
}

/** Ports that nothing listens on now. */
export async function findPorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
