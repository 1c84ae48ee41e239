import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { judgeClient } from '../../src/conformance/client/judge-client'

const hasPython = spawnSync('python3', ['--version']).status === 0

/** The names of the rules that a client breaks, with why. */
async function judge(command: string, only = '') {
  const verdicts = await judgeClient(command, () => {}, only)
  return { count: verdicts.length, faults: verdicts.filter(({ fault }) => fault !== null) }
}

describe('the judge of clients', () => {
  it('the SDK: keeps every rule', { timeout: 180_000 }, async () => {
    const { count, faults } = await judge('node --import tsx tests/wire/judged-sdk.ts')
    expect(faults).toEqual([])
    expect(count).toBeGreaterThan(25)
  })

  it.skipIf(!hasPython)('the Python client: keeps every rule', { timeout: 180_000 }, async () => {
    const { faults } = await judge('python3 examples/python-client/judged.py')
    expect(faults).toEqual([])
  })

  it('a client that resumes from nowhere, comes back to 4401 at once and sends under new clientIds: is found out', {
    timeout: 180_000,
  }, async () => {
    const parts = ['signing in', 'close codes: 44', 'resuming', 'sending']
    const judged = await Promise.all(parts.map((only) => judge('node --import tsx tests/wire/judged-badly.ts', only)))
    expect(judged.flatMap(({ faults }) => faults.map(({ name }) => name))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^signing in: the token/),
        expect.stringMatching(/^signing in: a client that is refused with 4401/),
        expect.stringMatching(/^close codes: 4401/),
        expect.stringMatching(/^close codes: 4403/),
        expect.stringMatching(/^resuming: after a lost connection/),
        expect.stringMatching(/^sending: a message whose acknowledgement was lost/),
        expect.stringMatching(/^sending: after TOO_MANY_REQUESTS/),
        expect.stringMatching(/^sending: a message that is rejected for good/),
      ]),
    )
  })

  it('a program that is no client: breaks every rule', { timeout: 180_000 }, async () => {
    const { count, faults } = await judge('echo nonsense', 'sending: a')
    expect(faults).toHaveLength(count)
  })
})
