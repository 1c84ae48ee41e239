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

  it('npm run conformance: prints each verdict, and its exit code says whether all rules are kept', { timeout: 60_000 }, () => {
    const run = (...args: string[]) => spawnSync('node', ['--import', 'tsx', 'src/conformance/main.ts', ...args], { encoding: 'utf8' })
    const sdk = run('--client', 'node --import tsx tests/wire/judged-sdk.ts', '--only', 'sending: an acknowledged')
    expect(sdk.stdout).toMatch(/^passed {2}sending: .*\n1 of 1 rules are kept\n$/)
    expect(sdk.status).toBe(0)
    const nonsense = run('--client', 'echo nonsense', '--only', 'sending: an acknowledged')
    expect(nonsense.stdout).toMatch(/^FAILED {2}sending: .*\n {10}.*expected.*\n0 of 1 rules are kept\n$/)
    expect(nonsense.status).toBe(1)
    expect([run().status, run('--url', 'http://127.0.0.1:9').status]).toEqual([2, 2])
  })
})
