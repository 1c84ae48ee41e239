import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectToBrowser } from '../support/browser-setup'
import { password } from '../support/people'
import { createStockClient, type StockClient, until } from '../support/stock-client'
import { enter, startFreshWhole, type Whole } from '../support/whole'

/** A Roomline of its own: its registration gets closed. */
let whole: Whole & AsyncDisposable
let browser: Browser
const clients: StockClient[] = []
const errors: string[] = []

beforeAll(async () => {
  const [started, connected] = await Promise.all([startFreshWhole(), connectToBrowser()])
  whole = started
  browser = connected
})
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()))
  await browser?.close()
  await whole?.[Symbol.asyncDispose]()
})

async function openBrowser(cookie?: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: whole.webUrl, viewport: { width: 1280, height: 800 }, ...options })
  if (cookie) {
    const [name = '', value = ''] = cookie.split('=')
    await context.addCookies([{ name, value, url: whole.webUrl }])
  }
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(message.text())) errors.push(message.text())
  })
  return page
}

const signedUp = async (username: string, displayName?: string) => {
  const cookie = await enter(whole, 'register', username, displayName)
  const client = createStockClient({ url: whole.realtimeUrl, cookie })
  clients.push(client)
  return { cookie, ...client }
}

async function choose(page: Page, person: string, item: string) {
  await page.getByRole('button', { name: `Actions for ${person}` }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

async function fillAccount(page: Page, username: string, word: string, button: string) {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(word)
  await page.getByRole('button', { name: button, exact: true }).click()
}

const composerOf = (page: Page) => page.getByRole('textbox', { name: 'Message general' })

describe.sequential('administration', () => {
  it("an admin's day: invite, promote, disable, reset, close the registration, read who did what", async () => {
    const ada = await signedUp('ada', 'Ada')
    const admin = await openBrowser(ada.cookie)
    await admin.goto('/')
    await admin.getByRole('link', { name: 'Administration' }).click()
    await admin.getByRole('heading', { name: 'People' }).waitFor()

    // Somebody is invited, and registers in a browser of their own.
    await admin.getByRole('link', { name: 'Invitations' }).click()
    await admin.getByRole('button', { name: 'Create link' }).click()
    const invitation = await admin.getByLabel('Invitation link').inputValue()
    await admin.getByText(/0 of 1 used/).waitFor()
    const ben = await openBrowser()
    await ben.goto(invitation)
    await ben.getByRole('heading', { name: "You're invited to Roomline" }).waitFor()
    await fillAccount(ben, 'ben', password, 'Create account')
    await composerOf(ben).waitFor()
    expect(await ben.getByRole('link', { name: 'Administration' }).count()).toBe(0)
    const late = await openBrowser()
    await late.goto(invitation)
    await fillAccount(late, 'late', password, 'Create account')
    await late.getByText('This invitation is invalid or has expired.').waitFor()

    // They become an admin. Their open page knows it as soon as they come back to it.
    await admin.getByRole('link', { name: 'People' }).click()
    await choose(admin, 'ben', 'Change role')
    await admin.getByRole('radio', { name: 'Admin' }).check({ force: true })
    await admin.getByRole('button', { name: 'Change role' }).click()
    await admin.getByText('ben is now an admin.').waitFor()
    await ben.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))
    await ben.getByRole('link', { name: 'Administration' }).click()
    await ben.getByRole('table', { name: 'People' }).getByText('@ada').waitFor()

    // A third person is disabled: their page and their program are out at once.
    const carl = await signedUp('carl', 'Carl')
    await carl.follow('general')
    const third = await openBrowser(carl.cookie)
    await third.goto('/rooms/general')
    await composerOf(third).waitFor()
    await admin.reload()
    await choose(admin, 'Carl', 'Disable account')
    const startedAt = performance.now()
    await admin.getByRole('button', { name: 'Disable account' }).click()
    await until(() => carl.closed.length > 0)
    process.stdout.write(`disabled to socket closed: ${Math.round(performance.now() - startedAt)} ms\n`)
    expect(carl.closed[0]).toBe(4401)
    await carl.close()
    await third.waitForURL('**/login?**')
    await third.getByText('Your session has ended. Sign in again.').waitFor()
    await admin.getByText("Carl's account is disabled.").waitFor()
    await admin.getByRole('link', { name: 'Connections' }).click()
    await admin.getByRole('table', { name: 'Connections' }).getByText('@ada').first().waitFor()
    expect(await admin.getByRole('table', { name: 'Connections' }).getByText('@carl').count()).toBe(0)
    await fillAccount(third, 'carl', password, 'Sign in')
    await third.getByRole('alert').or(third.getByText('Wrong username or password.')).first().waitFor()

    // Enabled again, they choose a new password with a link that works once.
    await admin.getByRole('link', { name: 'People' }).click()
    await choose(admin, 'Carl', 'Enable account')
    await admin.getByRole('button', { name: 'Enable account' }).click()
    await admin.getByText("Carl's account is enabled.").waitFor()
    await choose(admin, 'Carl', 'Reset password')
    await admin.getByRole('button', { name: 'Create link' }).click()
    const reset = await admin.getByLabel('Link for Carl').inputValue()
    await admin.getByText(/It works once, until/).waitFor()
    await admin.getByRole('button', { name: 'Done' }).click()
    const newPassword = 'an entirely different phrase'
    for (const [attempt, words] of [
      [1, 'Your password was changed. Sign in with the new one.'],
      [2, 'This link is invalid or has expired. Ask an admin for a new one.'],
    ] as const) {
      await third.goto(reset)
      await third.getByLabel('New password').fill(`${newPassword}${attempt}`)
      await third.getByRole('button', { name: 'Save the new password' }).click()
      await third.getByText(words).waitFor()
    }
    await third.goto('/login')
    await fillAccount(third, 'carl', `${newPassword}1`, 'Sign in')
    await composerOf(third).waitFor()

    // The registration is closed, and the server gets a name.
    await admin.getByRole('link', { name: 'Settings' }).click()
    await admin.getByLabel('Name', { exact: true }).fill('The Shire')
    await admin.getByRole('radio', { name: 'Closed' }).check({ force: true })
    await admin.getByRole('button', { name: 'Save settings' }).click()
    await admin.getByText('Saved.').waitFor()
    expect(await admin.title()).toContain('The Shire')
    await late.goto('/register')
    await late.getByRole('heading', { name: 'Registration is closed' }).waitFor()
    await late.getByText("New accounts can't be created on The Shire right now.").waitFor()
    const refused = await late.request.post('/api/register', { data: { username: 'late', password } })
    expect(refused.status()).toBe(403)
    await late.goto('/login')
    await late.getByRole('heading', { name: 'Sign in to The Shire' }).waitFor()

    // Who did what.
    await admin.getByRole('link', { name: 'Audit log' }).click()
    const log = admin.getByRole('table', { name: 'Audit log' })
    for (const words of [
      "@ada changed the server's settings",
      '@ada made a password reset link for @carl',
      "@ada enabled @carl's account",
      "@ada disabled @carl's account",
      '@ada changed the role of @ben',
      '@ada created an invitation to the server',
    ]) {
      await log.getByRole('row').filter({ hasText: words }).first().waitFor()
    }
    await admin.getByLabel('What was done').selectOption({ label: "Disabled somebody's account" })
    await until(async () => (await log.getByRole('row').count()) === 2)
    await admin.getByLabel('Who did it').fill('ben')
    await admin.getByText('No entries match.').waitFor()
    expect(new URL(admin.url()).search).toBe('?actor=ben&kind=admin.disabled')
    await admin.reload()
    await admin.getByText('No entries match.').waitFor()

    await Promise.all([admin, ben, late, third].map((page) => page.context().close()))
  })

  it('the pages exist for admins only, and close when somebody stops being one', async () => {
    const anybody = await openBrowser()
    for (const path of ['/admin', '/admin/people/ada', '/admin/audit']) {
      const response = await anybody.goto(path)
      expect([path, new URL(anybody.url()).pathname === '/login' ? 'login' : response?.status()]).toEqual([
        path,
        path === '/admin/people/ada' ? 404 : 'login',
      ])
    }
    await signInOver(anybody, 'carl', 'an entirely different phrase1')
    for (const path of ['/admin', '/admin/settings', '/admin/none']) {
      const response = await anybody.goto(path)
      expect([path, response?.status()]).toEqual([path, 404])
      await anybody.getByRole('heading', { name: 'Page not found' }).waitFor()
    }

    const ada = createStockClient({ url: whole.realtimeUrl, cookie: await enter(whole, 'login', 'ada') })
    clients.push(ada)
    const ben = await openBrowser(await enter(whole, 'login', 'ben'), { viewport: { width: 375, height: 812 } })
    await ben.goto('/admin/connections')
    await ben.getByRole('table', { name: 'Connections' }).waitFor()
    expect(await ben.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375)
    await ada.trpc.admin.setRole.mutate({ username: 'ben', role: 'member' })
    await ben.getByRole('heading', { name: "You're no longer an admin" }).waitFor()
    await Promise.all([anybody, ben].map((page) => page.context().close()))
  })

  it('a person and a room are deleted only after their name was typed', async () => {
    const page = await openBrowser(await enter(whole, 'login', 'ada'))
    await page.goto('/admin')
    await choose(page, 'ben', 'Delete account')
    const confirm = page.getByRole('button', { name: 'Delete account' })
    await page.getByLabel('Type “ben” to confirm').fill('be')
    expect(await confirm.isDisabled()).toBe(true)
    await page.getByLabel('Type “ben” to confirm').fill('ben')
    await confirm.click()
    await page.getByText("ben's account was deleted.").waitFor()
    await page.getByRole('cell', { name: '@ben' }).waitFor({ state: 'detached' })

    const ada = createStockClient({ url: whole.realtimeUrl, cookie: await enter(whole, 'login', 'ada') })
    clients.push(ada)
    await ada.trpc.rooms.create.mutate({ name: 'Short-lived', kind: 'private' })
    await page.getByRole('link', { name: 'Rooms', exact: true }).click()
    await page.getByRole('button', { name: 'Delete Short-lived…' }).click()
    await page.getByLabel('Type “Short-lived” to confirm').fill('Short-lived')
    await page.getByRole('button', { name: 'Delete room' }).click()
    await page.getByText('Short-lived was deleted.').waitFor()
    expect((await ada.trpc.rooms.list.query()).map(({ name }) => name)).not.toContain('Short-lived')
    await page.context().close()
  })

  it('a logo is chosen, shown at once, and on the sign-in page', async () => {
    const page = await openBrowser(await enter(whole, 'login', 'ada'))
    await page.goto('/admin/settings')
    const image = await page.screenshot({ clip: { x: 0, y: 0, width: 600, height: 400 } })
    await page.getByLabel('Logo file').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: image })
    await page.getByText('Save the settings to use it.').waitFor()
    await page.getByRole('button', { name: 'Save settings' }).click()
    await page.getByText('Saved.').waitFor()
    const anybody = await openBrowser()
    await anybody.goto('/login')
    const width = () => anybody.evaluate(() => document.querySelector<HTMLImageElement>('header img')?.naturalWidth)
    await until(async () => (await width()) === 256)

    await page.getByLabel('Logo file').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: Buffer.from('no image') })
    await page.getByText("This file isn't an image").waitFor()
    await Promise.all([page, anybody].map((each) => each.context().close()))
  })

  it('no errors in the browser console', () => {
    expect(errors).toEqual([])
  })
})

/** Signs in without the form. */
async function signInOver(page: Page, username: string, word: string) {
  const response = await page.context().request.post('/api/login', { data: { username, password: word } })
  expect(response.ok()).toBe(true)
}
