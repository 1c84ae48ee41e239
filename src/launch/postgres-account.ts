import { spawnSync } from 'node:child_process'
import { chmod, chown, lchown, lstat, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { nameOfUser } from './data-dir'
import { LaunchError } from './launch-error'
import type { PostgresPrograms } from './postgres-programs'

/** uid and gid in the range 65520 to 65533, which neither people nor services are given. No other program runs as this user. */
const ownUid = 65_521
/** The usual uid of `nobody`. Other programs run as this user too. */
const nobody = 65_534

/** The user that runs Postgres' programs. Postgres refuses to run as root. */
export interface PostgresAccount {
  /** Turns a program and its arguments into input for `spawn` that runs it as this user. */
  command(program: string, args: readonly string[]): Command
  /** The same for initdb, which looks up the name of its user: as root it runs as `nobody`, with a group of its own. */
  initCommand(program: string, args: readonly string[]): Command
}

interface Command {
  file: string
  args: string[]
  ids: { uid?: number; gid?: number }
}

/** The uid that runs Postgres here, without checking that it can. */
export function postgresUid(): number {
  const uid = process.getuid?.() ?? 0
  return uid === 0 ? ownUid : uid
}

/**
 * Finds a way to run Postgres: as the current user, or, when started as root, as a user that nobody else is. If that one cannot
 * reach the folder (a clone below /root, say), Postgres keeps the one capability that lets it pass through any folder.
 * @param draft a folder for initdb to fill, that Postgres must be able to enter
 * @param home a folder with data, that Postgres must be able to enter
 * @throws {LaunchError} when nothing works
 */
export async function findPostgresAccount(
  programs: PostgresPrograms,
  dataDir: string,
  folder: { draft: string } | { home: string },
): Promise<PostgresAccount> {
  if (process.getuid?.() !== 0) {
    const command = (file: string, args: readonly string[]): Command => ({ file, args: [...args], ids: {} })
    const account: PostgresAccount = { command, initCommand: command }
    const failure = findObstacle(account, programs, folder)
    if (failure)
      throw new LaunchError(`The embedded Postgres cannot run on this machine:\n${failure}\nSet DATABASE_URL to a Postgres 14 or newer.`)
    return account
  }
  await requireUnused(ownUid)
  await allowGroupToPass(dataDir)
  const failures: string[] = []
  for (const account of [switchUser, keepCapability('dac_read_search'), keepCapability('dac_override')]) {
    const failure = findObstacle(account, programs, folder)
    if (!failure) return account
    failures.push(failure)
  }
  throw new LaunchError(
    [
      'Postgres refuses to run as root, and Roomline could not run it as another user:',
      ...new Set(failures.flatMap((failure) => failure.split('\n').map((line) => `  ${line}`))),
      'Run Roomline as an ordinary user; or move the clone and DATA_DIR to a place that every user can reach (not below /root or a folder of mode 0700); or set DATABASE_URL to a Postgres 14 or newer.',
    ].join('\n'),
  )
}

const switchUser: PostgresAccount = {
  command: (file, args) => ({ file, args: [...args], ids: { uid: ownUid, gid: ownUid } }),
  initCommand: (file, args) => ({ file, args: [...args], ids: { uid: nobody, gid: ownUid } }),
}

function keepCapability(capability: string): PostgresAccount {
  const as = (uid: number) => (file: string, args: readonly string[]) => {
    // Without this secure bit, access(2) ignores capabilities, and Postgres uses it to find its own programs.
    const options = ['--reuid', `${uid}`, '--regid', `${ownUid}`, '--clear-groups', '--securebits', '+no_setuid_fixup']
    const capabilities = ['--inh-caps', `+${capability}`, '--ambient-caps', `+${capability}`]
    return { file: 'setpriv', args: [...options, ...capabilities, file, ...args], ids: {} }
  }
  return { command: as(ownUid), initCommand: as(nobody) }
}

/**
 * Checks that the data can belong to the user that runs Postgres. Data of `nobody`, from an earlier version of Roomline, is
 * still to be given to that user.
 * @throws {LaunchError} when somebody else created it
 */
export async function findDataOwner(home: string): Promise<'Postgres' | 'nobody'> {
  const { uid } = await stat(home)
  const own = process.getuid?.() ?? 0
  if (uid === postgresUid()) return 'Postgres'
  if (uid === nobody && own === 0) return 'nobody'
  const creator = uid === ownUid || uid === nobody ? 'created when Roomline ran as root' : `created by ${nameOfUser(uid)}`
  throw new LaunchError(
    `The data in ${home} was ${creator}, but Roomline is now running as ${nameOfUser(own)}. Postgres only opens data of its own user. Start Roomline as the same user as before, or choose another DATA_DIR.`,
  )
}

/**
 * Makes an empty folder that initdb can fill, inside one that only root and Postgres' group can enter: other programs of
 * `nobody` cannot.
 */
export async function makeDraft(gate: string): Promise<string> {
  const draft = path.join(gate, 'data')
  await mkdir(draft, { mode: 0o700 })
  if (process.getuid?.() === 0) {
    await chown(gate, 0, ownUid).catch(explainOwner(gate))
    await chmod(gate, 0o710)
    await giveToInitdb(draft)
  }
  return draft
}

export async function giveToInitdb(file: string): Promise<void> {
  if (process.getuid?.() === 0) await chown(file, nobody, ownUid).catch(explainOwner(file))
}

/** Gives what initdb made to the user that runs Postgres. The folder itself comes last, as the sign that all is done. */
export async function giveToPostgres(folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  for (const name of await readdir(folder, { recursive: true })) {
    const file = path.join(folder, name)
    // Only what Postgres itself made: a link from elsewhere to another's file keeps its owner.
    if ((await lstat(file)).uid === nobody) await lchown(file, ownUid, ownUid)
  }
  await chown(folder, ownUid, ownUid).catch(explainOwner(folder))
}

/** Gives the data that an earlier version of Roomline made as `nobody` to the user that runs Postgres. */
export async function takeOverData(dataDir: string, home: string): Promise<void> {
  await requireUnused(ownUid)
  await allowGroupToPass(dataDir)
  await giveToPostgres(home)
}

const explainOwner = (file: string) => (error: NodeJS.ErrnoException) => {
  throw new LaunchError(
    `Postgres refuses to run as root, and root cannot give ${file} to user ${ownUid} here (${error.code}). Run Roomline as an ordinary user, allow the container to change owners (CHOWN, SETUID and SETGID), or set DATABASE_URL to a Postgres 14 or newer.`,
  )
}

/** @throws {LaunchError} when somebody on this machine has the uid or gid that only Postgres may have */
export async function requireUnused(uid: number, files: readonly string[] = ['/etc/passwd', '/etc/group']): Promise<void> {
  for (const file of files) {
    const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'))
    const owner = lines.find((fields) => fields[2] === String(uid))
    if (!owner) continue
    throw new LaunchError(
      `Started by root, Roomline runs its Postgres as user and group ${uid}, but ${file} gives this number to ${owner[0]}, who could read the database. Run Roomline as an ordinary user, or set DATABASE_URL to a Postgres 14 or newer.`,
    )
  }
}

/**
 * Has the programs find all their files, without creating anything.
 * @returns why that fails, or undefined when it works
 */
function findObstacle(
  account: PostgresAccount,
  { initdb, postgres }: PostgresPrograms,
  folder: { draft: string } | { home: string },
): string | undefined {
  const { file, args, ids } =
    'draft' in folder
      ? account.initCommand('/bin/sh', ['-c', 'cd -- "$1" && exec "$2" --show -D "$1"', 'sh', folder.draft, initdb])
      : account.command('/bin/sh', ['-c', 'cd -- "$1" && exec "$2" --version', 'sh', folder.home, postgres])
  const { status, error, stderr } = spawnSync(file, args, { ...ids, cwd: '/', encoding: 'utf8', timeout: 10_000 })
  if (status === 0) return undefined
  return error?.message || stderr?.trim() || `${file} exited with code ${status}`
}

/** Lets Postgres' group pass through a folder that only root can enter. It still cannot list the folder or read its files. */
async function allowGroupToPass(dataDir: string) {
  const { mode, uid, gid } = await stat(dataDir)
  const isPrivate = (mode & 0o077) === 0
  // Up to now, this was the group that could pass.
  const isForNobody = gid === nobody && (mode & 0o077) === 0o010
  if (!isPrivate && !isForNobody) return
  await chown(dataDir, uid, ownUid).catch(explainOwner(dataDir))
  await chmod(dataDir, (mode & 0o700) | 0o010)
}
