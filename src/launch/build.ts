import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { compressFiles } from './compress'
import { LaunchError } from './launch-error'
import { startOrphanGuard } from './orphan-guard'
import { awaitProcessLock, takeProcessLock } from './process-lock'
import { describeExit, untilExit } from './running'
import { seconds } from './seconds'

interface BuildOptions {
  log: (line: string) => void
  signal?: AbortSignal
  /** The folder that holds package.json. */
  root?: string
  /** In development Next builds each page on request, so only the database client is built up front. */
  dev?: boolean
}

interface Step {
  title: string
  /** Files and folders, relative to the root. A folder stands for all files in it. */
  inputs: string[]
  /** A file that only exists once the step has run. */
  output: string
  /** The file that stores the fingerprint of the inputs after a successful run. */
  stamp: string
  /** The program to run, as a module path inside node_modules, and its arguments. */
  command: [module: string, ...args: string[]]
  /** What this process does once the program has ended well. */
  finish?(root: string): Promise<void>
}

const prismaClient = 'src/server/platform/prisma'

const generatePrisma: Step = {
  title: 'the database client',
  inputs: ['prisma/schema.prisma', 'prisma.config.ts', 'node_modules/prisma/package.json'],
  output: `${prismaClient}/client.ts`,
  stamp: `${prismaClient}/roomline-build.json`,
  command: ['prisma/build/index.js', 'generate'],
}

const buildWeb: Step = {
  title: 'the web app',
  inputs: ['package-lock.json', 'next.config.mjs', 'postcss.config.mjs', 'tsconfig.json', 'prisma/schema.prisma', 'public', 'src'],
  output: '.next/BUILD_ID',
  stamp: '.next/roomline-build.json',
  command: ['next/dist/bin/next', 'build'],
  finish: (root) => compressFiles(path.join(root, '.next/static'), path.join(root, '.next/compressed')),
}

/** Below src, but not part of the web app: a change here needs no new build. */
const ignoredInputs = [prismaClient, 'src/launch']

/**
 * Runs each build step whose inputs have changed since its last run. Writes nothing when everything is up to date.
 * @returns one line of output for each step that ran
 * @throws {LaunchError} with the output of the step that failed
 */
export async function buildIfNeeded({
  log,
  signal = new AbortController().signal,
  dev = false,
  root = projectRoot,
}: BuildOptions): Promise<string[]> {
  const steps = dev ? [generatePrisma] : [generatePrisma, buildWeb]
  const built: string[] = []
  if ((await stepsNeeded(steps, root)).length === 0) return built

  const lockFile = path.join(root, 'node_modules/.roomline-build.sock')
  let lock = await takeProcessLock(lockFile)
  if (!lock) {
    log('waiting for another build in this folder …')
    lock = await awaitProcessLock(lockFile, signal)
  }
  try {
    signal.throwIfAborted()
    for (const step of await stepsNeeded(steps, root)) {
      log(`building ${step.title} …`)
      const since = performance.now()
      await build(step, root, signal)
      built.push(`built ${step.title}  ${seconds(since)}`)
      log(built.at(-1) ?? '')
    }
  } finally {
    await lock?.close()
  }
  return built
}

const projectRoot = fileURLToPath(new URL('../..', import.meta.url))

async function stepsNeeded(steps: readonly Step[], root: string): Promise<Step[]> {
  const needed = await Promise.all(steps.map(async (step) => !(await isUpToDate(step, root))))
  return steps.filter((_, index) => needed[index])
}

async function isUpToDate(step: Step, root: string): Promise<boolean> {
  try {
    await access(path.join(root, step.output))
    const { fingerprint } = JSON.parse(await readFile(path.join(root, step.stamp), 'utf8')) as { fingerprint: string }
    return fingerprint === (await fingerprintOf(step, root))
  } catch {
    return false
  }
}

async function build(step: Step, root: string, signal: AbortSignal) {
  // Taken before the step runs, so that a file that changes meanwhile triggers another build at the next start.
  const fingerprint = await fingerprintOf(step, root)
  const stamp = path.join(root, step.stamp)
  try {
    await rm(stamp, { force: true })
    await run(step, root, signal)
    await step.finish?.(root)
    await mkdir(path.dirname(stamp), { recursive: true })
    await writeFile(stamp, `${JSON.stringify({ fingerprint })}\n`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EROFS' && code !== 'EACCES' && code !== 'EPERM') throw error
    throw new LaunchError(
      `Cannot build ${step.title}: ${root} is not writable (${code}). Run \`npm run build\` as a user who can write to it.`,
    )
  }
}

async function run(step: Step, root: string, signal: AbortSignal) {
  const [module, ...args] = step.command
  const child = spawn(process.execPath, [createRequire(path.join(root, 'package.json')).resolve(module), ...args], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const exited = untilExit(child)
  const guard = child.pid ? startOrphanGuard(child.pid, 'TERM') : null
  const end = () => child.kill('SIGTERM')
  signal.addEventListener('abort', end)
  if (signal.aborted) end()
  const exit = await exited
  guard?.close()
  signal.removeEventListener('abort', end)
  signal.throwIfAborted()
  if (exit.code !== 0) throw new LaunchError(`${output.trim()}\n\nBuilding ${step.title} failed: ${args[0]} ${describeExit(exit)}.`)
}

async function fingerprintOf(step: Step, root: string): Promise<string> {
  const hash = createHash('sha256')
  for (const input of step.inputs) {
    for (const file of await filesIn(root, input)) {
      hash.update(`${file}\0`)
      hash.update(
        createHash('sha256')
          .update(await readFile(path.join(root, file)))
          .digest(),
      )
    }
  }
  return hash.digest('hex')
}

/** The file itself, or all files below the folder in a fixed order. Empty when nothing exists there. */
async function filesIn(root: string, entry: string): Promise<string[]> {
  if (ignoredInputs.includes(entry) || /\.test\.tsx?$|(^|\/)\.[^/]*$/.test(entry)) return []
  try {
    const children = await readdir(path.join(root, entry), { withFileTypes: true })
    const names = children.map((child) => `${entry}/${child.name}`).sort()
    return (await Promise.all(names.map((name) => filesIn(root, name)))).flat()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR') return [entry]
    if (code === 'ENOENT') return []
    throw error
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort(name))
  try {
    const built = await buildIfNeeded({ log: (line) => process.stdout.write(`${line}\n`), signal: stop.signal })
    if (built.length === 0) process.stdout.write('Nothing to build: everything is up to date.\n')
  } catch (error) {
    if (!stop.signal.aborted) process.stderr.write(`${error instanceof LaunchError ? error.message : (error as Error).stack}\n`)
    process.exitCode = 1
  }
}
