import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { startPart } from '../../src/launch/part'
import { keepRunning, startStoppable } from '../../src/launch/restarts'
import type { Running, Starting } from '../../src/launch/running'

const file = fileURLToPath(new URL('part-stand-in.ts', import.meta.url))
const start = (mood: string) => startPart({ name: 'The part', file, env: { ...process.env, MOOD: mood } })
const soon = { pausesMs: [1, 1, 1, 1], windowMs: 600_000 }

/** Its first life has the first mood, and so on; there may be no more lives than moods. */
function keep(moods: string[], policy = soon) {
  const lives: Starting[] = []
  const live = () => {
    const mood = moods[lives.length]
    if (!mood) throw new Error('no mood for another life')
    const part = start(mood)
    lives.push(part)
    return part
  }
  const log = vi.fn<(line: string) => void>()
  const kept = keepRunning({ name: 'The part', first: live(), restart: live, log, policy })
  const lines = () => log.mock.calls.map(([line]) => line)
  const said = (text: string) => vi.waitFor(() => expect(lines().at(-1)).toContain(text), { timeout: 20_000 })
  return { kept, lives, lines, said }
}

describe('restarts', () => {
  it('a part is restarted when it is killed, and the last one is closed in order', async () => {
    const { kept, lives, lines, said } = keep(['well', 'well'])
    await kept.ready
    lives[0]?.kill()
    await said('is running again')
    await kept.close()
    expect(await kept.exited).toEqual({ code: 0, signal: null })
    const again = expect.stringMatching(/^The part is running again {2}\d+\.\d s$/)
    expect(lines()).toEqual(['The part was ended by SIGKILL. Restarting it.', again])
  })

  it('a part that somebody else tells to stop is not restarted', async () => {
    const { kept, lives, lines } = keep(['well', 'well'])
    await kept.ready
    // Behind the back of what keeps it running.
    await lives[0]?.close()
    expect(await kept.exited).toEqual({ code: 0, signal: null })
    expect(lines()).toEqual([])
  })

  it('the fifth crash within the window is the last, whether or not the part was ready before it', async () => {
    const { kept, lives, lines } = keep(['well', 'stumbles', 'stumbles', 'stumbles', 'stumbles'])
    await kept.ready
    lives[0]?.kill()
    expect(await kept.exited).toEqual({ code: 3, signal: null })
    expect(lines()).toEqual([
      'The part was ended by SIGKILL. Restarting it.',
      ...Array(3).fill('The part ended with code 3 before it was ready. Restarting it.'),
      'The part ended with code 3 before it was ready. That was crash number 5 within 600 s: giving up.',
    ])
  })

  it('crashes before the window are forgotten', async () => {
    const { kept, lives, lines } = keep(['well', 'stumbles', 'stumbles', 'well'], { pausesMs: [1], windowMs: 0 })
    await kept.ready
    lives[0]?.kill()
    await vi.waitFor(() => expect(lives).toHaveLength(4), { timeout: 20_000 })
    await kept.close()
    expect(lines().filter((line) => line.endsWith('Restarting it.'))).toHaveLength(3)
  })

  it('a part that ends before it was ever ready is a failed start', async () => {
    const { kept, lives, lines } = keep(['stumbles', 'well'])
    await expect(kept.ready).rejects.toThrow('The part ended with code 3 before it was ready.')
    expect(await kept.exited).toEqual({ code: 3, signal: null })
    expect([lives.length, lines()]).toEqual([1, []])
  })

  it('a restart that cannot even begin counts as a crash', async () => {
    const { kept, lives, lines } = keep(['well'], { pausesMs: [1], windowMs: 600_000 })
    await kept.ready
    lives[0]?.kill()
    await kept.exited
    expect(lines().at(-1)).toBe('The part could not be started: no mood for another life. That was crash number 2 within 600 s: giving up.')
  })

  it('a part that is told to stop is not restarted', async () => {
    const { kept, lives, lines } = keep(['well', 'well'])
    await kept.ready
    await kept.close()
    expect(await kept.exited).toEqual({ code: 0, signal: null })
    expect([lives.length, lines()]).toEqual([1, []])
  })

  it('a stop during the pause ends it at once', async () => {
    const { kept, lives, said } = keep(['well', 'well'], { pausesMs: [600_000], windowMs: 600_000 })
    await kept.ready
    lives[0]?.kill()
    await said('Restarting it.')
    await kept.close()
    expect(await kept.exited).toEqual({ code: null, signal: 'SIGKILL' })
    expect(lives).toHaveLength(1)
  })

  it.each(['close', 'kill'] as const)('a restarted part that is still coming up hears the %s', async (end) => {
    const { kept, lives, lines } = keep(['well', 'slow', 'well'])
    await kept.ready
    lives[0]?.kill()
    await vi.waitFor(() => expect(lives).toHaveLength(2), { timeout: 20_000 })
    await kept[end]()
    await kept.exited
    expect([lives.length, lines()]).toEqual([2, ['The part was ended by SIGKILL. Restarting it.']])
  })
})

describe('a service that is coming up', () => {
  it('stops when it is closed, and is closed when it came up nevertheless', async () => {
    const closed = vi.fn(async () => {})
    const running: Running = { close: closed, kill: () => {}, exited: Promise.resolve({ code: 0, signal: null }) }
    const untilStopped = (signal: AbortSignal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    const heeding = startStoppable(async (signal) => {
      await untilStopped(signal)
      throw signal.reason
    })
    await heeding.close()
    await expect(heeding.ready).rejects.toThrow('stopping')
    expect(await heeding.exited).toEqual({ code: null, signal: null })

    const late = startStoppable(async (signal) => {
      await untilStopped(signal)
      return running
    })
    await late.close()
    expect(closed).toHaveBeenCalledOnce()
    expect(await late.exited).toEqual({ code: 0, signal: null })
  })
})
