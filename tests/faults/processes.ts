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
  /** The last lines it wrote. */
  said(): string
  /** Where it says that it listens, if it does. */
  port: number
  send(message: object): void
  onceMessage(listener: (message: unknown) => void): void
  kill(): void
}

/** Runs a module of ours as a process of its own, with this environment and nothing else; ready when it says so over IPC. */
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
  const said = () => lines.join('\n')
  const exited = untilExit(child)
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: { port?: number }) => resolve(message.port ?? 0))
    void exited.then(({ code, signal }) => reject(new Error(`${file} ended (${code ?? signal}) before it was ready:\n${said()}`)))
  })
  return {
    pid: child.pid ?? 0,
    exited,
    said,
    port,
    send: (message) => void child.send(message),
    onceMessage: (listener) => void child.once('message', listener),
    kill: () => void child.kill('SIGKILL'),
  }
}

/** This process's own children whose command line says `words`. */
export async function findChildren(parent: number, words = ''): Promise<number[]> {
  const found: number[] = []
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '')
    // The name, in parentheses, may hold anything; state and parent come after it.
    const [state, of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (Number(of) !== parent || state === 'Z') continue
    const command = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')
    if (command.includes(words)) found.push(Number(entry))
  }
  return found
}

/** The memory a process holds, in MiB. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
}
