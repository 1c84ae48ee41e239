import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { keepRunning, startStoppable } from '../../src/launch/restarts'
import type { Running, Starting } from '../../src/launch/running'
import { startServerProcess } from '../../src/launch/server-process'

const file = fileURLToPath(new URL('fake-server.ts', import.meta.url))
const start = (behavior: string) => startServerProcess({ name: 'The server', file, env: { ...process.env, BEHAVIOR: behavior } })
const quickPolicy = { pausesMs: [1, 1, 1, 1], windowMs: 600_000 }

/** Keeps a fake server running. Its first process gets the first behavior, and so on; starting more processes throws. */
function keep(behaviors: string[], policy = quickPolicy) {
  const processes: Starting[] = []
  const startNext = () => {
    const behavior = behaviors[processes.length]
    if (!behavior) throw new Error('no behavior for another process')
    const server = start(behavior)
    processes.push(server)
    return server
  }
  const log = vi.fn<(line: string) => void>()
  const kept = keepRunning({ name: 'The server', first: startNext(), restart: startNext, log, policy })
  const lines = () => log.mock.calls.map(([line]) => line)
  const logged = (text: string) => vi.waitFor(() => expect(lines().at(-1)).toContain(text), { timeout: 20_000 })
  return { kept, processes, lines, logged }
}

describe('restarts', () => {
  it('restart a killed server, and close the new one cleanly', async () => {
    const { kept, processes, lines, logged } = keep(['starts', 'starts'])
    await kept.ready
    processes[0]?.kill()
    await logged('is running again')
    await kept.close()
    expect(await kept.exited).toEqual({ code: 0, signal: null })
    const again = expect.stringMatching(/^The server is running again {2}\d+\.\d s$/)
    expect(lines()).toEqual(['The server was killed by SIGKILL. Restarting it.', again])
  })

  it('leave a server stopped that somebody else has stopped', async () => {
    const { kept, processes, lines } = keep(['starts', 'starts'])
    await kept.ready
    // Not through `kept`.
    await processes[0]?.close()
    expect(await kept.exited).toEqual({ code: 0, signal: null })
    expect(lines()).toEqual([])
  })

  it('give up at the fifth crash within the window, whether or not the server was ready before it', async () => {
    const { kept, processes, lines } = keep(['starts', 'exits', 'exits', 'exits', 'exits'])
    await kept.ready
    processes[0]?.kill()
    expect(await kept.exited).toEqual({ code: 3, signal: null })
    expect(lines()).toEqual([
      'The server was killed by SIGKILL. Restarting it.',
      ...Array(3).fill('The server exited with code 3 before it was ready. Restarting it.'),
      'The server exited with code 3 before it was ready. That was crash number 5 within 600 s: giving up.',
    ])
  })

  it('do not count crashes before the window', async () => {
    const { kept, processes, lines } = keep(['starts', 'exits', 'exits', 'starts'], { pausesMs: [1], windowMs: 0 })
    await kept.ready
    processes[0]?.kill()
    await vi.waitFor(() => expect(processes).toHaveLength(4), { timeout: 20_000 })
    await kept.close()
    expect(lines().filter((line) => line.endsWith('Restarting it.'))).toHaveLength(3)
  })

  it('do not happen when the first start fails', async () => {
    const { kept, processes, lines } = keep(['exits', 'starts'])
    await expect(kept.ready).rejects.toThrow('The server exited with code 3 before it was ready.')
    expect(await kept.exited).toEqual({ code: 3, signal: null })
    expect([processes.length, lines()]).toEqual([1, []])
  })

  it('count a restart that throws as a crash', async () => {
    const { kept, processes, lines } = keep(['starts'], { pausesMs: [1], windowMs: 600_000 })
    await kept.ready
    processes[0]?.kill()
    await kept.exited
    expect(lines().at(-1)).toBe(
      'The server could not be started: no behavior for another process. That was crash number 2 within 600 s: giving up.',
    )
  })

  it('do not happen after `close`', async () => {
    const { kept, processes, lines } = keep(['starts', 'starts'])
    await kept.ready
    await kept.close()
    expect(await kept.exited).toEqual({ code: 0, signal: null })
    expect([processes.length, lines()]).toEqual([1, []])
  })

  it('end at once when `close` comes during the pause', async () => {
    const { kept, processes, logged } = keep(['starts', 'starts'], { pausesMs: [600_000], windowMs: 600_000 })
    await kept.ready
    processes[0]?.kill()
    await logged('Restarting it.')
    await kept.close()
    expect(await kept.exited).toEqual({ code: null, signal: 'SIGKILL' })
    expect(processes).toHaveLength(1)
  })

  it.each(['close', 'kill'] as const)('pass `%s` on to a restarted server that is not ready yet', async (end) => {
    const { kept, processes, lines } = keep(['starts', 'never ready', 'starts'])
    await kept.ready
    processes[0]?.kill()
    await vi.waitFor(() => expect(processes).toHaveLength(2), { timeout: 20_000 })
    await kept[end]()
    await kept.exited
    expect([processes.length, lines()]).toEqual([2, ['The server was killed by SIGKILL. Restarting it.']])
  })
})

describe('startStoppable', () => {
  it('aborts the start when it is closed, and closes a service that started anyway', async () => {
    const closed = vi.fn(async () => {})
    const running: Running = { close: closed, kill: () => {}, exited: Promise.resolve({ code: 0, signal: null }) }
    const untilStopped = (signal: AbortSignal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    const obedient = startStoppable(async (signal) => {
      await untilStopped(signal)
      throw signal.reason
    })
    await obedient.close()
    await expect(obedient.ready).rejects.toThrow('stopping')
    expect(await obedient.exited).toEqual({ code: null, signal: null })

    const late = startStoppable(async (signal) => {
      await untilStopped(signal)
      return running
    })
    await late.close()
    expect(closed).toHaveBeenCalledOnce()
    expect(await late.exited).toEqual({ code: 0, signal: null })
  })
})
