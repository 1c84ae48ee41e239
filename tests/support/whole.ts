import { type ChildProcess, spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { password } from './people'
import { makeQuickFolder } from './quick-folder'

const launcher = fileURLToPath(new URL('../../src/launch/main.ts', import.meta.url))

/** A whole Roomline in its own processes, started as `npm start` starts it. */
export interface Whole {
  webUrl: string
  realtimeUrl: string
  dataDir: string
  launcher: ChildProcess
  /** Everything it has printed. */
  output(): string
  /** Resolves with its exit code, however it ends. */
  ended: Promise<number | null>
  /** Sends SIGTERM. @returns its exit code */
  stop(): Promise<number | null>
  /** Sends SIGKILL: it cannot close anything. */
  kill(): Promise<void>
}

export async function startWhole({ dataDir, env = {} }: { dataDir: string; env?: Record<string, string> }): Promise<Whole> {
  const child = spawn(process.execPath, ['--import', 'tsx', launcher], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: {
      NODE_ENV: 'production',
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: process.env.TMPDIR,
      WEB_PORT: '0',
      REALTIME_PORT: '0',
      DATA_DIR: dataDir,
      LOG_LEVEL: 'warn',
      ...Object.fromEntries(
        ['SENDS_PER_MINUTE', 'LOGINS_PER_MINUTE', 'REGISTRATIONS_PER_HOUR', 'MAX_CONNECTIONS_PER_USER', 'MAX_CONNECTIONS_PER_IP'].map(
          (name) => [name, '0'],
        ),
      ),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const ready = new Promise<[string, string]>((resolve) => {
    const read = (chunk: Buffer) => {
      output += chunk
      const line = /^Roomline ready {2}(\S+) {2}(\S+)$/m.exec(output)
      if (line?.[1] && line[2]) resolve([line[1], line[2]])
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
  })
  const urls = await Promise.race([ready, exited.then(() => null)])
  if (!urls) throw new Error(`Roomline did not start:\n${output}`)
  return {
    webUrl: urls[0],
    realtimeUrl: urls[1],
    dataDir,
    launcher: child,
    output: () => output,
    ended: exited,
    stop: () => {
      child.kill('SIGTERM')
      return exited
    },
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** A whole Roomline with its own data folder, which is deleted with it. */
export async function startFreshWhole(env?: Record<string, string>): Promise<Whole & AsyncDisposable> {
  const dataDir = await makeQuickFolder('roomline-whole-')
  const whole = await startWhole({ dataDir, ...(env && { env }) })
  return {
    ...whole,
    [Symbol.asyncDispose]: async () => {
      await whole.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Signs somebody up or in over HTTP. @returns the cookie, as `name=value` */
export async function enter(
  { webUrl }: Pick<Whole, 'webUrl'>,
  route: 'register' | 'login',
  username: string,
  displayName?: string,
): Promise<string> {
  const response = await fetch(`${webUrl}/api/${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password, ...(displayName && { displayName }) }),
  })
  const [cookie = ''] = response.headers.getSetCookie()
  if (!cookie) throw new Error(`${route} answered ${response.status}: ${await response.text()}`)
  return cookie.slice(0, cookie.indexOf(';'))
}
