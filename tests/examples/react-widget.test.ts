import { randomBytes } from 'node:crypto'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectToBrowser } from '../support/browser-setup'
import { startFreshWhole, type Whole } from '../support/whole'
import { findPorts, type InstalledExample, installExample, type RunningExample } from './installed-example'

let example: InstalledExample
let running: RunningExample
let roomline: Whole & AsyncDisposable
let browser: Browser
let pageUrl: string
beforeAll(async () => {
  const [port] = await findPorts(1)
  const secret = randomBytes(36).toString('base64')
  pageUrl = `http://localhost:${port}`
  ;[example, roomline, browser] = await Promise.all([
    installExample('react-widget'),
    startFreshWhole({ CORS_ORIGINS: pageUrl, APP_TOKEN_SECRETS: secret }),
    connectToBrowser(),
  ])
  const env = { PORT: String(port), APP_TOKEN_SECRETS: secret, ROOMLINE_REALTIME_URL: roomline.realtimeUrl, NODE_ENV: 'development' }
  running = await example.start(env, /Local:/)
})
afterAll(async () => {
  await running?.[Symbol.asyncDispose]()
  await browser?.close()
  await roomline?.[Symbol.asyncDispose]()
  await example?.[Symbol.asyncDispose]()
})

async function open(name: string) {
  const page = await (await browser.newContext()).newPage()
  page.setDefaultTimeout(30_000)
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.goto(pageUrl)
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Chat' }).click()
  await page.locator('.roomline-messages[data-state="live"]').waitFor()
  return { page, errors }
}

describe('the example of a React widget', () => {
  it('two people talk, see each other type, and answer, without an error in the console', async () => {
    const ada = await open('Ada')
    const ben = await open('Ben')
    await ada.page.getByRole('textbox', { name: 'Message' }).pressSequentially('Hello from the widget')
    await ben.page.getByText('Ada is typing…').waitFor()
    await ada.page.keyboard.press('Enter')
    const heard = ben.page.getByRole('log').getByText('Hello from the widget')
    await heard.waitFor()
    await heard.hover()
    await ben.page.getByRole('button', { name: 'Reply to Ada' }).click()
    await ben.page.getByText('Replying to Ada').waitFor()
    await ben.page.getByRole('textbox', { name: 'Message' }).fill('Hello yourself')
    await ben.page.keyboard.press('Enter')
    await ada.page.locator('.roomline-quote', { hasText: 'Hello from the widget' }).waitFor()
    await ada.page.getByText('2 online').waitFor()
    expect([...ada.errors, ...ben.errors]).toEqual([])
    await Promise.all([ada.page.context().close(), ben.page.context().close()])
  })
})
