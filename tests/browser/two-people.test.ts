import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { password } from '../support/people'
import { shareRoomline } from '../support/shared-roomline'
import { type OwnLine, startOwnLine } from './own-line'
import { composer, messages } from './room-page'

const { open, signUp, consoleErrors, realtimeUrl } = shareRoomline({ losesConnections: true })
let line: OwnLine
beforeAll(async () => {
  line = await startOwnLine(realtimeUrl)
})
afterAll(() => line?.close())

/** Creates an account with the form. */
async function fillSignUp(page: Page, username: string, displayName = '') {
  await page.goto('/register')
  await page.getByLabel('Username').fill(username)
  await page.getByLabel(/Display name/).fill(displayName)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: /sign up|create|join/i }).click()
}

describe('conversation', () => {
  it('two people sign up, write in several scripts, and sign out', async () => {
    const alma = await open()
    const bela = await open({ viewport: { width: 390, height: 844 }, hasTouch: true })
    await fillSignUp(alma.page, 'alma', 'Alma Lovelace')
    await fillSignUp(bela.page, 'bela', 'Bela')
    for (const { page } of [alma, bela]) await page.waitForURL('**/rooms/general')

    const texts = ['Hello Bela', 'Grüße 你好 مرحبا नमस्ते 👩‍👩‍👧‍👦', '<script>alert(1)</script> & "quotes"', 'two\nlines']
    for (const text of texts) {
      await composer(alma.page).fill(text)
      await composer(alma.page).press('Enter')
      await messages(alma.page).getByText(text).waitFor()
      await messages(bela.page).getByText(text).waitFor()
    }
    await composer(bela.page).fill('Hello Alma')
    await bela.page.getByRole('button', { name: 'Send' }).click()
    await messages(alma.page).getByText('Hello Alma').waitFor()
    await messages(alma.page).getByText('Bela', { exact: true }).first().waitFor()

    // After a reload, history has everything once.
    await alma.page.reload()
    await messages(alma.page).getByText('Hello Alma').waitFor()
    for (const text of texts) expect(await messages(alma.page).getByText(text).count()).toBe(1)

    await alma.page.getByRole('button', { name: 'Sign out' }).click()
    await alma.page.waitForURL('**/login**')
    await alma.page.goto('/rooms/general')
    await alma.page.waitForURL('**/login**')
    await alma.page.getByLabel('Username').fill('alma')
    await alma.page.getByLabel('Password', { exact: true }).fill(password)
    await alma.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await messages(alma.page).getByText('Hello Alma').waitFor()
    await Promise.all([alma.context.close(), bela.context.close()])
  })

  it('one creates a public room, the other finds and joins it, and they talk there', async () => {
    const clea = await signUp('clea')
    const dora = await signUp('dora')
    await clea.page.getByRole('button', { name: 'Create a room' }).click()
    await clea.page.getByLabel(/^Name/).fill('Gardening')
    await clea.page
      .getByRole('button', { name: /^create/i })
      .last()
      .click()
    await clea.page.waitForURL('**/rooms/gardening')
    await composer(clea.page, 'Gardening').fill('Tomatoes are in')
    await composer(clea.page, 'Gardening').press('Enter')
    await messages(clea.page).getByText('Tomatoes are in').waitFor()

    await dora.page.getByRole('button', { name: 'Browse rooms' }).first().click()
    await dora.page.getByLabel('Search public rooms').fill('garden')
    await dora.page.getByRole('button', { name: 'Join Gardening' }).click()
    await messages(dora.page).getByText('Tomatoes are in').waitFor()
    await composer(dora.page, 'Gardening').fill('Mine are still small')
    await composer(dora.page, 'Gardening').press('Enter')
    await messages(clea.page).getByText('Mine are still small').waitFor()
    await Promise.all([clea.context.close(), dora.context.close()])
  })
})

describe('one person', () => {
  it('without a connection: sees that, keeps writing, and catches up once it is back', async () => {
    const elin = await signUp('elin', { bypassCSP: true })
    const faro = await signUp('faro', { bypassCSP: true })
    for (const { context, page } of [elin, faro]) {
      await line.use(context)
      await page.reload()
      await composer(page).waitFor()
    }
    expect(line.count()).toBe(2)
    await composer(elin.page).fill('before the tunnel')
    await composer(elin.page).press('Enter')
    await messages(faro.page).getByText('before the tunnel').waitFor()

    line.setOnline(false)
    await elin.page
      .getByText(/reconnecting/i)
      .first()
      .waitFor()
    await composer(elin.page).fill('written in the tunnel')
    await composer(elin.page).press('Enter')
    await messages(elin.page).getByText('written in the tunnel').waitFor()
    await composer(faro.page).fill('said meanwhile')
    await composer(faro.page).press('Enter')
    await messages(faro.page).getByText('said meanwhile').waitFor()
    expect(await messages(faro.page).getByText('written in the tunnel').count()).toBe(0)

    // A reload while still offline.
    await elin.page.reload()
    await messages(elin.page).or(elin.page.getByRole('status')).first().waitFor()
    line.setOnline(true)
    await messages(faro.page).getByText('written in the tunnel').waitFor()
    await messages(elin.page).getByText('said meanwhile').waitFor()
    expect(await messages(faro.page).getByText('written in the tunnel').count()).toBe(1)
    await Promise.all([elin.context.close(), faro.context.close()])
  })

  it('without JavaScript: signs up, reads what was wrong, and signs in', async () => {
    const { context, page } = await open({ javaScriptEnabled: false })
    await fillSignUp(page, 'plain')
    await page.getByText('@plain').waitFor()
    await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL('**/login**')
    await page.getByLabel('Username').fill('plain')
    await page.getByLabel('Password', { exact: true }).fill('not the passphrase')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('Wrong username or password.').waitFor()
    expect(await page.getByLabel('Username').inputValue()).toBe('plain')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('@plain').waitFor()
    await context.close()
  })

  it('signing out in one tab signs out the other', async () => {
    const { context, page } = await signUp('gaia')
    const other = await context.newPage()
    await other.goto('/rooms/general')
    await composer(other).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await other.waitForURL('**/login**')
    await context.close()
  })

  it('no errors in the browser console', () => {
    expect(consoleErrors).toEqual([])
  })
})
