import type { Page } from 'playwright-core'

export const messages = (page: Page) => page.getByRole('log')

/** Where somebody writes in a room. */
export const composer = (page: Page, room = 'general') => page.getByLabel(`Message ${room}`, { exact: true })

/** Sends a text, and waits until it is stored and has its place. */
export async function say(page: Page, text: string, room?: string) {
  await composer(page, room).fill(text)
  await composer(page, room).press('Enter')
  await messages(page).locator('[data-seq]').filter({ hasText: text }).last().waitFor()
}
