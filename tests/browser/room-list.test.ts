import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { shareRoomline } from '../support/shared-roomline'
import { until } from '../support/stock-client'
import { composer } from './room-page'

const { signUp, register, consoleErrors } = shareRoomline()

const list = (page: Page) => page.getByRole('navigation', { name: 'Rooms' })
const roomLink = (page: Page, name: string | RegExp) => list(page).getByRole('link', { name })
const order = async (page: Page) =>
  (await list(page).locator('a bdi, h2 button').allTextContents()).map((text) => text.replace(/\d+ unread$/, ''))

describe('the room list', () => {
  it('stays still under the pointer, keeps favorites, folds, order and filter, and works with the keyboard', async () => {
    const ada = await signUp('rl-ada', { displayName: 'RL Ada' })
    const ben = await register('rl-ben', 'RL Ben')
    const make = async (name: string) => (await ben.trpc.rooms.create.mutate({ name, kind: 'private', members: ['rl-ada'] })).id
    const orchard = await make('RL Orchard')
    const meadow = await make('RL Meadow')
    await make('غرفة الحديقة')
    const { page, context } = ada
    await roomLink(page, /غرفة/).waitFor()
    const rooms = ['general', 'RL Meadow', 'RL Orchard', 'غرفة الحديقة']
    expect(await order(page)).toEqual(['Rooms', ...rooms, 'Direct messages'])

    // A name in a script from the right begins at the left edge, as the others do.
    const leftOf = (name: string | RegExp) =>
      roomLink(page, name)
        .locator('bdi')
        .evaluate((element) => {
          const range = document.createRange()
          range.selectNodeContents(element)
          return Math.round(range.getBoundingClientRect().left)
        })
    expect(await leftOf(/غرفة/)).toBe(await leftOf('RL Orchard'))

    // Under the pointer nothing moves; afterwards the room is among the unread.
    await roomLink(page, 'RL Orchard').hover()
    await ben.trpc.chat.send.mutate({ room: meadow, text: 'cut the grass' })
    await roomLink(page, /RL Meadow.*1 unread message/).waitFor()
    expect(await order(page)).toEqual(['Rooms', ...rooms, 'Direct messages'])
    await composer(page).hover()
    await list(page).getByRole('button', { name: 'Unread' }).waitFor()
    expect((await order(page)).slice(0, 2)).toEqual(['Unread', 'RL Meadow'])

    // The menu, from the keyboard and with the pointer.
    await roomLink(page, /RL Meadow/).click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Mark as read' }).click()
    await composer(page).hover()
    await list(page).getByRole('button', { name: 'Unread' }).waitFor({ state: 'detached' })
    await roomLink(page, 'RL Orchard').hover()
    await list(page).getByRole('button', { name: 'Options for RL Orchard' }).click()
    await page.getByRole('menuitem', { name: 'Add to favorites' }).click()
    await composer(page).hover()
    await list(page).getByRole('button', { name: 'Favorites' }).waitFor()
    await roomLink(page, 'RL Meadow').click({ button: 'right' })
    await page.getByRole('menuitemradio', { name: 'Nothing' }).click()
    await page.getByRole('menu').waitFor({ state: 'detached' })
    await roomLink(page, /RL Meadow Muted/).waitFor()

    // The arrow keys move in the list, which has one stop for Tab.
    await list(page).getByLabel('Filter rooms').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('End')
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await list(page).getByRole('button', { name: 'Favorites', expanded: false }).waitFor()
    expect(await list(page).locator('a[tabindex="0"]').count()).toBe(1)
    await list(page)
      .getByRole('button', { name: /Sort by latest/ })
      .click()

    // All of it is still there after a reload.
    await composer(page).fill('half a sentence')
    await page.reload()
    await list(page).getByRole('button', { name: 'Favorites', expanded: false }).waitFor()
    await list(page)
      .getByRole('button', { name: /Sort rooms A–Z/ })
      .waitFor()
    await roomLink(page, /RL Meadow Muted/).click()
    await page.getByRole('heading', { level: 1, name: 'RL Meadow' }).waitFor()
    await roomLink(page, /general Draft/).waitFor()

    await list(page).getByLabel('Filter rooms').fill('orchard')
    await list(page).getByText('RL Meadow').waitFor({ state: 'detached' })
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'RL Orchard' }).waitFor()
    expect(await list(page).getByLabel('Filter rooms').inputValue()).toBe('')

    // The keys for rooms and for unread rooms, also while somebody is typing.
    await ben.trpc.chat.send.mutate({ room: orchard, text: 'apples' })
    await composer(page, 'RL Orchard').focus()
    await page.keyboard.press('Alt+ArrowDown')
    await page.waitForURL((url) => !url.pathname.includes(orchard))
    await ben.trpc.chat.send.mutate({ room: orchard, text: 'pears' })
    // The count arrives a moment later.
    await until(async () => {
      await page.keyboard.press('Alt+Shift+ArrowUp')
      return new URL(page.url()).pathname.includes(orchard)
    }, 10_000)
    await page.keyboard.press('?')
    await composer(page, 'RL Orchard')
      .evaluate((field) => (field as HTMLTextAreaElement).value)
      .then((value) => expect(value).toBe('?'))
    await page.getByRole('button', { name: 'Keyboard shortcuts' }).click()
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('Next unread room').waitFor()
    await page.goBack()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(page.url()).toContain(orchard)
    expect(consoleErrors).toEqual([])
    await context.close()
  })

  it('on a phone, Back closes the drawer or the dialog and stays in the room', async () => {
    const { page, context } = await signUp('rl-eve', { displayName: 'RL Eve', viewport: { width: 390, height: 844 }, hasTouch: true })
    await page.getByRole('button', { name: 'Show the rooms' }).click()
    const drawer = page.getByRole('dialog', { name: 'Rooms' })
    await drawer.getByRole('link', { name: /general/ }).waitFor()
    await page.goBack()
    await drawer.waitFor({ state: 'detached' })
    expect(page.url()).toMatch(/\/rooms\/general$/)

    await page.getByRole('button', { name: 'Show the rooms' }).click()
    await drawer.getByRole('button', { name: 'Create a room' }).click()
    const dialog = page.getByRole('dialog', { name: 'Create a room' })
    await dialog.getByLabel(/^Name/).fill('RL Pond')
    await dialog.getByRole('button', { name: 'Create room' }).click()
    await page.getByRole('heading', { level: 1, name: 'RL Pond' }).waitFor()
    // What lay over the page has left nothing in the history.
    await page.goBack()
    await page.getByRole('heading', { level: 1, name: 'general' }).waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
    await context.close()
  })
})
