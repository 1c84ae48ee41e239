import { access, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Browser, chromium } from 'playwright-core'

/**
 * A real Chromium: the one that CHROMIUM_PATH names, the system's, or else the one in an npm package.
 * @param options `keepsPages`: it may bring a page back from memory when somebody goes back, as people's browsers do
 */
export async function launchBrowser({ keepsPages = false } = {}): Promise<Browser> {
  const named = process.env.CHROMIUM_PATH
  const installed = named ?? (await firstOf(['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']))
  const packaged = installed ? null : await unpack()
  return chromium.launch({
    executablePath: installed ?? packaged?.path ?? '',
    headless: true,
    ...(keepsPages && { ignoreDefaultArgs: ['--disable-back-forward-cache'] }),
    args: [
      ...(packaged?.args.filter((arg) => !arg.startsWith('--headless') && arg !== '--single-process') ?? []),
      ...[
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  })
}

/** It unpacks itself into the temporary folder: one of this user's own, as another's files there are not ours to run. */
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
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      return file
  }
  return undefined
}
