import { access, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type BrowserServer, chromium } from 'playwright-core'

/** A Chromium on this machine. */
export interface FoundBrowser {
  executablePath: string
  origin: 'packaged' | 'system' | 'named by CHROMIUM_PATH'
  /** What it needs to start at all. */
  args: string[]
}

const systemPaths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The one that CHROMIUM_PATH names, else the system's, else the one in an npm package, which CHROMIUM_PATH=packaged asks for. */
export async function findBrowser(): Promise<FoundBrowser> {
  const named = process.env.CHROMIUM_PATH
  if (named && named !== 'packaged') return { executablePath: named, origin: 'named by CHROMIUM_PATH', args: [] }
  const system = named ? undefined : await firstOf(systemPaths)
  if (system) return { executablePath: system, origin: 'system', args: [] }
  const { path: executablePath, args } = await unpack()
  return { executablePath, origin: 'packaged', args: args.filter((arg) => !unwantedArgs.test(arg)) }
}

/** The package is made for one page that nobody else sees. With its arguments, a page may read every other origin. */
const unwantedArgs =
  /^--(headless|single-process|disable-web-security|allow-running-insecure-content|disable-site-isolation-trials|disable-features=.*IsolateOrigins)/

/** A real Chromium that several processes can connect to. */
export function launchBrowser({ executablePath, args }: FoundBrowser): Promise<BrowserServer> {
  return chromium.launchServer({
    executablePath,
    headless: true,
    // When somebody goes back, it may bring a page back from memory, as people's browsers do.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: [
      ...args,
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  })
}

/** It unpacks itself into the temporary folder. This user gets a folder of their own: another user's files are not ours to run. */
async function unpack(): Promise<{ path: string; args: string[] }> {
  const before = process.env.TMPDIR
  const folder = path.join(tmpdir(), `roomline-chromium-${process.getuid?.() ?? 'user'}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  process.env.TMPDIR = folder
  try {
    const { default: chromiumPackage } = await import('@sparticuz/chromium')
    return { path: await chromiumPackage.executablePath(), args: chromiumPackage.args }
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
}

async function firstOf(files: string[]): Promise<string | undefined> {
  for (const file of files) {
    const exists = await access(file).then(
      () => true,
      () => false,
    )
    if (exists) return file
  }
  return undefined
}
