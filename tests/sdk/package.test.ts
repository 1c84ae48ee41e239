import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { build } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import type TypeScript from 'typescript-5.9'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeApi } from '../../src/sdk-package/api-docs'
import { installSdk, modules } from '../support/installed-sdk'
import { report } from '../support/report'

const run = promisify(execFile)
const compilers = { 5.7: 'typescript-5.7', 5.9: 'typescript-5.9', 6: 'typescript-6', 7: 'typescript' }

let folder: string
let tarball: string
/** A folder with nothing but the SDK and what comes with it. */
let consumer: string
let sdk: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'roomline-package-'))
  consumer = path.join(folder, 'consumer')
  await mkdir(consumer)
  const packages = ['@types/node', 'undici-types', 'react', '@types/react', 'csstype']
  ;({ tarball, sdk } = await installSdk(consumer, packages))
  await writeFile(path.join(consumer, 'program.ts'), program)
}, 240_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

const program = `import { createChat, type RoomEvent, readFailure, signIn } from '@roomline/sdk'

const { token, realtimeUrl } = await signIn('http://localhost:3000', { username: 'echo', password: 'secret words' })
const chat = createChat({ url: realtimeUrl, auth: token })
const room = chat.room('general')
const describe = (event: RoomEvent): string => {
  switch (event.type) {
    case 'created':
      return event.message.text
    case 'membership':
      return event.user.displayName + ' ' + event.change
    case 'edited':
    case 'removed':
    case 'reacted':
    case 'answered':
    case 'pinned':
      return event.type + (event.previous?.text ?? '')
  }
}
for await (const event of room.events()) {
  const { clientId, done } = room.send(describe(event), { replyTo: event.message })
  await done.catch((error: unknown) => console.error(clientId, readFailure(error).name))
}
`

describe('the package', () => {
  it('publint: nothing to say', async () => {
    const { messages } = await publint({ pkgDir: sdk, strict: true })
    const { default: pkg } = (await import(path.join(sdk, 'package.json'), { with: { type: 'json' } })) as { default: object }
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })

  it('are the types wrong: no, in every entry, for bundlers and for ES modules in Node', async () => {
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(await readFile(tarball))))
    if (!result.types) throw new Error('no types')
    // CommonJS can require an ES module since Node 20.19, and these older resolutions know no "exports".
    const ignored = ['node10', 'node16-cjs']
    const problems = result.problems.filter((problem) => !('resolutionKind' in problem) || !ignored.includes(problem.resolutionKind))
    expect(problems).toEqual([])
  })

  it('declares no any, no zod, nothing of the server, and asks for no DOM', async () => {
    const declarations = (await readdir(sdk)).filter((name) => name.endsWith('.d.ts'))
    expect(declarations.length).toBeGreaterThan(3)
    for (const name of declarations) {
      const text = (await readFile(path.join(sdk, name), 'utf8')).replaceAll(/\/\*.*?\*\/|\/\/.*|"[^"\n]*"/gs, '')
      expect(text, name).not.toMatch(/\bany\b/)
      expect(text, name).not.toMatch(/'zod'|'next|'react-dom'/)
      expect(await readFile(path.join(sdk, name), 'utf8'), name).not.toContain('lib="dom"')
    }
  })
})

/** Compiles the program. @returns the compiler's diagnostics about itself */
async function compile(compiler: string, options: object): Promise<string> {
  const common = { strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, target: 'es2022', noEmit: true }
  const config = path.join(consumer, 'tsconfig.json')
  await writeFile(config, JSON.stringify({ compilerOptions: { ...common, ...options }, files: ['program.ts'] }))
  const args = [path.join(modules, compiler, 'bin/tsc'), '-p', config, '--extendedDiagnostics']
  return run(process.execPath, args, { cwd: consumer }).then(
    ({ stdout }) => stdout,
    (error) => {
      throw new Error(`${compiler}: ${error.stdout}${error.stderr}`)
    },
  )
}

