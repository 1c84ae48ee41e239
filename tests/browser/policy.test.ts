import type { BrowserContext, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { shareRoomline } from '../support/shared-roomline'
import { until } from '../support/stock-client'
import { sendMessage } from './room-page'

const { open, signUp, consoleErrors } = shareRoomline()

/** What the policy of a context's pages has refused from now on. */
async function watchPolicy(context: BrowserContext): Promise<string[]> {
  const violations: string[] = []
  await context.exposeBinding('reportViolation', (_, violation: string) => violations.push(violation))
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile, sample }) =>
      (window as unknown as { reportViolation(violation: string): void }).reportViolation(
        [location.pathname, effectiveDirective, blockedURI, sourceFile, sample].join(' '),
      ),
    )
  })
  return violations
}

const isScrollLocked = (page: Page) => page.evaluate(() => getComputedStyle(document.body).overflow === 'hidden')

describe('page policy', () => {
  it('menus, dialogs and drawers need nothing that it refuses, and keep the page behind them still', async () => {
    const { context, page } = await signUp('pol-ada', { displayName: 'Pol Ada' })
    const violations = await watchPolicy(context)
    await page.reload()
    await sendMessage(page, 'a line with code, a https://link.example and an emoji 👋')

    await page.getByTitle('Your account').click()
    await page.getByRole('dialog', { name: 'Your account' }).getByRole('tab', { name: 'Sessions' }).click()
    expect(await isScrollLocked(page)).toBe(true)
    await page.keyboard.press('Escape')
    for (const name of ['Browse rooms', 'Create a room', 'New message']) {
      await page.getByRole('button', { name }).first().click()
      await page.getByRole('dialog').waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    await page.getByRole('button', { name: 'More actions for general' }).click()
    await page.getByRole('menu').waitFor()
    await page.keyboard.press('Escape')

    await page.setViewportSize({ width: 375, height: 812 })
    await page.getByRole('button', { name: 'Show the rooms' }).click()
    await page.getByRole('dialog', { name: 'Rooms' }).waitFor()
    await page.keyboard.press('Escape')
    expect(violations).toEqual([])
    await context.close()
  })

  it('no page needs anything that it refuses', async () => {
    const { context, page } = await signUp('pol-ben', { displayName: 'Pol Ben' })
    const violations = await watchPolicy(context)
    for (const path of ['/', '/rooms/general', '/rooms/no-such-room', '/invite/none', '/no-such-page']) {
      await page.goto(path)
      await page.waitForLoadState('networkidle')
    }
    await context.clearCookies()
    for (const path of [
      '/login',
      '/register',
      '/login?error=INVALID_CREDENTIALS',
      '/invite/none',
      '/setup?token=none',
      '/reset?token=none',
    ]) {
      await page.goto(path)
      await page.waitForLoadState('networkidle')
    }
    expect(violations).toEqual([])
    await context.close()
  })

  it('refuses a script and a style that somebody else put into the page', async () => {
    const { context, page } = await open()
    const violations = await watchPolicy(context)
    await page.goto('/login')
    await page.evaluate(() => {
      const heading = document.querySelector('h1')
      if (heading) heading.innerHTML = '<b style="color: red">x</b><style>h1 { color: red }</style><img src="data:," onerror="alert(1)">'
    })
    const color = await page.evaluate(() => getComputedStyle(document.querySelector('h1 b') as Element).color)
    expect(color).not.toBe('rgb(255, 0, 0)')
    await until(() => violations.length === 3)
    expect(violations.map((violation) => violation.split(' ')[1]).sort()).toEqual(['script-src-attr', 'style-src-attr', 'style-src-elem'])
    consoleErrors.length = 0
    await context.close()
  })

  it('no errors in the browser console', () => {
    expect(consoleErrors).toEqual([])
  })
})
