import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { commandLineOf } from '../../src/launch/running'
import { startServerProcess } from '../../src/launch/server-process'
import { createServices } from '../../src/launch/services'
import { makeFolder } from './temporary-folder'

const file = fileURLToPath(new URL('fake-server.ts', import.meta.url))
const start = (behavior: string) => startServerProcess({ name: 'The server', file, env: { ...process.env, BEHAVIOR: behavior } })

describe('server process', () => {
  it('reports when it is ready and exits cleanly when it is closed', async () => {
    const server = start('starts')
    await server.ready
    await server.close()
    expect(await server.exited).toEqual({ code: 0, signal: null })
  })

  it('rejects `ready` with the name and exit code when it exits too early', async () => {
    await expect(start('exits').ready).rejects.toThrow('The server exited with code 3 before it was ready')
  })

  it('leaves no process behind when its watcher is killed', async () => {
    await using folder = await makeFolder()
    const pidFile = path.join(folder.path, 'pid')
    const server = startServerProcess({
      name: 'The server',
      file,
      env: { ...process.env, BEHAVIOR: 'ignores SIGTERM', PID_FILE: pidFile },
      watch: true,
    })
    const pid = Number(await vi.waitFor(() => readFile(pidFile, 'utf8'), { timeout: 20_000 }))
    server.kill()
    await vi.waitFor(async () => expect(await commandLineOf(pid)).toBe(''), { timeout: 20_000 })
  })

  it('is reported once when it exits by itself, and everything is closed from the last stage to the first', async () => {
    const closed: string[] = []
    const onFailure = vi.fn()
    const services = createServices(onFailure)
    services.add('lock', 'The lock', { close: async () => void closed.push('lock') })
    services.add('postgres', 'Postgres', { close: async () => void closed.push('postgres') })
    const server = start('starts')
    services.add('servers', 'The server', { ...server, close: async () => void closed.push('server') })
    await server.ready
    server.kill()
    await vi.waitFor(() => expect(onFailure).toHaveBeenCalledExactlyOnceWith('The server was killed by SIGKILL'))
    await services.close()
    expect(closed).toEqual(['server', 'postgres', 'lock'])
  })
})
