import { describe, expect, it } from 'vitest'
import { shareRoomline } from '../support/shared-roomline'
import { until } from '../support/stock-client'
import { messages } from './room-page'

const { signUp, register, consoleErrors } = shareRoomline()

describe('search', () => {
  it('finds messages by filters typed and picked, opens one, and comes back to the results as they were', async () => {
    const { page, context } = await signUp('se-ada', { displayName: 'SE Ada' })
    const ben = await register('se-ben', 'SE Ben')
    const room = await ben.trpc.rooms.create.mutate({ name: 'SE Harbour', kind: 'private', members: ['se-ada'] })
    for (let number = 1; number <= 45; number++) {
      await ben.trpc.chat.send.mutate({ room: room.id, text: `lantern ${number} was lit${number === 7 ? ' https://lamp.example' : ''}` })
    }
    await page.keyboard.press('Control+k')
    const palette = page.getByRole('dialog', { name: 'Search' })
    const field = palette.getByRole('combobox')
    const hits = palette.getByRole('option', { name: /lantern \d+ was lit/ })
    const hit = (number: number) => palette.getByRole('option', { name: `lantern ${number} was lit` })
    await field.fill('lantern')
    await hits.first().waitFor()
    expect(await hits.first().textContent()).toContain('lantern 45')
    expect(await hits.first().locator('mark').allTextContents()).toEqual(['lantern'])
    // More come as the list is scrolled.
    await palette.locator('[data-results]').evaluate((element) => element.scrollTo(0, element.scrollHeight))
    await hit(1).waitFor()
    expect(await hits.count()).toBe(45)

    // Typed with a space, picked from what is offered, and begun with a button.
    await field.pressSequentially(' from:se-ben ')
    await palette.getByText('from: @se-ben').waitFor()
    await field.pressSequentially('in:harb')
    await palette.getByRole('option', { name: /SE Harbour/ }).waitFor()
    await field.press('Enter')
    await palette.getByText('in: SE Harbour').waitFor()
    await palette.getByRole('group', { name: 'Add a filter' }).getByRole('button', { name: 'Has' }).click()
    await palette.getByRole('option', { name: 'A link' }).click()
    await palette.getByText('has: a link').waitFor()
    await hit(8).waitFor({ state: 'detached' })
    expect(await hits.count()).toBe(1)
    await palette.getByRole('button', { name: 'Remove the filter has: a link' }).click()
    await field.pressSequentially('before:2001-01-01 ')
    await palette.getByText('No messages found.').waitFor()
    await palette.getByRole('button', { name: /Remove the filter before/ }).click()
    await hit(40).waitFor()
    await palette.locator('[data-results]').evaluate((element) => element.scrollTo(0, 700))
    const scrolled = await palette.locator('[data-results]').evaluate(({ scrollTop }) => scrollTop)
    await hit(34).click()
    await palette.waitFor({ state: 'detached' })
    await messages(page).getByText('lantern 34 was lit').waitFor()
    expect(page.url()).toMatch(new RegExp(`/rooms/${room.id}/\\d+$`))

    await page.goBack()
    await hit(34).waitFor()
    await palette.getByText('in: SE Harbour').waitFor()
    expect((await field.inputValue()).trim()).toBe('lantern')
    expect(Math.abs((await palette.locator('[data-results]').evaluate(({ scrollTop }) => scrollTop)) - scrolled)).toBeLessThan(80)
    await page.keyboard.press('Escape')
    await palette.waitFor({ state: 'detached' })
    await page.getByRole('heading', { level: 1, name: 'general' }).waitFor()

    // What was searched for is offered again.
    await page.getByRole('button', { name: 'Search' }).click()
    await palette.getByRole('option', { name: /from: @se-ben.*in: SE Harbour.*lantern/ }).click()
    await hit(45).waitFor()
    expect(consoleErrors).toEqual([])
    await context.close()
  })

  it('finds rooms, people and actions by a few letters, and opens them with the keyboard', async () => {
    const { page, context } = await signUp('se-cleo', { displayName: 'SE Cleo' })
    const dov = await register('se-dov', 'SE Dov Winter')
    await dov.trpc.rooms.create.mutate({ name: 'SE Glass Works', kind: 'private', members: ['se-cleo'] })
    await page.getByRole('link', { name: /SE Glass Works/ }).waitFor()
    const palette = page.getByRole('dialog', { name: 'Search' })
    const field = palette.getByRole('combobox')
    // At once: the search is still being loaded.
    await page.keyboard.press('Control+k')
    await page.keyboard.type('glwo')
    await until(async () => (await field.inputValue()) === 'glwo')
    expect(await page.locator('#composer').inputValue()).toBe('')
    await palette.getByRole('option', { name: /SE Glass Works/ }).waitFor()
    await field.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'SE Glass Works' }).waitFor()

    await page.keyboard.press('Control+k')
    await field.fill('dov winter')
    await palette.getByRole('option', { name: /SE Dov Winter/ }).waitFor()
    await palette.getByRole('option', { name: /SE Dov Winter/ }).click()
    await page.getByRole('heading', { level: 1, name: 'SE Dov Winter' }).waitFor()

    await page.keyboard.press('Control+k')
    await field.fill('keyb')
    await palette.getByRole('option', { name: 'Keyboard shortcuts' }).waitFor()
    await field.press('Enter')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(consoleErrors).toEqual([])
    await context.close()
  })
})
