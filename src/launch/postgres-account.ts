import { spawnSync } from 'node:child_process'
import { chmod, chown, stat } from 'node:fs/promises'
import { LaunchError } from './launch-error'
import type { PostgresPrograms } from './postgres-programs'

/** The usual uid and gid of `nobody`. */
const nobody = 65_534

/** The user that runs Postgres' programs. Postgres refuses to run as root. */
export interface PostgresAccount {
  /** Owner of the data folder. */
  uid: number
  /** Turns a program and its arguments into input for `spawn` that runs it as this user. */
  command(program: string, args: readonly string[]): { file: string; args: string[]; ids: { uid?: number; gid?: number } }
}

/** The uid that runs Postgres here, without checking that it can. */
export function postgresUid(): number {
  const uid = process.getuid?.() ?? 0
  return uid === 0 ? nobody : uid
}

/**
 * Finds a way to run Postgres: as the current user, or, when started as root, as `nobody`. If `nobody` cannot reach the
 * folder (a clone below /root, say), Postgres keeps the one capability that lets it pass through any folder.
 * @param folder that Postgres must be able to enter
 * @throws {LaunchError} when nothing works
 */
export async function findPostgresAccount(programs: PostgresPrograms, dataDir: string, folder: string): Promise<PostgresAccount> {
  if (process.getuid?.() !== 0) {
    const account: PostgresAccount = { uid: postgresUid(), command: (file, args) => ({ file, args: [...args], ids: {} }) }
    const failure = findObstacle(account, programs, folder)
    if (failure)
      throw new LaunchError(`The embedded Postgres cannot run on this machine:\n${failure}\nSet DATABASE_URL to a Postgres 14 or newer.`)
    return account
  }
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
  uid: nobody,
  command: (file, args) => ({ file, args: [...args], ids: { uid: nobody, gid: nobody } }),
}

function keepCapability(capability: string): PostgresAccount {
  // Without this secure bit, access(2) ignores capabilities, and Postgres uses it to find its own programs.
  const options = ['--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups', '--securebits', '+no_setuid_fixup']
  const capabilities = ['--inh-caps', `+${capability}`, '--ambient-caps', `+${capability}`]
  return { uid: nobody, command: (file, args) => ({ file: 'setpriv', args: [...options, ...capabilities, file, ...args], ids: {} }) }
}

/**
 * Has initdb find all its files, without creating anything.
 * @returns why that fails, or undefined when it works
 */
function findObstacle(account: PostgresAccount, programs: PostgresPrograms, folder: string): string | undefined {
  const { file, args, ids } = account.command('/bin/sh', ['-c', 'cd -- "$1" && exec "$2" --show -D "$1"', 'sh', folder, programs.initdb])
  const { status, error, stderr } = spawnSync(file, args, { ...ids, cwd: '/', encoding: 'utf8', timeout: 10_000 })
  if (status === 0) return undefined
  return error?.message || stderr?.trim() || `${file} exited with code ${status}`
}

/** Lets the group `nobody` pass through a folder that only root can enter. It still cannot list the folder or read its files. */
async function allowGroupToPass(dataDir: string) {
  const { mode, uid } = await stat(dataDir)
  if ((mode & 0o077) !== 0) return
  await chown(dataDir, uid, nobody)
  await chmod(dataDir, (mode & 0o700) | 0o010)
}
