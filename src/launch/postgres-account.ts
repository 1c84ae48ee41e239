import { spawnSync } from 'node:child_process'
import { chmod, chown, stat } from 'node:fs/promises'
import { LaunchError } from './launch-error'
import type { PostgresPrograms } from './postgres-programs'

/** The user and group `nobody`, by their usual number. */
const nobody = 65_534

/** As whom the server's programs run. Postgres refuses root. */
export interface PostgresAccount {
  /** Whom the data must belong to. */
  uid: number
  /** Turns a program and its arguments into what `spawn` wants. */
  command(program: string, args: readonly string[]): { file: string; args: string[]; ids: { uid?: number; gid?: number } }
}

/** Whom the data will belong to, without looking whether that works. */
export function postgresUid(): number {
  const uid = process.getuid?.() ?? 0
  return uid === 0 ? nobody : uid
}

/**
 * Root lends the server the user `nobody`. That user may not be let into the folder of a clone below /root or in a
 * private temporary folder; then the server keeps the one capability of reading and passing any folder.
 * @param folder which the server must be able to enter
 * @throws {LaunchError} when no way works
 */
export async function findPostgresAccount(programs: PostgresPrograms, dataDir: string, folder: string): Promise<PostgresAccount> {
  if (process.getuid?.() !== 0) {
    const account: PostgresAccount = { uid: postgresUid(), command: (file, args) => ({ file, args: [...args], ids: {} }) }
    const failure = tryOut(account, programs, folder)
    if (failure) throw new LaunchError(`The embedded Postgres does not run here:\n${failure}\nSet DATABASE_URL to a Postgres 14 or newer.`)
    return account
  }
  await letThrough(dataDir)
  const failures: string[] = []
  for (const account of [switchUser, keepCapability('dac_read_search'), keepCapability('dac_override')]) {
    const failure = tryOut(account, programs, folder)
    if (!failure) return account
    failures.push(failure)
  }
  throw new LaunchError(
    [
      'Postgres refuses to run as root, and here it cannot be run as another user either:',
      ...new Set(failures.flatMap((failure) => failure.split('\n').map((line) => `  ${line}`))),
      `Run Roomline as an ordinary user; or keep the clone and DATA_DIR where every user may pass (not below /root, nor in a folder of mode 0700); or set DATABASE_URL to a Postgres 14 or newer.`,
    ].join('\n'),
  )
}

const switchUser: PostgresAccount = {
  uid: nobody,
  command: (file, args) => ({ file, args: [...args], ids: { uid: nobody, gid: nobody } }),
}

function keepCapability(capability: string): PostgresAccount {
  // Without that secure bit the kernel leaves capabilities out of access(2), by which Postgres looks for its own programs.
  const options = ['--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups', '--securebits', '+no_setuid_fixup']
  const capabilities = ['--inh-caps', `+${capability}`, '--ambient-caps', `+${capability}`]
  return { uid: nobody, command: (file, args) => ({ file: 'setpriv', args: [...options, ...capabilities, file, ...args], ids: {} }) }
}

/**
 * Has initdb look for all its files, and make nothing.
 * @returns why it does not work, or nothing
 */
function tryOut(account: PostgresAccount, programs: PostgresPrograms, folder: string): string | undefined {
  const { file, args, ids } = account.command('/bin/sh', ['-c', 'cd -- "$1" && exec "$2" --show -D "$1"', 'sh', folder, programs.initdb])
  const { status, error, stderr } = spawnSync(file, args, { ...ids, cwd: '/', encoding: 'utf8', timeout: 10_000 })
  if (status === 0) return undefined
  return error?.message || stderr?.trim() || `${file} ended with code ${status}`
}

/** A folder that is root's alone may be passed by that one group, not listed; its files stay root's alone. */
async function letThrough(dataDir: string) {
  const { mode, uid } = await stat(dataDir)
  if ((mode & 0o077) !== 0) return
  await chown(dataDir, uid, nobody)
  await chmod(dataDir, (mode & 0o700) | 0o010)
}
