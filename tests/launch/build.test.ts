import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { buildIfNeeded } from '../../src/launch/build'
import { makeFolder } from './temporary-folder'

const prisma = `
  const fs = require('node:fs')
  fs.appendFileSync('steps', 'prisma\\n')
  fs.mkdirSync('src/server/platform/prisma', { recursive: true })
  fs.writeFileSync('src/server/platform/prisma/client.ts', '')`
const next = `
  const fs = require('node:fs')
  fs.appendFileSync('steps', 'next\\n')
  if (fs.readFileSync('src/page.tsx', 'utf8').includes('mistake')) { console.error('page.tsx is mistaken'); process.exit(1) }
  fs.mkdirSync('.next/static/chunks', { recursive: true })
  fs.writeFileSync('.next/static/chunks/page.js', fs.readFileSync('src/page.tsx'))
  setTimeout(() => fs.writeFileSync('.next/BUILD_ID', ''), 100)`

/** A clone with a fake of each tool, which records that it ran. */
async function makeClone() {
  const folder = await makeFolder()
  const write = async (file: string, text: string) => {
    await mkdir(path.dirname(path.join(folder.path, file)), { recursive: true })
    await writeFile(path.join(folder.path, file), text)
  }
  await write('package.json', '{}')
  await write('prisma/schema.prisma', 'one')
  await write('src/page.tsx', 'one')
  await write('node_modules/prisma/build/index.js', prisma)
  await write('node_modules/next/dist/bin/next.js', next)
  const steps = async () => (await readFile(path.join(folder.path, 'steps'), 'utf8')).trim().split('\n')
  const build = (log = vi.fn<(line: string) => void>()) => buildIfNeeded({ log, root: folder.path })
  const compressed = async () => brotliDecompressSync(await readFile(path.join(folder.path, '.next/compressed/chunks/page.js'))).toString()
  return { write, steps, build, compressed, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

describe('build', () => {
  it('runs once, and again only for inputs that have changed', async () => {
    await using clone = await makeClone()
    await clone.build()
    expect(await clone.build()).toEqual([])
    expect(await clone.steps()).toEqual(['prisma', 'next'])

    await clone.write('src/page.tsx', 'two')
    await clone.write('src/page.test.ts', 'a test')
    await clone.write('src/launch/main.ts', 'not part of the web app')
    await clone.build()
    expect(await clone.steps()).toEqual(['prisma', 'next', 'next'])
    expect(await clone.compressed()).toBe('two')

    await clone.write('prisma/schema.prisma', 'two')
    await clone.build()
    expect(await clone.steps()).toEqual(['prisma', 'next', 'next', 'prisma', 'next'])
  })

  it('shows the output of a failed step, and runs that step again', async () => {
    await using clone = await makeClone()
    await clone.write('src/page.tsx', 'a mistake')
    await expect(clone.build()).rejects.toThrow('page.tsx is mistaken')
    await clone.write('src/page.tsx', 'corrected')
    await clone.build()
    expect(await clone.steps()).toEqual(['prisma', 'next', 'next'])
  })

  it('runs once when two start in the same clone: the second waits', async () => {
    await using clone = await makeClone()
    const log = vi.fn<(line: string) => void>()
    await Promise.all([clone.build(), clone.build(log)])
    expect(await clone.steps()).toEqual(['prisma', 'next'])
  })
})
