import { once } from 'node:events'
import { chmod, chown, stat } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDataDir, readAuthSecret } from '../../src/launch/data-dir'
import { makeFolder, runModule } from './temporary-folder'

describe('data folder', () => {
  it('refuses a second launcher, naming the folder, until the first one closes it', async () => {
    await using folder = await makeFolder()
    const place = path.join(folder.path, 'data')
    const first = await openDataDir(place)
    await expect(openDataDir(place, { patienceMs: 50 })).rejects.toThrow(`DATA_DIR ${place} is in use`)
    await first.close()
    const second = await openDataDir(place)
    await second.close()
    expect((await stat(place)).mode & 0o777).toBe(0o700)
  })

  it('waits for a launcher that is about to stop', async () => {
    await using folder = await makeFolder()
    const first = await openDataDir(folder.path)
    const second = openDataDir(folder.path)
    await first.close()
    await (await second).close()
  })

  it('can be opened after its launcher was killed, and keeps the secret that signs sessions', async () => {
    await using folder = await makeFolder()
    const { child, message } = await runModule('data-dir-holder.ts', folder.path)
    await expect(openDataDir(folder.path, { patienceMs: 50 })).rejects.toThrow('is in use')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const dataDir = await openDataDir(folder.path)
    const secret = await readAuthSecret(dataDir.path)
    await dataDir.close()
    expect({ secret }).toEqual(message)
    expect((await stat(path.join(folder.path, 'auth-secret'))).mode & 0o777).toBe(0o600)
  })

  it('lets in exactly one of many launchers that find the lock of a killed one at the same time', async () => {
    await using folder = await makeFolder()
    const { child } = await runModule('data-dir-holder.ts', folder.path)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => openDataDir(folder.path, { patienceMs: 0 })))
    const opened = all.filter((one) => one.status === 'fulfilled')
    expect(opened).toHaveLength(1)
    await opened[0]?.value.close()
  })

  it('works when its path is longer than a socket path can be', async () => {
    await using folder = await makeFolder()
    const place = path.join(folder.path, 'deep'.repeat(40))
    const first = await openDataDir(place)
    await expect(openDataDir(place, { patienceMs: 50 })).rejects.toThrow('is in use')
    await first.close()
  })

  it('refuses a secret that others can read or could have put there', async () => {
    await using folder = await makeFolder()
    const file = path.join(folder.path, 'auth-secret')
    const secret = await readAuthSecret(folder.path)
    await chmod(file, 0o644)
    await expect(readAuthSecret(folder.path)).rejects.toThrow(`chmod 600`)
    await chmod(file, 0o600)
    expect(await readAuthSecret(folder.path)).toBe(secret)
    if (process.getuid?.() !== 0) return
    await chown(file, 65_534, 65_534)
    await expect(readAuthSecret(folder.path)).rejects.toThrow('belongs to user 65534')
  })

  it('creates its secret once, with at least 32 bytes', async () => {
    await using folder = await makeFolder()
    const { path: place, close } = await openDataDir(folder.path)
    const first = await readAuthSecret(place)
    expect(await readAuthSecret(place)).toBe(first)
    expect(Buffer.byteLength(first)).toBeGreaterThanOrEqual(32)
    await close()
  })
})
