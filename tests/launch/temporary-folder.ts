import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** A folder that any user may enter by default, and that is removed at the end of the `await using`. */
export async function makeFolder(mode = 0o755): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'roomline-test-'))
  await chmod(folder, mode)
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) }
}

/** Runs a module of this folder in a process of its own. Resolves to the process and its first message. */
export async function runModule(module: string, ...args: string[]): Promise<{ child: ChildProcess; message: unknown }> {
  const file = fileURLToPath(new URL(module, import.meta.url))
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const message = await new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`${module} exited with code ${code}`)))
  })
  return { child, message }
}
