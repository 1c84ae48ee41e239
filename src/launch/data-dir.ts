import { randomBytes } from 'node:crypto'
import { access, constants, link, mkdir, open, readFile, realpath, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { LaunchError } from './launch-error'
import { awaitProcessLock } from './process-lock'

export interface DataDir {
  /** Absolute path. */
  path: string
  /** Lets other launchers use the folder again. */
  close(): Promise<void>
}

/**
 * Opens the data folder of the embedded services and locks it against other launchers.
 * @param patienceMs how long to wait for a launcher that is just stopping
 * @throws {LaunchError} when another launcher is using the folder, or it cannot be created or written to
 */
export async function openDataDir(dataDir: string, { patienceMs = 3_000 } = {}): Promise<DataDir> {
  const requested = path.resolve(dataDir)
  const folder = await mkdir(requested, { recursive: true, mode: 0o700 })
    .then(() => realpath(requested))
    .catch((error: NodeJS.ErrnoException) => {
      throw new LaunchError(`Cannot create DATA_DIR ${requested} (${error.code}). Choose a folder that you can write to.`)
    })
  await requireWritable(folder)
  const lock = await awaitProcessLock(path.join(folder, 'launcher.sock'), AbortSignal.timeout(patienceMs))
  if (!lock) {
    throw new LaunchError(
      `DATA_DIR ${folder} is in use by another Roomline. Stop that one, or give this one its own DATA_DIR, WEB_PORT and REALTIME_PORT.`,
    )
  }
  return { path: folder, close: () => lock.close() }
}

async function requireWritable(folder: string) {
  const { R_OK, W_OK, X_OK } = constants
  try {
    await access(folder, R_OK | W_OK | X_OK)
  } catch {
    const { uid } = await stat(folder)
    throw new LaunchError(
      `DATA_DIR ${folder} belongs to ${nameOfUser(uid)}, but Roomline is running as ${nameOfUser(process.getuid?.() ?? 0)}, who cannot write to it. Start Roomline as ${nameOfUser(uid)}, or choose another DATA_DIR.`,
    )
  }
}

export function nameOfUser(uid: number): string {
  return uid === 0 ? 'root' : `user ${uid}`
}

/** The secret that signs sessions when AUTH_SECRET is not set. Created at the first start and kept for later ones. */
export async function readAuthSecret(dataDir: string): Promise<string> {
  const secret = await readOrCreate(path.join(dataDir, 'auth-secret'), () => randomBytes(48).toString('base64url'))
  if (secret.length < 32)
    throw new LaunchError(
      `${path.join(dataDir, 'auth-secret')} is too short. Delete it to create a new one; everybody then has to sign in again.`,
    )
  return secret
}

/** Reads a small secret file, or creates it, readable to its owner only. A kill at any moment never leaves half a file. */
export async function readOrCreate(file: string, create: () => string): Promise<string> {
  const existing = await readIfExists(file)
  if (existing !== null) {
    await requirePrivate(file)
    return existing
  }
  const draft = `${file}.${process.pid}`
  await rm(draft, { force: true })
  const handle = await open(draft, 'wx', 0o600)
  await handle.writeFile(`${create()}\n`)
  await handle.sync()
  await handle.close()
  // A link, unlike a rename, never replaces a file that another process created meanwhile.
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(draft)
  return (await readFile(file, 'utf8')).trim()
}

/** In a folder that everybody can write to, somebody else could have put the file there, or could read it. */
async function requirePrivate(file: string) {
  const { uid, mode } = await stat(file)
  const own = process.getuid?.() ?? uid
  if (uid !== own && uid !== 0)
    throw new LaunchError(`${file} belongs to ${nameOfUser(uid)}, who could know the secret in it. Delete it, or make it your own.`)
  if ((mode & 0o007) !== 0)
    throw new LaunchError(`Everybody on this machine can read the secret in ${file}. Run \`chmod 600\` on it, or delete it.`)
}

/** The trimmed text of a file in the data folder, or null when there is no such file. */
export async function readIfExists(file: string): Promise<string | null> {
  return readFile(file, 'utf8').then(
    (text) => text.trim(),
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw new LaunchError(`Cannot read ${file} (${error.code}). Start Roomline as the user who owns it, or choose another DATA_DIR.`)
    },
  )
}
