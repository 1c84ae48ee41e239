import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { password } from '../support/people'
import { shareRoomline } from '../support/shared-roomline'
import { until } from '../support/stock-client'
import { messages, sendMessage } from './room-page'

const { open, signUp, consoleErrors } = shareRoomline({ losesConnections: true })

async function signIn(page: Page, username: string, word = password) {
  await page.goto('/login')
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(word)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

async function openAccount(page: Page, tab: 'Profile' | 'Security' | 'Sessions' | 'Delete') {
  await page.getByTitle('Your account').click()
  await page.getByRole('tab', { name: tab }).click()
  return page.getByRole('dialog', { name: 'Your account' })
}

const iPhone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'

describe('account', () => {
  it('profile: a new name shows at once, and to others with the next message', async () => {
    const ruth = await signUp('ruth', { displayName: 'Ruth' })
    const sam = await signUp('sam', { displayName: 'Sam' })
    await sendMessage(ruth.page, 'I am Ruth')
    await messages(sam.page).getByText('I am Ruth').waitFor()

    const dialog = await openAccount(ruth.page, 'Profile')
    await dialog.getByLabel('Display name').fill('   ')
    await dialog.getByRole('button', { name: 'Save profile' }).click()
    await dialog.getByText('The display name must not be empty.').waitFor()
    await dialog.getByLabel('Display name').fill('Countess Lovelace')
    await dialog.getByLabel(/Status/).fill('counting')
    await dialog.getByLabel("Don't show others when I was last online").check()
    await dialog.getByRole('button', { name: 'Save profile' }).click()
    await dialog.getByText('Saved.').waitFor()
    await ruth.page.keyboard.press('Escape')
    await ruth.page.getByTitle('Your account').getByText('Countess Lovelace').waitFor()
    // Without a mouse, focus must return to where it was.
    await until(() => ruth.page.evaluate(() => document.activeElement?.getAttribute('title') === 'Your account'))
    await sendMessage(ruth.page, 'under my new name')
    await messages(sam.page).getByText('Countess Lovelace').waitFor()

    await ruth.page.reload()
    await ruth.page.getByTitle('Your account').getByText('Countess Lovelace').waitFor()
    await openAccount(ruth.page, 'Profile')
    expect(await dialog.getByLabel(/Status/).inputValue()).toBe('counting')
    expect(await dialog.getByLabel("Don't show others when I was last online").isChecked()).toBe(true)
    await Promise.all([ruth.context.close(), sam.context.close()])
  })

  it('password: changing it signs out other browsers, and only the new one works', async () => {
    const here = await signUp('tess', { displayName: 'Tess' })
    const there = await open()
    await signIn(there.page, 'tess')
    await there.page.getByLabel('Message general', { exact: true }).waitFor()

    const dialog = await openAccount(here.page, 'Security')
    await dialog.getByRole('button', { name: 'Change password' }).click()
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
    await signIn(there.page, 'tess')
    await there.page.getByText('Wrong username or password.').waitFor()
    await signIn(there.page, 'tess', 'a new and longer passphrase')
    await there.page.waitForURL('**/rooms/general')
    await here.page.keyboard.press('Escape')
    await sendMessage(here.page, 'still here')
    await Promise.all([here.context.close(), there.context.close()])
  })

  it('sessions: listed, and ended from a phone with the keyboard alone', async () => {
    const phone = await signUp('uwe', { viewport: { width: 390, height: 844 }, userAgent: iPhone })
    const computer = await open()
    const third = await open()
    for (const { page } of [computer, third]) {
      await signIn(page, 'uwe')
      await page.getByLabel('Message general', { exact: true }).waitFor()
    }

    await phone.page.getByRole('button', { name: 'Show the rooms' }).click()
    await phone.page.getByRole('dialog', { name: 'Rooms' }).getByTitle('Your account').focus()
    await phone.page.keyboard.press('Enter')
    await phone.page.getByRole('tab', { name: 'Profile' }).focus()
    // Focus moves a moment after the key: the next key must not come earlier.
    for (const name of ['Security', 'Sessions']) {
      await phone.page.keyboard.press('ArrowRight')
      await phone.page.getByRole('tab', { name, selected: true }).and(phone.page.locator(':focus')).waitFor()
    }
    const rows = phone.page.getByRole('dialog', { name: 'Your account' }).getByRole('listitem')
    await rows.nth(2).waitFor()
    expect(await rows.count()).toBe(3)
    expect(await rows.first().innerText()).toMatch(/Safari on iPhone\s+This device/)
    expect(await rows.nth(1).innerText()).toMatch(/Chrome on [\s\S]*127\.0\.0\.1[\s\S]*last active just now/)
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

  it('deletion: signs out, and others see “Deleted user”', async () => {
    const vera = await signUp('vera', { displayName: 'Vera' })
    const wim = await signUp('wim', { displayName: 'Wim' })
    await sendMessage(vera.page, 'this stays')
    await messages(wim.page).getByText('this stays').waitFor()

    const dialog = await openAccount(vera.page, 'Delete')
    await dialog.getByLabel('Your password').fill('not the passphrase')
    await dialog.getByRole('button', { name: 'Delete my account' }).click()
    await dialog.getByText("That's not your password.").waitFor()
    await dialog.getByLabel('Your password').fill(password)
    await dialog.getByRole('button', { name: 'Delete my account' }).click()
    await vera.page.waitForURL('**/login')
    expect((await vera.context.cookies()).map(({ name }) => name)).not.toContain('X-Token')
    await signIn(vera.page, 'vera')
    await vera.page.getByText('Wrong username or password.').waitFor()

    await wim.page.reload()
    const row = messages(wim.page).locator('[data-seq]').filter({ hasText: 'this stays' })
    await row.getByText('Deleted user').waitFor()
    expect(await messages(wim.page).getByText('Vera', { exact: true }).count()).toBe(0)
    await Promise.all([vera.context.close(), wim.context.close()])
  })

  it('deletion: refused for the only owner of a room with other members, naming the room', async () => {
    const xenia = await signUp('xenia', { displayName: 'Xenia' })
    const yuri = await signUp('yuri', { displayName: 'Yuri' })
    await xenia.page.getByRole('button', { name: 'Create a room' }).click()
    await xenia.page.getByLabel(/^Name/).fill('Orchard')
    await xenia.page.getByRole('button', { name: 'Create room' }).click()
    await xenia.page.waitForURL('**/rooms/orchard')
    await yuri.page.getByRole('button', { name: 'Browse rooms' }).first().click()
    await yuri.page.getByRole('button', { name: 'Join Orchard' }).click()
    await yuri.page.waitForURL('**/rooms/orchard')

    const dialog = await openAccount(xenia.page, 'Delete')
    await dialog.getByLabel('Your password').fill(password)
    await dialog.getByRole('button', { name: 'Delete my account' }).click()
    await dialog.getByText(/Make someone else an owner first\. Rooms: Orchard\./).waitFor()
    await xenia.page.reload()
    await xenia.page.getByTitle('Your account').waitFor()
    await Promise.all([xenia.context.close(), yuri.context.close()])
  })

  it('no errors in the browser console', () => {
    expect(consoleErrors).toEqual([])
  })
})
