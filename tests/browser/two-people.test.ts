import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../../src/launch/ports'
import { launchBrowser } from '../support/browser'
import { password } from '../support/people'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy'
import { startFreshWhole, type Whole } from '../support/whole'

let whole: Whole & AsyncDisposable
let browser: Browser
const complaints: string[] = []
let line: TcpProxy
beforeAll(async () => {
  const realtimePort = await findFreePort()
  // Browsers reach the realtime server over a line that the test can cut.
  line = await startTcpProxy(() => realtimePort)
  whole = await startFreshWhole({ REALTIME_PORT: String(realtimePort), REALTIME_URL: `ws://localhost:${line.port}/trpc` })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await whole?.[Symbol.asyncDispose]()
  await line?.close()
})

async function openBrowser(options: Parameters<Browser['newContext']>[0] = {}): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ baseURL: whole.webUrl, viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // What a browser says of its own accord when a connection is cut or a sign-in is refused.
    if (message.type() === 'error' && !/WebSocket connection|Failed to load resource/.test(message.text())) complaints.push(message.text())
  })
  return { context, page }
}

async function signUp(page: Page, username: string, displayName: string) {
  await page.goto('/register')
  await page.getByLabel('Username').fill(username)
  await page.getByLabel(/Display name/).fill(displayName)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: /sign up|create|join/i }).click()
  await page.waitForURL('**/rooms/general')
}

const composer = (page: Page, room = 'general') => page.getByLabel(`Message ${room}`, { exact: true })
const messages = (page: Page) => page.getByRole('log')

describe('two people', () => {
  it('sign up, talk in a room in any script, and sign out', async () => {
    const ada = await openBrowser()
    const ben = await openBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true })
    await signUp(ada.page, 'ada', 'Ada Lovelace')
    await signUp(ben.page, 'ben', 'Ben')

    const texts = ['Hello Ben', 'Grüße 你好 مرحبا नमस्ते 👩‍👩‍👧‍👦', '<script>alert(1)</script> & "quotes"', 'two\nlines']
    for (const text of texts) {
      await composer(ada.page).fill(text)
      await composer(ada.page).press('Enter')
      await messages(ada.page).getByText(text).waitFor()
      await messages(ben.page).getByText(text).waitFor()
    }
    await composer(ben.page).fill('Hello Ada')
    await ben.page.getByRole('button', { name: 'Send' }).click()
    await messages(ada.page).getByText('Hello Ada').waitFor()
    await messages(ada.page).getByText('Ben', { exact: true }).first().waitFor()

    // The whole page again: history has all of it, once and in order.
    await ada.page.reload()
    await messages(ada.page).getByText('Hello Ada').waitFor()
    for (const text of texts) expect(await messages(ada.page).getByText(text).count()).toBe(1)

    await ada.page.getByRole('button', { name: 'Sign out' }).click()
    await ada.page.waitForURL('**/login**')
    await ada.page.goto('/rooms/general')
    await ada.page.waitForURL('**/login**')
    await ada.page.getByLabel('Username').fill('ada')
    await ada.page.getByLabel('Password', { exact: true }).fill(password)
    await ada.page.getByRole('button', { name: /sign in/i }).click()
    await messages(ada.page).getByText('Hello Ada').waitFor()
    await Promise.all([ada.context.close(), ben.context.close()])
  })

  it('make a room, find it, join it, and meet there', async () => {
    const cyd = await openBrowser()
    const dan = await openBrowser()
    await signUp(cyd.page, 'cyd', 'Cyd')
    await signUp(dan.page, 'dan', 'Dan')
    await cyd.page.getByRole('button', { name: 'Create a room' }).click()
    await cyd.page.getByLabel(/^Name/).fill('Gardening')
    await cyd.page
      .getByRole('button', { name: /^create/i })
      .last()
      .click()
    await cyd.page.waitForURL('**/rooms/gardening')
    await composer(cyd.page, 'Gardening').fill('Tomatoes are in')
    await composer(cyd.page, 'Gardening').press('Enter')
    await messages(cyd.page).getByText('Tomatoes are in').waitFor()

    await dan.page.getByRole('button', { name: 'Browse rooms' }).first().click()
    await dan.page.getByLabel('Search public rooms').fill('garden')
    await dan.page.getByRole('button', { name: 'Join Gardening' }).click()
    await messages(dan.page).getByText('Tomatoes are in').waitFor()
    await composer(dan.page, 'Gardening').fill('Mine are still small')
    await composer(dan.page, 'Gardening').press('Enter')
    await messages(cyd.page).getByText('Mine are still small').waitFor()
    await Promise.all([cyd.context.close(), dan.context.close()])
  })
})

describe('somebody', () => {
  it('whose connection fails sees it, writes on, and catches up when it is back', async () => {
    const eve = await openBrowser()
    const fay = await openBrowser()
    await signUp(eve.page, 'eve', 'Eve')
    await signUp(fay.page, 'fay', 'Fay')
    await composer(eve.page).fill('before the tunnel')
    await composer(eve.page).press('Enter')
    await messages(fay.page).getByText('before the tunnel').waitFor()

    line.setOnline(false)
    await eve.page
      .getByText(/reconnecting/i)
      .first()
      .waitFor()
    await composer(eve.page).fill('written in the tunnel')
    await composer(eve.page).press('Enter')
    await messages(eve.page).getByText('written in the tunnel').waitFor()
    await composer(fay.page).fill('said meanwhile')
    await composer(fay.page).press('Enter')
    await messages(fay.page).getByText('said meanwhile').waitFor()
    expect(await messages(fay.page).getByText('written in the tunnel').count()).toBe(0)

    // She even closes the page and opens it again before there is a connection.
    await eve.page.reload()
    await messages(eve.page).or(eve.page.getByRole('status')).first().waitFor()
    line.setOnline(true)
    await messages(fay.page).getByText('written in the tunnel').waitFor()
    await messages(eve.page).getByText('said meanwhile').waitFor()
    expect(await messages(fay.page).getByText('written in the tunnel').count()).toBe(1)
    await Promise.all([eve.context.close(), fay.context.close()])
  })

  it('without JavaScript signs up, is told what was wrong, and signs in', async () => {
    const { context, page } = await openBrowser({ javaScriptEnabled: false })
    await page.goto('/register')
    await page.getByLabel('Username').fill('plain')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: /sign up|create|join/i }).click()
    await page.getByText('@plain').waitFor()
    await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL('**/login**')
    await page.getByLabel('Username').fill('plain')
    await page.getByLabel('Password', { exact: true }).fill('not the passphrase')
    await page.getByRole('button', { name: /sign in/i }).click()
    await page.getByText('Wrong username or password.').waitFor()
    expect(await page.getByLabel('Username').inputValue()).toBe('plain')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: /sign in/i }).click()
    await page.getByText('@plain').waitFor()
    await context.close()
  })

  it('who signs out in one tab is out in the other', async () => {
    const { context, page } = await openBrowser()
    await signUp(page, 'gil', 'Gil')
    const other = await context.newPage()
    await other.goto('/rooms/general')
    await composer(other).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await other.waitForURL('**/login**')
    await context.close()
  })

  it('never makes the browser complain', () => {
    expect(complaints).toEqual([])
  })
})
