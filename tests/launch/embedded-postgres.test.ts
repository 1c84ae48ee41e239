import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chown, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { describe, expect, it, vi } from 'vitest'
import { startEmbeddedPostgres } from '../../src/launch/embedded-postgres'
import { requireUnused } from '../../src/launch/postgres-account'
import { makeFolder, runModule } from './temporary-folder'

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  // Queries reject by themselves. Without a listener, a connection that ends between two queries would end the test run.
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query<{ answer: unknown }>(sql)
  await client.end()
  return rows.map((row) => row.answer)
}

/** What a command of the user `nobody` prints, to whichever of its outputs. */
function asNobody(command: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { uid: 65_534, gid: 65_534, cwd: '/', encoding: 'utf8' })
  return stdout + stderr
}

async function ownersIn(folder: string): Promise<string[]> {
  const names = ['', ...(await readdir(folder, { recursive: true }))]
  const owners = await Promise.all(names.map((name) => lstat(path.join(folder, name))))
  return [...new Set(owners.map(({ uid, gid }) => `${uid}:${gid}`))]
}

const isRoot = process.getuid?.() === 0

describe('embedded Postgres', { timeout: 30_000 }, () => {
  it('keeps its data over a stop and over kill -9, with durable commits and on loopback only', async () => {
    await using folder = await makeFolder()
    const first = await startEmbeddedPostgres({ dataDir: folder.path })
    await ask(first.url, 'CREATE TABLE notes (answer text)')
    await ask(first.url, "INSERT INTO notes VALUES ('Ärger')")
    const settings = ['fsync', 'synchronous_commit', 'full_page_writes', 'server_encoding', 'listen_addresses', 'timezone']
    expect(await ask(first.url, `SELECT current_setting(name) AS answer FROM unnest(ARRAY['${settings.join("','")}']) AS name`)).toEqual([
      ...['on', 'on', 'on', 'UTF8', '127.0.0.1', 'UTC'],
    ])
    expect(await ask(first.url, "SELECT lower('Ä') AS answer")).toEqual(['ä'])
    await first.close()
    expect(await first.exited).toEqual({ code: 0, signal: null })

    const second = await startEmbeddedPostgres({ dataDir: folder.path })
    await ask(second.url, "INSERT INTO notes VALUES ('two')")
    process.kill(Number.parseInt(await readFile(path.join(folder.path, 'postgres/postmaster.pid'), 'utf8'), 10), 'SIGKILL')
    expect(await second.exited).toEqual({ code: null, signal: 'SIGKILL' })

    const third = await startEmbeddedPostgres({ dataDir: folder.path, url: second.url })
    expect(third.url).toBe(second.url)
    expect(await ask(third.url, 'SELECT answer FROM notes ORDER BY answer')).toEqual(['two', 'Ärger'])
    await third.close()
  })

  it('stops a server that an earlier start left behind, but no other program that has its pid', async () => {
    await using folder = await makeFolder()
    const leftover = await startEmbeddedPostgres({ dataDir: folder.path })
    const log = vi.fn()
    const next = await startEmbeddedPostgres({ dataDir: folder.path, log })
    expect(await leftover.exited).toEqual({ code: 0, signal: null })
    expect(log).toHaveBeenCalledWith(expect.stringContaining('left behind'))

    const pidFile = path.join(folder.path, 'postgres/postmaster.pid')
    const left = await readFile(pidFile, 'utf8')
    await next.close()
    const unrelated = spawn('sleep', ['60'])
    await once(unrelated, 'spawn')
    await writeFile(pidFile, left.replace(/^\d+/, String(unrelated.pid)))
    const last = await startEmbeddedPostgres({ dataDir: folder.path })
    expect(await ask(last.url, 'SELECT 1 AS answer')).toEqual([1])
    expect(unrelated.exitCode ?? unrelated.signalCode).toBeNull()
    await last.close()
    unrelated.kill()
  })

  it('stops when its launcher is killed', async () => {
    await using folder = await makeFolder()
    const { child, message } = await runModule('postgres-holder.ts', folder.path)
    const { url } = message as { url: string }
    expect(await ask(url, 'SELECT 1 AS answer')).toEqual([1])
    child.kill('SIGKILL')
    await vi.waitFor(() => expect(ask(url, 'SELECT 1 AS answer')).rejects.toThrow(), { timeout: 5_000 })
    await vi.waitFor(async () => expect(await readdir(path.join(folder.path, 'postgres'))).not.toContain('postmaster.pid'), {
      timeout: 5_000,
    })
  })

  it('starts over when creating the database was interrupted', async () => {
    await using folder = await makeFolder()
    await mkdir(path.join(folder.path, 'postgres.new-gone'))
    await writeFile(path.join(folder.path, 'postgres.new-gone/PG_VERSION'), '18\n')
    const stop = new AbortController()
    const interrupted = startEmbeddedPostgres({ dataDir: folder.path, signal: stop.signal })
    await vi.waitFor(async () =>
      expect((await readdir(folder.path, { recursive: true })).filter((name) => name.endsWith('.password'))).toHaveLength(1),
    )
    stop.abort(new Error('stopped'))
    await expect(interrupted).rejects.toThrow('stopped')
    expect(await readdir(folder.path)).not.toContain('postgres')

    const postgres = await startEmbeddedPostgres({ dataDir: folder.path })
    expect(await ask(postgres.url, 'SELECT current_database() AS answer')).toEqual(['roomline'])
    await postgres.close()
    expect((await readdir(folder.path)).filter((name) => name.includes('.new-'))).toEqual([])
  })

  it.runIf(isRoot)('runs for root in a folder that only root can enter, and keeps its data there', async () => {
    await using folder = await makeFolder(0o700)
    const dataDir = path.join(folder.path, 'data')
    await mkdir(dataDir)
    const first = await startEmbeddedPostgres({ dataDir })
    await ask(first.url, 'CREATE TABLE notes AS SELECT 1 AS answer')
    const pid = Number.parseInt(await readFile(path.join(dataDir, 'postgres/postmaster.pid'), 'utf8'), 10)
    expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(
      /^Uid:\t65521\t65521\t65521\t65521\nGid:\t65521\t65521\t65521\t65521\nFDSize:\t\d+\nGroups:\t *$/m,
    )
    process.kill(pid, 'SIGKILL')
    await first.exited
    const second = await startEmbeddedPostgres({ dataDir })
    expect(await ask(second.url, 'SELECT answer FROM notes')).toEqual([1])
    await second.close()
  })

  it.runIf(isRoot)("gives root's Postgres a user of its own: `nobody` can neither read its data nor make it with it", async () => {
    await using folder = await makeFolder(0o755)
    const starting = startEmbeddedPostgres({ dataDir: folder.path })
    const tries: string[] = []
    let done = false
    void starting.finally(() => {
      done = true
    })
    // While initdb, which runs as `nobody`, fills its folder.
    while (!done) {
      const draft = (await readdir(folder.path)).find((name) => name.startsWith('postgres.new-'))
      if (draft) tries.push(asNobody('ls', path.join(folder.path, draft, 'data')))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await using postgres = { ...(await starting), [Symbol.asyncDispose]: async () => (await starting).close() }
    expect(tries.length).toBeGreaterThan(0)
    tries.push(asNobody('ls', path.join(folder.path, 'postgres')), asNobody('cat', path.join(folder.path, 'postgres/PG_VERSION')))
    tries.push(asNobody('cat', path.join(folder.path, 'postgres-password')), asNobody('cat', path.join(folder.path, 'postgres.log')))
    for (const words of tries) expect(words).toMatch(/Permission denied|No such file/)
    expect(await ownersIn(path.join(folder.path, 'postgres'))).toEqual(['65521:65521'])
    expect(await ask(postgres.url, 'SELECT 1 AS answer')).toEqual([1])
  })

  it.runIf(isRoot)('takes over the data that an earlier version made as `nobody`, also when it was interrupted', async () => {
    await using folder = await makeFolder(0o700)
    const home = path.join(folder.path, 'postgres')
    const first = await startEmbeddedPostgres({ dataDir: folder.path })
    await ask(first.url, 'CREATE TABLE notes AS SELECT 1 AS answer')
    await first.close()
    for (const name of ['', 'base', 'PG_VERSION', 'global/pg_control']) await chown(path.join(home, name), 65_534, 65_534)
    await chown(folder.path, 0, 65_534)
    await symlink('/etc/hostname', path.join(home, 'elsewhere'))
    const before = await stat('/etc/hostname')

    const second = await startEmbeddedPostgres({ dataDir: folder.path })
    expect(await ask(second.url, 'SELECT answer FROM notes')).toEqual([1])
    await second.close()
    expect((await ownersIn(home)).filter((owner) => owner.startsWith('65534'))).toEqual([])
    expect((await stat('/etc/hostname')).uid).toBe(before.uid)
    expect(asNobody('ls', home)).toContain('Permission denied')
  })

  it('refuses root a uid that somebody has, and names them', async () => {
    await using folder = await makeFolder()
    const file = path.join(folder.path, 'passwd')
    await writeFile(file, 'root:x:0:0::/root:/bin/sh\nsmith:x:65521:100::/home/smith:/bin/sh\n')
    await expect(requireUnused(65_521, [file])).rejects.toThrow(/65521.*smith.*Run Roomline as an ordinary user/)
    await requireUnused(65_522, [file])
  })

  it.runIf(isRoot)('tells root who created the data when an ordinary user did', async () => {
    await using folder = await makeFolder()
    const home = path.join(folder.path, 'postgres')
    await mkdir(home)
    await writeFile(path.join(home, 'PG_VERSION'), '18\n')
    await expect(startEmbeddedPostgres({ dataDir: folder.path })).rejects.toThrow('was created by root')
  })
})
