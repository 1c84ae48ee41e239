import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { packSdk } from '../../src/sdk-package/pack'

const run = promisify(execFile)

/** Where the packages of this repository are installed. */
export const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** The compiler, and what it runs. */
export async function compilerPackages(): Promise<string[]> {
  const platforms = (await readdir(path.join(modules, '@typescript'))).filter((name) => name.startsWith('typescript-'))
  return ['typescript', ...platforms.map((name) => `@typescript/${name}`)]
}

/**
 * Packs the SDK and puts it into a folder as npm would do, but with packages that are installed already: tests must pass
 * without a network.
 * @param packages what is installed beside the SDK and tRPC
 * @returns the tarball, and the folder of the installed SDK
 */
export async function installSdk(folder: string, packages: readonly string[] = []): Promise<{ tarball: string; sdk: string }> {
  const installed = path.join(folder, 'node_modules')
  const sdk = path.join(installed, '@roomline/sdk')
  await mkdir(sdk, { recursive: true })
  const tarball = await packSdk(folder)
  await run('tar', ['-xzf', tarball, '-C', sdk, '--strip-components=1'])
  for (const name of ['@trpc/client', '@trpc/server', ...packages]) {
    await cp(path.join(modules, name), path.join(installed, name), { recursive: true })
  }
  await writeFile(path.join(folder, 'package.json'), '{"type":"module"}')
  return { tarball, sdk }
}

/** Compiles a program in such a folder with the strictest settings. @returns the path of its JavaScript */
export async function compileIn(folder: string, name: string, program: string): Promise<string> {
  await writeFile(path.join(folder, `${name}.ts`), program)
  const options = ['--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false', '--types', 'node']
  const target = ['--target', 'es2022', '--lib', 'es2023,dom,esnext.disposable', '--module', 'nodenext', '--moduleResolution', 'nodenext']
  const tsc = path.join(folder, 'node_modules/typescript/bin/tsc')
  await run(process.execPath, [tsc, ...options, ...target, `${name}.ts`], { cwd: folder }).catch((error) => {
    throw new Error(`tsc: ${error.stdout}${error.stderr}`)
  })
  return path.join(folder, `${name}.js`)
}
