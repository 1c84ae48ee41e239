import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import * as vitest from 'vitest'
import * as sdk from '../../src/sdk'
import * as testing from '../../src/sdk/testing'

const { describe, expect, it } = vitest
const text = readFileSync(fileURLToPath(new URL('../../docs/testing-your-app.md', import.meta.url)), 'utf8')
const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block = '']) => block)

/** Runs a block as a test file of a reader's. @returns the tests in it */
async function testsIn(block: string): Promise<{ name: string; run: () => Promise<void> }[]> {
  const tests: { name: string; run: () => Promise<void> }[] = []
  const modules = {
    '@roomline/sdk': sdk,
    '@roomline/sdk/testing': testing,
    vitest: { expect, test: (name: string, run: () => Promise<void>) => tests.push({ name, run }) },
  }
  const { code } = await transform(block, { loader: 'ts', format: 'cjs', target: 'es2022' })
  new Function('require', code)((name: keyof typeof modules) => modules[name])
  return tests
}

const tests = (await Promise.all(blocks.map(testsIn))).flat()

describe('docs/testing-your-app.md', () => {
  it('has tests in every block', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(4)
    expect(tests.length).toBeGreaterThanOrEqual(blocks.length)
  })

  it.each(tests)('$name', async ({ run }) => run())
})
