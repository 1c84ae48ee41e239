import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectToBrowser } from '../support/browser-setup'
import { type Issuer, startIssuer } from '../support/issuer'
import { until } from '../support/stock-client'
import { startFreshWhole, type Whole } from '../support/whole'

let issuer: Issuer
let roomline: Whole & AsyncDisposable
let browser: Awaited<ReturnType<typeof connectToBrowser>>
const consoleErrors: string[] = []

beforeAll(async () => {
  issuer = await startIssuer()
  ;[roomline, browser] = await Promise.all([startFreshWhole({ ...issuer.client, REGISTRATION: 'closed' }), connectToBrowser()])
  issuer.allow(`${roomline.webUrl}/api/oidc/callback`)
})
afterAll(async () => {
  await browser?.close()
  await roomline?.[Symbol.asyncDispose]()
  await issuer?.[Symbol.asyncDispose]()
})

async function open(options: { javaScriptEnabled?: boolean; viewport?: { width: number; height: number } } = {}) {
  const context = await browser.newContext({ baseURL: roomline.webUrl, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  page.on('console', (message) => {
    if (message.type() === 'error' && page.url().startsWith(roomline.webUrl)) consoleErrors.push(message.text())
  })
  return { context, page }
}

const button = (page: Page) => page.getByRole('link', { name: `Sign in with ${new URL(issuer.url).host}` })

/** At the issuer: says who one is, and allows what Roomline asks for. */
async function signInThere(page: Page, login: string) {
  await page.waitForURL(`${issuer.url}/**`)
  await page.getByPlaceholder('Enter any login').fill(login)
  await page.getByPlaceholder('and password').fill('any')
  await page.getByRole('button', { name: 'Sign-in' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
}

const failed = "You couldn't be signed in. Try again, and ask an admin if that doesn't help."

describe('signing in with an issuer, in a browser', () => {
  it('leads there and back to the page that was asked for, signs out, and in again without a question', async () => {
    issuer.people.set('grace', { preferred_username: 'grace', name: 'Grace Hopper' })
    const { page, context } = await open()
    await page.goto('/rooms/general')
    await page.waitForURL('**/login?*')
    await button(page).click()
    await signInThere(page, 'grace')
    await page.waitForURL(`${roomline.webUrl}/rooms/general`)
    await page.getByRole('textbox', { name: 'Message general' }).waitFor()
    await page.getByTitle('Your account').getByText('Grace Hopper').waitFor()
    // The page writes its time zone once its scripts run.
    const names = async () => (await context.cookies(roomline.webUrl)).map(({ name }) => name).sort()
    await until(async () => (await names()).includes('time-zone'))
    expect(await names()).toEqual(['X-Device', 'X-Token', 'time-zone'])

    await page.getByTitle('Your account').click()
    await page.getByRole('tab', { name: 'Sessions' }).click()
    await page
      .getByRole('dialog', { name: 'Your account' })
      .getByText(/Signed in just now/)
      .waitFor()
    await context.clearCookies({ name: 'X-Token' })
    await page.goto('/login')
    await button(page).click()
    await page.getByTitle('Your account').getByText('Grace Hopper').waitFor()
    await context.close()
  })

  it('works without JavaScript, on a phone', async () => {
    const { page, context } = await open({ javaScriptEnabled: false, viewport: { width: 375, height: 740 } })
    await page.goto('/login')
    await button(page).click()
    await signInThere(page, 'plain')
    await page.waitForURL((url) => url.origin === roomline.webUrl && !url.pathname.startsWith('/login'))
    expect((await context.cookies(roomline.webUrl)).some(({ name }) => name === 'X-Token')).toBe(true)
    await context.close()
  })

  it('says so on the sign-in page when somebody cancels there, or opens an answer that is not theirs', async () => {
    const { page, context } = await open()
    await page.goto('/login')
    await button(page).click()
    await page.waitForURL(`${issuer.url}/**`)
    await page.getByRole('link', { name: /Cancel/ }).click()
    await page.getByText(failed).waitFor()
    expect(new URL(page.url()).origin).toBe(roomline.webUrl)
    await page.goto('/api/oidc/callback?code=made-up&state=made-up')
    await page.getByText(failed).waitFor()
    await button(page).waitFor()
    expect(await context.cookies(roomline.webUrl)).toEqual([])
    await context.close()
  })

  it('answers other methods with 405, and never lets a cache keep a sign-in', async () => {
    for (const path of ['/api/oidc/start', '/api/oidc/callback']) {
      for (const method of ['POST', 'PUT', 'DELETE']) expect((await fetch(roomline.webUrl + path, { method })).status).toBe(405)
      const answer = await fetch(roomline.webUrl + path, { redirect: 'manual' })
      expect(answer.status).toBe(303)
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
  })

  it('no errors in the browser console', () => {
    expect(consoleErrors).toEqual([])
  })
})
