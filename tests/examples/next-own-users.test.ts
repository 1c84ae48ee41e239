import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectToBrowser } from '../support/browser-setup'
import { startFreshWhole, type Whole } from '../support/whole'
import { findPorts, type InstalledExample, installExample, type RunningExample } from './installed-example'

const secret = randomBytes(36).toString('base64')
let example: InstalledExample
let running: RunningExample
let roomline: Whole & AsyncDisposable
let browser: Browser
let pageUrl: string
beforeAll(async () => {
  const [port] = await findPorts(1)
  pageUrl = `http://localhost:${port}`
  ;[example, roomline, browser] = await Promise.all([
    installExample('next-own-users'),
    startFreshWhole({ CORS_ORIGINS: pageUrl, APP_TOKEN_SECRETS: secret }),
    connectToBrowser(),
  ])
  running = await example.start(
    {
      ...{ PORT: String(port), APP_TOKEN_SECRETS: secret, SESSION_SECRET: randomBytes(36).toString('base64'), TOKEN_SECONDS: '6' },
      ...{ ROOMLINE_REALTIME_URL: roomline.realtimeUrl, NEXT_TELEMETRY_DISABLED: '1' },
    },
    /Ready in/,
  )
})
afterAll(async () => {
  await running?.[Symbol.asyncDispose]()
  await browser?.close()
  await roomline?.[Symbol.asyncDispose]()
  await example?.[Symbol.asyncDispose]()
})

async function signIn(name: string) {
  const context = await browser.newContext()
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const sockets: string[] = []
  page.on('websocket', (socket) => sockets.push(socket.url()))
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/favicon/.test(message.location().url)) errors.push(message.text())
  })
  await page.goto(pageUrl)
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText(`Signed in as ${name}`).waitFor()
  await page.getByText('connected', { exact: true }).waitFor()
  return { context, page, sockets, errors }
}

const send = async (page: Page, text: string) => {
  await page.getByLabel('Message').fill(text)
  await page.keyboard.press('Enter')
}

describe('the example of a Next app with its own users', () => {
  it('has its users talk, with tokens of its own that are renewed in place', async () => {
    const [ada, ben] = [await signIn('Ada'), await signIn('Ben')]
    await send(ada.page, 'Hello from the app')
    await ben.page.getByText('Ada: Hello from the app').waitFor()
    const sent: string[] = []
    const before = ada.sockets.length
    while (ada.sockets.length < before + 2) {
      sent.push(`line ${sent.length + 1}`)
      await send(ben.page, sent.at(-1) ?? '')
      await ada.page.getByText(`Ben: ${sent.at(-1)}`, { exact: true }).waitFor()
    }
    const lines = await ada.page.getByRole('listitem').allTextContents()
    expect(lines).toEqual(['Ada: Hello from the app', ...sent.map((text) => `Ben: ${text}`)])
    expect(ada.errors).toEqual([])

    // Without a script, the messages are in the HTML, and only for somebody who is signed in to the app.
    const cookies = (await ada.context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
    const html = await (await fetch(pageUrl, { headers: { cookie: cookies } })).text()
    expect(html.replaceAll('<!-- -->', '')).toContain(`Ben: ${sent.at(-1)}`)
    expect(await (await fetch(pageUrl)).text()).not.toContain(sent.at(-1))
    await Promise.all([ada.context.close(), ben.context.close()])
  })

  it('signs a token only for who is signed in to it, and shows nobody its secret', async () => {
    const forged = ['', 'app-session=1.', `app-session=1.${'0'.repeat(64)}`]
    for (const cookie of forged) expect((await fetch(`${pageUrl}/api/chat-token`, { headers: { cookie } })).status).toBe(401)
    const folder = path.join(example.folder, '.next/static')
    for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue
      const text = await readFile(path.join(file.parentPath, file.name), 'utf8')
      expect(text.includes(secret) || /APP_TOKEN_SECRETS|roomline-app\+jwt/.test(text), file.name).toBe(false)
    }
  })

  it('signs out: the page has no connection any more', async () => {
    const { context, page } = await signIn('Ada')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Your name').waitFor()
    await context.close()
  })

  it('still renders its page while Roomline is away', async () => {
    const { context } = await signIn('Ben')
    const cookies = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
    await context.close()
    await roomline.stop()
    const answer = await fetch(pageUrl, { headers: { cookie: cookies } })
    expect(answer.status).toBe(200)
    expect((await answer.text()).replaceAll('<!-- -->', '')).toContain('Signed in as Ben')
  })

  it('compiles against the packed SDK', async () => {
    const tsc = path.join(example.folder, 'node_modules/typescript/bin/tsc')
    await promisify(execFile)(process.execPath, [tsc, '-p', '.'], { cwd: example.folder }).catch((error) => {
      throw new Error(`tsc: ${error.stdout}${error.stderr}`)
    })
  })
})
