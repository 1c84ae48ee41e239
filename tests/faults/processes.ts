import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Exit, untilExit } from '../../src/launch/running'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface TestProcess {
  pid: number
  exited: Promise<Exit>
  /** The last 100 lines that it wrote. */
  output(): string
  /** The port that it reports, else 0. */
  port: number
  send(message: object): void
  onceMessage(listener: (message: unknown) => void): void
  kill(): void
}

/** Runs one of our modules as a process, with this environment and nothing else. Resolves when it reports over IPC that it is ready. */
export async function startProcess(file: string, env: Record<string, string>, nodeOptions: string[] = []): Promise<TestProcess> {
  const tsx = createRequire(import.meta.url).resolve('tsx')
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [...nodeOptions, '--import', tsx, path.join(root, file)], {
    cwd: root,
    env: { PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      lines.push(...chunk.toString().split('\n').filter(Boolean))
      lines.splice(0, lines.length - 100)
    })
  }
  const output = () => lines.join('\n')
  const exited = untilExit(child)
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: { port?: number }) => resolve(message.port ?? 0))
    void exited.then(({ code, signal }) => reject(new Error(`${file} ended (${code ?? signal}) before it was ready:\n${output()}`)))
  })
  return {
    pid: child.pid ?? 0,
    exited,
    output,
    port,
    send: (message) => void child.send(message),
    onceMessage: (listener) => void child.once('message', listener),
    kill: () => void child.kill('SIGKILL'),
  }
}

/** The children of a process whose command line contains `words`. */
export async function findChildren(parent: number, words = ''): Promise<number[]> {
  const found: number[] = []
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '')
    // The name, in parentheses, may contain anything; state and parent follow it.
    const [state, of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (Number(of) !== parent || state === 'Z') continue
    const command = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')
    if (command.includes(words)) found.push(Number(entry))
  }
  return found
}

/** The resident memory of a process, in MiB. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
}
