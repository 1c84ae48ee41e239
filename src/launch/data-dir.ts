import { randomBytes } from 'node:crypto'
import { access, constants, link, mkdir, open, readFile, realpath, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { LaunchError } from './launch-error'
import { awaitProcessLock } from './process-lock'

export interface DataDir {
  /** Absolute. */
  path: string
  /** Gives it back to others. */
  close(): Promise<void>
}

/**
 * Opens the folder of the embedded services, and keeps other launchers out of it until it is closed. One that is just
 * ending has `patienceMs` to finish.
 * @throws {LaunchError} when another launcher has it, or it cannot be used
 */
export async function openDataDir(dataDir: string, { patienceMs = 3_000 } = {}): Promise<DataDir> {
  const wanted = path.resolve(dataDir)
  const place = await mkdir(wanted, { recursive: true, mode: 0o700 })
    .then(() => realpath(wanted))
    .catch((error: NodeJS.ErrnoException) => {
      throw new LaunchError(`DATA_DIR ${wanted} cannot be made (${error.code}). Choose a folder that you may write to.`)
    })
  await requireWritable(place)
  const lock = await awaitProcessLock(path.join(place, 'launcher.sock'), AbortSignal.timeout(patienceMs))
  if (!lock) {
    throw new LaunchError(
      `DATA_DIR ${place} is in use: another Roomline runs in it. Stop that one, or give this one a DATA_DIR, a WEB_PORT and a REALTIME_PORT of its own.`,
    )
  }
  return { path: place, close: () => lock.close() }
}

async function requireWritable(place: string) {
  const { R_OK, W_OK, X_OK } = constants
  try {
    await access(place, R_OK | W_OK | X_OK)
  } catch {
    const { uid } = await stat(place)
    throw new LaunchError(
      `DATA_DIR ${place} belongs to ${nameOfUser(uid)}, and this process, which runs as ${nameOfUser(process.getuid?.() ?? 0)}, may not write to it. Start Roomline as that user, or choose another DATA_DIR.`,
    )
  }
}

export function nameOfUser(uid: number): string {
  return uid === 0 ? 'root' : `user ${uid}`
}

/** The secret that signs sessions when no AUTH_SECRET is given: made once, and the same at each later start. */
export async function readAuthSecret(dataDir: string): Promise<string> {
  const secret = await readOrMake(path.join(dataDir, 'auth-secret'), () => randomBytes(48).toString('base64url'))
  if (secret.length < 32)
    throw new LaunchError(`${path.join(dataDir, 'auth-secret')} is too short: remove it, and everybody signs in again.`)
  return secret
}

/** A small secret file, for our eyes only. It is whole or not there, whenever we are killed. */
export async function readOrMake(file: string, make: () => string): Promise<string> {
  const known = await readIfThere(file)
  if (known !== null) return known
  const draft = `${file}.${process.pid}`
  await rm(draft, { force: true })
  const handle = await open(draft, 'wx', 0o600)
  await handle.writeFile(`${make()}\n`)
  await handle.sync()
  await handle.close()
  // A link, unlike a rename, never replaces what another process made meanwhile.
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(draft)
  return (await readFile(file, 'utf8')).trim()
}

async function readIfThere(file: string): Promise<string | null> {
  return readFile(file, 'utf8').then(
    (text) => text.trim(),
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw new LaunchError(`${file} cannot be read (${error.code}). Start Roomline as the user it belongs to, or choose another DATA_DIR.`)
    },
  )
}
