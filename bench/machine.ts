import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Services } from './services'

const root = fileURLToPath(new URL('..', import.meta.url))
const packages = ['ws', '@trpc/server', 'socket.io', '@socket.io/redis-adapter', 'engine.io', 'ioredis', 'pg', '@prisma/client', 'zod']

/** Describes the machine, the versions and the commit that were measured. */
export async function describeRun({ query }: Services) {
  const [postgres] = await query<{ version: string }>('SELECT version()')
  return {
    machine: {
      cpu: os.cpus()[0]?.model ?? 'unknown',
      cores: os.availableParallelism(),
      memoryGiB: Math.round(os.totalmem() / 1024 ** 3),
      os: `${os.type()} ${os.release()} ${os.arch()}`,
      node: process.version,
      loadBefore: os.loadavg(),
    },
    versions: {
      ...Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
      // Socket.IO has its own copy of ws.
      'ws in engine.io': versionOf('engine.io/node_modules/ws'),
      postgres: postgres?.version ?? 'unknown',
    },
    commit: git('rev-parse', 'HEAD'),
    dirty: git('status', '--porcelain') !== '',
  }
}

export type RunDescription = Awaited<ReturnType<typeof describeRun>>

function versionOf(name: string): string {
  try {
    return JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8')).version
  } catch {
    return 'unknown'
  }
}

/** Empty when git is missing. */
function git(...args: string[]): string {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}