describe.each(Object.entries(compilers))('TypeScript %s', (version, compiler) => {
  it.each([
    ['esnext', 'bundler'],
    ['nodenext', 'nodenext'],
  ])(
    'a strict program compiles in a browser project and in one for Node (%s, %s)',
    async (module, resolution) => {
      const how = { module, moduleResolution: resolution }
      const inBrowser = await compile(compiler, { ...how, lib: ['es2023', 'dom', 'dom.iterable'], types: [] })
      // tRPC's own declarations name a type of the DOM that Node's do not have.
      await compile(compiler, { ...how, lib: ['es2023'], types: ['node'], skipLibCheck: true })
      const instantiations = Number(/Instantiations:\s+(\d+)/.exec(inBrowser)?.[1])
      report(`TypeScript ${version}, ${resolution}`, { instantiations })
      // Half of what it took when each call's type was in the client itself.
      expect(instantiations).toBeLessThan(143_546 / 2)
    },
    120_000,
  )
})

it('docs/api.md is what `npm run docs:api` writes', async () => {
  expect(describeApi(sdk)).toBe(await readFile(fileURLToPath(new URL('../../docs/api.md', import.meta.url)), 'utf8'))
}, 60_000)

it('hovering over a name shows a line, not the whole router', async () => {
  const ts: typeof TypeScript = createRequire(import.meta.url)('typescript-5.9')
  const file = path.join(consumer, 'program.ts')
  const options = { strict: true, module: ts.ModuleKind.NodeNext, lib: ['lib.es2023.d.ts'], types: ['node'], skipLibCheck: true }
  const service = ts.createLanguageService({
    ...ts.sys,
    useCaseSensitiveFileNames: () => true,
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (name) => {
      const text = ts.sys.readFile(name)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => consumer,
    getCompilationSettings: () => options,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  })
  for (const name of ['room.send', 'chat.room', 'room.events', 'createChat({', 'signIn(']) {
    const at = program.indexOf(name) + (name.includes('.') ? name.indexOf('.') + 1 : 0)
    const shown = ts.displayPartsToString(service.getQuickInfoAtPosition(file, at)?.displayParts)
    expect(shown, name).not.toBe('')
    expect(shown.length, shown).toBeLessThan(300)
  }
}, 60_000)

async function sizeOf(code: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: consumer },
    ...{ bundle: true, minify: true, write: false, format: 'esm', platform: 'browser', target: 'es2022' },
    external: ['@trpc/client', '@trpc/server', 'react', 'react-dom'],
  })
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length / 1_000
}

it('apps that do not import the server for tests get nothing of it', async () => {
  for (const entry of ['@roomline/sdk', '@roomline/sdk/react', '@roomline/sdk/bot', '@roomline/sdk/server']) {
    const { outputFiles } = await build({
      stdin: { contents: `export * from '${entry}'`, resolveDir: consumer },
      ...{ bundle: true, write: false, format: 'esm', platform: 'browser', target: 'es2022' },
      external: ['@trpc/client', '@trpc/server', 'react', 'react-dom', 'node:*'],
    })
    expect(outputFiles[0]?.text, entry).not.toMatch(/createTestServer|micromark|linkify|ZodObject/)
  }
})

it('in Node, a class is the same one in every entry', async () => {
  const code = `
    import { ChatError, createChat } from '@roomline/sdk'
    import { createTestServer } from '@roomline/sdk/testing'
    const server = createTestServer()
    server.room('general', { members: ['ada'] })
    server.reject('chat.send', 'MUTED', { times: 2 })
    const rejected = (chat) => chat.room('general').send('Hello').done.catch((error) => error instanceof ChatError && error.code)
    const own = createChat(server.optionsFor('ada'))
    console.log(await rejected(server.connect('ada')), await rejected(own))
    await own.close()
    await server.close()
  `
  await writeFile(path.join(consumer, 'same.js'), code)
  const { stdout } = await run(process.execPath, ['same.js'], { cwd: consumer, timeout: 30_000 })
  expect(stdout.trim()).toBe('MUTED MUTED')
})

it('sizes, compressed, beyond tRPC and React', async () => {
  const sizes = {
    'createChat and readFailure': await sizeOf("export { createChat, readFailure } from '@roomline/sdk'"),
    'all of the main entry': await sizeOf("export * from '@roomline/sdk'"),
    'createMemoryOutbox alone': await sizeOf("export { createMemoryOutbox } from '@roomline/sdk'"),
    signIn: await sizeOf("export { signIn } from '@roomline/sdk'"),
    'the React entry': await sizeOf("export * from '@roomline/sdk/react'"),
  }
  report('sizes in kB', Object.fromEntries(Object.entries(sizes).map(([name, kb]) => [name, kb.toFixed(1)])))
  expect(sizes['createMemoryOutbox alone']).toBeLessThan(0.5)
  expect(sizes['all of the main entry']).toBeLessThan(20)
})
