import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build, type Plugin } from 'esbuild'
import { rollup } from 'rollup'
import { dts } from 'rollup-plugin-dts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const from = (file: string) => path.join(root, file)
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const entries = {
  index: from('src/sdk/index.ts'),
  bot: from('src/sdk/bot/index.ts'),
  react: from('src/sdk/react/index.ts'),
  'react-suspense': from('src/sdk/react/suspense/index.ts'),
  devtools: from('src/sdk/devtools/index.tsx'),
  testing: from('src/sdk/testing/index.ts'),
  server: from('src/sdk/server/index.ts'),
}
/** What somebody may import from the main entry without the rest of it. Bundlers drop whole files, not parts of one. */
const parts = { outboxes: from('src/sdk/outbox-storage.ts'), 'sign-in': from('src/sdk/sign-in.ts') }
const external = ['@trpc/client', '@trpc/server', 'react']

/**
 * The entries for Node take everything but their WebSocket from those for browsers: a class such as `ChatError` must be the same
 * one in every entry of the package.
 */
const shareEntries: Plugin = {
  name: 'share-entries',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\.\/sdk\/index$/ }, () => ({ path: './index.js', external: true }))
    onResolve({ filter: /^\.\.\/sdk\/bot\/index$/ }, () => ({ path: './bot.js', external: true }))
  },
}

interface RootPackage {
  version: string
  license: string
  dependencies: Record<string, string>
}

/**
 * Packs the SDK into one self-contained tarball: JavaScript for browsers and for Node, and declarations that contain nothing
 * of the server but the types of its procedures.
 * @param outDir folder for the tarball
 * @returns path of the tarball
 */
export async function packSdk(outDir: string): Promise<string> {
  const folder = path.join(outDir, 'sdk')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const rootPackage: RootPackage = JSON.parse(await readFile(from('package.json'), 'utf8'))
  await Promise.all([
    bundle(folder, { entryPoints: { ...entries, ...parts }, splitting: true, platform: 'neutral', banner: { js: '' } }),
    bundle(folder, {
      entryPoints: { node: here('node-entry.ts'), 'node-bot': here('node-bot.ts') },
      splitting: true,
      platform: 'node',
      plugins: [shareEntries],
      // ws is CommonJS and loads Node's modules with `require`.
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    }),
    declare(folder),
    cp(here('README.md'), path.join(folder, 'README.md')),
    cp(from('src/sdk/react/styles.css'), path.join(folder, 'react-styles.css')),
    // TypeScript looks for the types of whatever is imported.
    writeFile(path.join(folder, 'react-styles.d.ts'), 'export {}\n'),
    cp(from('node_modules/ws/LICENSE'), path.join(folder, 'LICENSE-ws')),
    writeFile(path.join(folder, 'package.json'), `${JSON.stringify(describe(rootPackage), null, 2)}\n`),
  ])
  const { stdout } = await promisify(execFile)('npm', ['pack', '--json', '--pack-destination', outDir], { cwd: folder })
  const [packed] = JSON.parse(stdout) as { filename: string }[]
  if (!packed) throw new Error('npm pack printed no file name')
  return path.join(outDir, packed.filename)
}

function describe({ version, license, dependencies }: RootPackage) {
  // A range, because an application may already have a newer version.
  const trpcVersion = `^${dependencies['@trpc/client']}`
  return {
    name: '@roomline/sdk',
    version,
    license,
    description: 'Join the rooms of a Roomline from TypeScript, typed by the server itself.',
    type: 'module',
    sideEffects: ['*.css'],
    engines: { node: '>=20.19' },
    exports: {
      '.': { types: './index.d.ts', node: './node.js', default: './index.js' },
      './bot': { types: './bot.d.ts', node: './node-bot.js', default: './bot.js' },
      './react': { types: './react.d.ts', default: './react.js' },
      './react/suspense': { types: './react-suspense.d.ts', default: './react-suspense.js' },
      './react/styles.css': { types: './react-styles.d.ts', default: './react-styles.css' },
      './devtools': { types: './devtools.d.ts', default: './devtools.js' },
      './testing': { types: './testing.d.ts', default: './testing.js' },
      './server': { types: './server.d.ts', default: './server.js' },
    },
    dependencies: { '@trpc/client': trpcVersion },
    peerDependencies: { '@trpc/server': trpcVersion, react: '>=18' },
    peerDependenciesMeta: { react: { optional: true } },
  }
}

function bundle(outdir: string, options: Parameters<typeof build>[0]) {
  return build({
    bundle: true,
    format: 'esm',
    target: 'es2022',
    outdir,
    external: [...external, 'bufferutil', 'utf-8-validate'],
    logLevel: 'error',
    chunkNames: 'shared-[hash]',
    ...options,
  })
}

async function declare(folder: string) {
  const bundled = await rollup({
    input: entries,
    external: external.flatMap((name) => [name, new RegExp(`^${name}/`)]),
    onwarn: (warning) => {
      throw new Error(`the declarations: ${warning.message}`)
    },
    plugins: [
      {
        // The types of the procedures mention the server's context, which would pull in the database. They need nothing of it.
        name: 'stub-context',
        resolveId: (source, importer) => (importer && /(^|\/)context$/.test(source) ? here('context-stub.d.ts') : null),
      },
      {
        // The library writes `any` for what an async iterable returns at its end, which nobody reads.
        name: 'without-any',
        renderChunk: (code) => code.replaceAll(', any, any>', '>'),
      },
      dts({ tsconfig: from('tsconfig.json'), compilerOptions: { incremental: false, noEmit: false, allowJs: false, plugins: [] } }),
    ],
  })
  await bundled.write({
    dir: folder,
    format: 'es',
    entryFileNames: '[name].d.ts',
    chunkFileNames: 'shared-[hash].d.ts',
    // Not the DOM: a program for Node has none, and the SDK needs nothing of it that Node's own types lack.
    banner: '/// <reference lib="esnext.disposable" />',
  })
  await bundled.close()
}
