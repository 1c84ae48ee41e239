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

async function enter(username: string, displayName: string): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ baseURL: whole.webUrl, viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto('/register')
  await page.getByLabel('Username').fill(username)
  await page.getByLabel(/Display name/).fill(displayName)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL('**/rooms/general')
  await page.getByLabel('Message general', { exact: true }).waitFor()
  return { context, page }
}

describe('two people', () => {
  it('see that the other is here, is writing, and has gone', async () => {
    const ada = await enter('ada', 'Ada')
    const ben = await enter('ben', 'Ben')
    await ada.page.getByRole('button', { name: /Show .*members/ }).click()
    const bensRow = ada.page.getByRole('complementary', { name: 'Members' }).getByRole('listitem').filter({ hasText: '@ben' })
    await bensRow.getByRole('img', { name: 'online' }).waitFor()

    await ben.page.getByLabel('Message general', { exact: true }).pressSequentially('I am thinking of')
    await ada.page.getByText('ben is typing…').waitFor()
    await ben.page.getByLabel('Message general', { exact: true }).press('Enter')
    await ada.page.getByRole('log').getByText('I am thinking of').waitFor()
    await ada.page.getByText('ben is typing…').waitFor({ state: 'detached' })
    // Whoever stops without sending is not shown for long.
    await ben.page.getByLabel('Message general', { exact: true }).pressSequentially('and then again not', { delay: 250 })
    await ada.page.getByText('ben is typing…').waitFor()
    await ada.page.getByText('ben is typing…').waitFor({ state: 'detached' })

    await ben.context.close()
    await bensRow.getByRole('img', { name: 'offline' }).waitFor()
    await bensRow.getByTitle(/Last seen/).waitFor()
    await ada.context.close()
  })

  it('see in their direct room and in the list whether the other is here', async () => {
    const cyd = await enter('cyd', 'Cyd')
    const dan = await enter('dan', 'Dan')
    await cyd.page.getByRole('button', { name: 'New message' }).click()
    await cyd.page.getByRole('combobox').fill('dan')
    await cyd.page.getByRole('option', { name: /dan/i }).first().click()
    await cyd.page
      .getByRole('button', { name: /start|open|message/i })
      .last()
      .click()
    await cyd.page.getByText('Online').waitFor()
    const link = cyd.page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name: /Dan/ })
    await link.getByRole('img', { name: 'online' }).waitFor()
    await dan.page.getByRole('link', { name: /Cyd/ }).getByRole('img', { name: 'online' }).waitFor()
    await dan.context.close()
    await cyd.page.getByText(/Last seen/).waitFor()
    await link.getByRole('img', { name: 'offline' }).waitFor()
    await cyd.context.close()
  })

  it('never make the browser complain', () => {
    expect(complaints).toEqual([])
  })
})
