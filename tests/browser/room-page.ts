import type { Page } from 'playwright-core'

export const messages = (page: Page) => page.getByRole('log')

/** The text field for a new message. */
export const composer = (page: Page, room = 'general') => page.getByLabel(`Message ${room}`, { exact: true })

/** Sends a message, and waits until it is stored and has its place. */
export async function sendMessage(page: Page, text: string, room?: string) {
  await composer(page, room).fill(text)
  // On a phone, Enter makes a line.
  if (await page.evaluate(() => matchMedia('(hover: hover)').matches)) await composer(page, room).press('Enter')
  else await page.getByRole('button', { name: 'Send', exact: true }).tap()
  await messages(page).locator('[data-seq]').filter({ hasText: text }).last().waitFor()
}

/** Keeps scripts that the page loads from now on back, until they are released. */
export async function holdScripts(page: Page): Promise<() => void> {
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  await page.route('**/_next/static/**/*.js', async (route) => {
    await released
    await route.continue()
  })
  return release
}
