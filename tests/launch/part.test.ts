import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { startPart } from '../../src/launch/part'
import { commandLineOf } from '../../src/launch/running'
import { createServices } from '../../src/launch/services'
import { makeFolder } from './temporary-folder'

const file = fileURLToPath(new URL('part-stand-in.ts', import.meta.url))
const start = (mood: string) => startPart({ name: 'The part', file, env: { ...process.env, MOOD: mood } })

describe('a part', () => {
  it('says when it is ready, and ends in order when it is closed', async () => {
    const part = start('well')
    await part.ready
    await part.close()
    expect(await part.exited).toEqual({ code: 0, signal: null })
  })

  it('that stumbles before it is ready is named with its code', async () => {
    await expect(start('stumbles').ready).rejects.toThrow('The part ended with code 3 before it was ready')
  })

  it('with a watcher that is killed leaves no process behind', async () => {
    await using folder = await makeFolder()
    const pidFile = path.join(folder.path, 'pid')
    const part = startPart({ name: 'The part', file, env: { ...process.env, MOOD: 'deaf', PID_FILE: pidFile }, watch: true })
    const pid = Number(await vi.waitFor(() => readFile(pidFile, 'utf8'), { timeout: 20_000 }))
    part.kill()
    await vi.waitFor(async () => expect(await commandLineOf(pid)).toBe(''), { timeout: 20_000 })
  })

  it('that ends by itself is reported once, and everything is closed from the last to the first', async () => {
    const closed: string[] = []
    const onFailure = vi.fn()
    const services = createServices(onFailure)
    services.add('lock', 'The lock', { close: async () => void closed.push('lock') })
    services.add('postgres', 'Postgres', { close: async () => void closed.push('postgres') })
    const part = start('well')
    services.add('parts', 'The part', { ...part, close: async () => void closed.push('part') })
    await part.ready
    part.kill()
    await vi.waitFor(() => expect(onFailure).toHaveBeenCalledExactlyOnceWith('The part was ended by SIGKILL'))
    await services.close()
    expect(closed).toEqual(['part', 'postgres', 'lock'])
  })
})
