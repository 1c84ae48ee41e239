import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser'
import { password } from '../support/people'
import { startFreshWhole, type Whole } from '../support/whole'

let whole: Whole & AsyncDisposable
let browser: Browser
const complaints: string[] = []
beforeAll(async () => {
  whole = await startFreshWhole()
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await whole?.[Symbol.asyncDispose]()
})

async function openBrowser(options: Parameters<Browser['newContext']>[0] = {}): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ baseURL: whole.webUrl, viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // What a browser says of its own accord when a connection is closed or a call is refused.
    if (message.type() === 'error' && !/WebSocket connection|Failed to load resource/.test(message.text())) complaints.push(message.text())
  })
  return { context, page }
}

async function signUp(page: Page, username: string, displayName: string) {
  await page.goto('/register')
  await page.getByLabel('Username').fill(username)
  await page.getByLabel(/Display name/).fill(displayName)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL('**/rooms/general')
}

async function signIn(page: Page, username: string, word = password) {
  await page.goto('/login')
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(word)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

async function say(page: Page, text: string) {
  const composer = page.getByLabel('Message general', { exact: true })
  await composer.fill(text)
  await composer.press('Enter')
  // With its place: before it has one it is shown, and not yet stored.
  await messages(page).locator('[data-seq]').filter({ hasText: text }).last().waitFor()
}

async function openAccount(page: Page, tab: 'Profile' | 'Password' | 'Sessions' | 'Delete') {
  await page.getByTitle('Your account').click()
  await page.getByRole('tab', { name: tab }).click()
  return page.getByRole('dialog', { name: 'Your account' })
}

const messages = (page: Page) => page.getByRole('log')
const iPhone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'

describe('somebody', () => {
  it('who changes their name has it at once, and others read it on the next message', async () => {
    const ada = await openBrowser()
    const ben = await openBrowser()
    await signUp(ada.page, 'ada', 'Ada')
    await signUp(ben.page, 'ben', 'Ben')
    await say(ada.page, 'I am Ada')
    await messages(ben.page).getByText('I am Ada').waitFor()

    const dialog = await openAccount(ada.page, 'Profile')
    await dialog.getByLabel('Display name').fill('   ')
    await dialog.getByRole('button', { name: 'Save profile' }).click()
    await dialog.getByText('The display name must not be empty.').waitFor()
    await dialog.getByLabel('Display name').fill('Countess Lovelace')
    await dialog.getByLabel(/Status/).fill('counting')
    await dialog.getByLabel("Don't show others when I was last online").check()
    await dialog.getByRole('button', { name: 'Save profile' }).click()
    await dialog.getByText('Saved.').waitFor()
    await ada.page.keyboard.press('Escape')
    await ada.page.getByTitle('Your account').getByText('Countess Lovelace').waitFor()
    // The focus is back where it was, for whoever has no mouse.
    expect(await ada.page.evaluate(() => document.activeElement?.getAttribute('title'))).toBe('Your account')
    await say(ada.page, 'under my new name')
    await messages(ben.page).getByText('Countess Lovelace').waitFor()

    await ada.page.reload()
    await ada.page.getByTitle('Your account').getByText('Countess Lovelace').waitFor()
    await openAccount(ada.page, 'Profile')
    expect(await dialog.getByLabel(/Status/).inputValue()).toBe('counting')
    expect(await dialog.getByLabel("Don't show others when I was last online").isChecked()).toBe(true)
    await Promise.all([ada.context.close(), ben.context.close()])
  })

  it('who changes the password is signed out in the other browser, and comes back with the new one only', async () => {
    const here = await openBrowser()
    const there = await openBrowser()
    await signUp(here.page, 'cyd', 'Cyd')
    await signIn(there.page, 'cyd')
    await there.page.getByLabel('Message general', { exact: true }).waitFor()

    const dialog = await openAccount(here.page, 'Password')
    await dialog.getByLabel('Current password').fill('not the passphrase')
    await dialog.getByLabel('New password').fill('a new and longer passphrase')
    await dialog.getByRole('button', { name: 'Change password' }).click()
    await dialog.getByText("That's not your password.").waitFor()
    await dialog.getByLabel('Current password').fill(password)
    await dialog.getByLabel('New password').fill('password123')
    await dialog.getByRole('button', { name: 'Change password' }).click()
    await dialog.getByText('The new password is too common.').waitFor()
    await dialog.getByLabel('New password').fill('a new and longer passphrase')
    await dialog.getByRole('button', { name: 'Change password' }).click()
    await dialog.getByText('Password changed. Signed out one other session.').waitFor()

    await there.page.waitForURL('**/login**')
    await signIn(there.page, 'cyd')
    await there.page.getByText('Wrong username or password.').waitFor()
    await signIn(there.page, 'cyd', 'a new and longer passphrase')
    await there.page.waitForURL('**/rooms/general')
    await here.page.keyboard.press('Escape')
    await say(here.page, 'still here')
    await Promise.all([here.context.close(), there.context.close()])
  })

  it('sees where they are signed in, and ends it from a phone with the keyboard alone', async () => {
    const phone = await openBrowser({ viewport: { width: 390, height: 844 }, userAgent: iPhone })
    const computer = await openBrowser()
    const third = await openBrowser()
    await signUp(phone.page, 'dan', 'Dan')
    for (const { page } of [computer, third]) {
      await signIn(page, 'dan')
      await page.getByLabel('Message general', { exact: true }).waitFor()
    }

    await phone.page.getByRole('button', { name: 'Show the rooms' }).click()
    await phone.page.getByRole('dialog', { name: 'Rooms' }).getByTitle('Your account').focus()
    await phone.page.keyboard.press('Enter')
    await phone.page.getByRole('tab', { name: 'Profile' }).focus()
    // The next key goes to the tab that has the focus, and a tab gets it only a moment after the key.
    for (const name of ['Password', 'Sessions']) {
      await phone.page.keyboard.press('ArrowRight')
      await phone.page.getByRole('tab', { name, selected: true }).and(phone.page.locator(':focus')).waitFor()
    }
    const rows = phone.page.getByRole('dialog', { name: 'Your account' }).getByRole('listitem')
    await rows.nth(2).waitFor()
    expect(await rows.count()).toBe(3)
    expect(await rows.first().innerText()).toMatch(/Safari on iPhone\s+This device/)
    expect(await rows.nth(1).innerText()).toMatch(/Chrome on [\s\S]*127\.0\.0\.1[\s\S]*last used just now/)
    expect(await rows.first().getByRole('button').count()).toBe(0)
    await rows.nth(1).getByRole('button').focus()
    await phone.page.keyboard.press('Enter')
    await Promise.race([computer, third].map(({ page }) => page.waitForURL('**/login**')))
    await rows.nth(2).waitFor({ state: 'detached' })
    await phone.page.getByRole('button', { name: 'Sign out everywhere else' }).click()
    await Promise.all([computer, third].map(({ page }) => page.waitForURL('**/login**')))
    await phone.page.getByText("You're not signed in anywhere else.").waitFor()
    expect(await rows.count()).toBe(1)
    await Promise.all([phone, computer, third].map(({ context }) => context.close()))
  })

  it('who deletes the account is out, and is read by the others as Deleted user', async () => {
    const eve = await openBrowser()
    const fay = await openBrowser()
    await signUp(eve.page, 'eve', 'Eve')
    await signUp(fay.page, 'fay', 'Fay')
    await say(eve.page, 'this stays')
    await messages(fay.page).getByText('this stays').waitFor()

    const dialog = await openAccount(eve.page, 'Delete')
    await dialog.getByLabel('Your password').fill('not the passphrase')
    await dialog.getByRole('button', { name: 'Delete my account' }).click()
    await dialog.getByText("That's not your password.").waitFor()
    await dialog.getByLabel('Your password').fill(password)
    await dialog.getByRole('button', { name: 'Delete my account' }).click()
    await eve.page.waitForURL('**/login')
    expect(await eve.context.cookies()).toEqual([])
    await signIn(eve.page, 'eve')
    await eve.page.getByText('Wrong username or password.').waitFor()

    await fay.page.reload()
    await messages(fay.page).getByText('this stays').waitFor()
    await messages(fay.page).getByText('Deleted user').waitFor()
    expect(await messages(fay.page).getByText('Eve', { exact: true }).count()).toBe(0)
    await Promise.all([eve.context.close(), fay.context.close()])
  })

  it('who is the only owner of a room with others is told which room, and keeps the account', async () => {
    const gil = await openBrowser()
    const hal = await openBrowser()
    await signUp(gil.page, 'gil', 'Gil')
    await signUp(hal.page, 'hal', 'Hal')
    await gil.page.getByRole('button', { name: 'Create a room' }).click()
    await gil.page.getByLabel(/^Name/).fill('Gardening')
    await gil.page.getByRole('button', { name: 'Create room' }).click()
    await gil.page.waitForURL('**/rooms/gardening')
    await hal.page.getByRole('button', { name: 'Browse rooms' }).first().click()
    await hal.page.getByRole('button', { name: 'Join Gardening' }).click()
    await hal.page.waitForURL('**/rooms/gardening')

    const dialog = await openAccount(gil.page, 'Delete')
    await dialog.getByLabel('Your password').fill(password)
    await dialog.getByRole('button', { name: 'Delete my account' }).click()
    await dialog.getByText(/Make someone else an owner first\. Rooms: Gardening\./).waitFor()
    await gil.page.reload()
    await gil.page.getByTitle('Your account').waitFor()
    await Promise.all([gil.context.close(), hal.context.close()])
  })

  it('never makes the browser complain', () => {
    expect(complaints).toEqual([])
  })
})
