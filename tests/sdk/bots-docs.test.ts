import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packSdk } from '../../src/sdk-package/pack'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const modules = path.join(root, 'node_modules')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'roomline-bots-docs-'))
  const sdk = path.join(folder, 'node_modules/@roomline/sdk')
  await mkdir(sdk, { recursive: true })
  await run('tar', ['-xzf', await packSdk(folder), '-C', sdk, '--strip-components=1'])
  for (const name of ['@trpc/client', '@trpc/server', '@types/node', 'undici-types', 'zod', '@types/pg', 'pg-protocol', 'pg-types'])
    await cp(path.join(modules, name), path.join(folder, 'node_modules', name), { recursive: true })
}, 180_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What the text around a block has introduced. */
const before = (block: string) =>
  [
    'export {}',
    ...(block.includes('chat.trpc') ? ["import { createChat } from '@roomline/sdk'", "const chat = createChat({ url: '' })"] : []),
    ...(block.includes('pool.query') ? ["import pg from 'pg'", 'const pool = new pg.Pool()', 'const client = await pool.connect()'] : []),
  ].join('\n')

describe('docs/bots-and-hooks.md', () => {
  it('every block of TypeScript compiles with the packed SDK', async () => {
    const text = await readFile(path.join(root, 'docs/bots-and-hooks.md'), 'utf8')
    const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block = '']) => block)
    expect(blocks.length).toBeGreaterThan(4)
    const files = await Promise.all(
      blocks.map(async (block, index) => {
        await writeFile(path.join(folder, `block-${index}.ts`), `${before(block)}\n${block}`)
        return `block-${index}.ts`
      }),
    )
    await writeFile(path.join(folder, 'package.json'), '{"type":"module"}')
    const options = {
      strict: true,
      target: 'es2022',
      module: 'nodenext',
      lib: ['es2023'],
      types: ['node'],
      skipLibCheck: true,
      noEmit: true,
    }
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files }))
    const compiled = run(process.execPath, [path.join(modules, 'typescript/bin/tsc'), '-p', folder], { cwd: folder })
    expect(
      await compiled.then(
        () => '',
        ({ stdout }: { stdout: string }) => stdout,
      ),
    ).toBe('')
  }, 120_000)
})
