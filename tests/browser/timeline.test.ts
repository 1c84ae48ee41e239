import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fillRoom } from '../support/fill-room'
import { shareRoomline, type Visitor } from '../support/shared-roomline'
import { type StockClient, until } from '../support/stock-client'
import { messages } from './room-page'

const shared = shareRoomline()
const count = 20_205

let ann: Visitor
let bob: StockClient['trpc']
let room: string
/** The newest message quotes the 100th. */
let last: number

const message = (page: Page, seq: number) => messages(page).locator(`[data-seq="${seq}"]`)
const toLatest = (page: Page) => page.getByRole('button', { name: /^(Jump to latest|[\d,]+ new messages?)$/ })
const topOf = (locator: Locator) =>
  locator.evaluate((element) => element.getBoundingClientRect().top - (element.closest('[role=log]')?.getBoundingClientRect().top ?? 0))

/** Whether it is in the middle of the list, highlighted and focused. */
const isArrivedAt = (locator: Locator) =>
  locator.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect()
    const list = element.closest('[role=log]')?.getBoundingClientRect()
    const isCentred = list !== undefined && Math.abs(top - list.top - (list.bottom - bottom)) < 4
    return isCentred && document.activeElement === element
  })

const isAtEnd = (page: Page) =>
  messages(page).evaluate((element) => Math.abs(element.scrollHeight - element.scrollTop - element.clientHeight) < 2)

/** Scrolls as a wheel does, until this says so. */
async function wheel(page: Page, deltaY: number, isDone: () => Promise<boolean>) {
  await messages(page).hover()
  for (let turns = 0; turns < 200 && !(await isDone()); turns++) await page.mouse.wheel(0, deltaY)
  expect(await isDone()).toBe(true)
}

async function openRoom(page: Page, path = `/rooms/${room}`) {
  await page.goto(path)
  await messages(page).locator('[data-seq]').first().waitFor()
}

beforeAll(async () => {
  const { dataDir } = shared
  ann = await shared.signUp('tl-ann', { displayName: 'Tl Ann' })
  bob = (await shared.register('tl-bob', 'Tl Bob')).trpc
  room = (await bob.rooms.create.mutate({ name: 'Tl archive', kind: 'public', members: ['tl-ann'] })).id
  await fillRoom({ dataDir, room, authors: ['tl-bob'], count, apartMs: 600_000 })
  last = (await bob.chat.send.mutate({ room, text: 'as I said', replyTo: 100 })).seq
  const trpc = ann.connect()
  await trpc.chat.markRead.mutate({ room, seq: last - 20_005 })
})
afterAll(() => ann.context.close())

describe('a long room', () => {
  it('jumps to the first of 20,005 unread messages, to a quote, and back to the newest', async () => {
    const { page } = ann
    await openRoom(page)
    await message(page, last).waitFor()
    await page.getByRole('button', { name: '20,005 unread' }).click()
    const first = message(page, last - 20_004)
    await until(() => isArrivedAt(first))
    // The line stands right above it.
    expect(await first.evaluate((element) => element.previousElementSibling?.textContent)).toBe('New')
    expect(new URL(page.url()).pathname).toBe(`/rooms/${room}/${last - 20_004}`)
    expect(await page.getByRole('button', { name: /unread$/ }).count()).toBe(0)

    await toLatest(page).click()
    await until(() => isAtEnd(page))
    await message(page, last)
      .getByRole('button', { name: /line 100\b/ })
      .click()
    await until(() => isArrivedAt(message(page, 100)))
    // Each jump is a step back.
    await page.goBack()
    await until(async () => (await message(page, last).count()) === 1 && (await isAtEnd(page)))
    await page.goForward()
    await message(page, 100).waitFor()
    // The address leads there also in a page that is loaded anew.
    await page.reload()
    await until(() => isArrivedAt(message(page, 100)))
  })

  it('jumps to a date, from the menu and from the line of a day', async () => {
    const { page } = ann
    await openRoom(page)
    await page.getByRole('button', { name: /^More actions for/ }).click()
    await page.getByRole('menuitem', { name: 'Jump to a date' }).click()
    const day = new Date()
    day.setDate(day.getDate() - 60)
    const iso = [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, '0')).join('-')
    await page.getByRole('dialog').getByLabel('Date', { exact: true }).fill(iso)
    await page.getByRole('button', { name: 'Jump', exact: true }).click()
    const { seq } = await bob.chat.at.query({ room, time: new Date(day.getFullYear(), day.getMonth(), day.getDate()).toISOString() })
    await until(() => isArrivedAt(message(page, seq ?? 0)))

    await messages(page).getByRole('button', { name: /day/ }).first().click()
    await page.getByRole('dialog').getByRole('button', { name: 'The beginning' }).click()
    await until(async () => (await message(page, 1).count()) === 1 && (await topOf(message(page, 1))) >= 0)
  })

  it('keeps its place to the pixel while pages load and messages change, in both directions', async () => {
    const { page } = ann
    await openRoom(page, `/rooms/${room}/10000`)
    await until(() => isArrivedAt(message(page, 10_000)))
    const oldest = () => messages(page).evaluate((element) => Number(element.querySelector('[data-seq]')?.getAttribute('data-seq')))
    await wheel(page, -400, async () => (await oldest()) < 9_880)
    const seq = await messages(page).evaluate((element) => {
      const edge = element.getBoundingClientRect().top + 200
      return Number(
        [...element.querySelectorAll('[data-seq]')].find((row) => row.getBoundingClientRect().top > edge)?.getAttribute('data-seq'),
      )
    })
    await messages(page).evaluate((element) => new Promise((resolve) => setTimeout(() => resolve(element.scrollTop), 400)))
    const before = await topOf(message(page, seq))
    await bob.chat.edit.mutate({ room, seq: seq - 8, text: 'much longer\n'.repeat(12) })
    await bob.chat.react.mutate({ room, seq: seq + 12, emoji: '🎉' })
    await messages(page).getByText('much longer').first().waitFor({ state: 'attached' })
    expect(Math.abs((await topOf(message(page, seq))) - before)).toBeLessThan(1)
    await page.setViewportSize({ width: 1280, height: 500 })
    expect(Math.abs((await topOf(message(page, seq))) - before)).toBeLessThan(1)
    await page.setViewportSize({ width: 1280, height: 800 })

    const newest = () =>
      messages(page).evaluate((element) => Number([...element.querySelectorAll('[data-seq]')].at(-1)?.getAttribute('data-seq')))
    await wheel(page, 400, async () => (await newest()) > 10_150)
    expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(4_000)
  })

  it('returns to the place where a room was left', async () => {
    const { page } = ann
    await openRoom(page)
    await message(page, last).waitFor()
    await wheel(page, -300, async () => (await message(page, last - 60).count()) === 1)
    const seq = last - 60
    await message(page, seq).scrollIntoViewIfNeeded()
    const before = await topOf(message(page, seq))
    await page
      .getByRole('link', { name: /general/ })
      .first()
      .click()
    await page.getByRole('textbox', { name: 'Message general' }).waitFor()
    await page
      .getByRole('link', { name: /Tl archive/ })
      .first()
      .click()
    await message(page, seq).waitFor()
    expect(Math.abs((await topOf(message(page, seq))) - before)).toBeLessThan(2)
    // What one writes from there is shown.
    await page.getByRole('textbox', { name: /^Message / }).fill('from far up')
    await page.keyboard.press('Enter')
    await messages(page).getByText('from far up').waitFor()
    await until(() => isAtEnd(page))
    last++
  })

  it('marks nothing as read while old messages are shown; Escape marks all and leads to the newest', async () => {
    const { page } = ann
    const trpc = ann.connect()
    const unread = async () => (await trpc.rooms.list.query()).find(({ id }) => id === room)?.unread
    await openRoom(page, `/rooms/${room}/5000`)
    await until(() => isArrivedAt(message(page, 5_000)))
    const { seq } = await bob.chat.send.mutate({ room, text: 'news while you read' })
    await page.getByRole('button', { name: '1 new message' }).waitFor()
    // Longer than a read mark takes.
    await new Promise((resolve) => setTimeout(resolve, 800))
    expect(await unread()).toBe(1)
    await page.keyboard.press('Escape')
    await message(page, seq).waitFor()
    await until(async () => (await unread()) === 0)
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('composer')
    last = seq
  })
})

describe('the keys of a room', () => {
  it('one stop for Tab, then arrows between messages, and letters for acts', async () => {
    const { page } = ann
    await openRoom(page)
    await message(page, last).waitFor()
    const { keyboard } = page
    const focused = () => page.evaluate(() => Number(document.activeElement?.getAttribute('data-seq')))
    await page.locator('#composer').focus()
    for (let presses = 0; presses < 5 && (await focused()) === 0; presses++) await keyboard.press('Shift+Tab')
    expect(await focused()).toBe(last)
    await keyboard.press('ArrowUp')
    await keyboard.press('ArrowUp')
    expect(await focused()).toBe(last - 2)
    await keyboard.press('PageUp')
    expect(await focused()).toBeLessThan(last - 5)
    await keyboard.press('End')
    await until(async () => (await focused()) === last)
    await keyboard.press('ArrowUp')
    await keyboard.press('r')
    await page.getByText('Replying to').waitFor()
    await keyboard.press('Escape')
    await page.getByText('Replying to').waitFor({ state: 'detached' })

    for (let presses = 0; presses < 5 && (await focused()) === 0; presses++) await keyboard.press('Shift+Tab')
    await keyboard.press('Home')
    await until(() => message(page, 1).evaluate((element) => document.activeElement === element))
    await keyboard.press('ArrowDown')
    expect(await focused()).toBe(2)
    // Out of the list with one Tab, past what can be pressed in this message only.
    for (let tabs = 0; tabs < 8 && (await page.evaluate(() => document.activeElement?.id)) !== 'composer'; tabs++)
      await keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('composer')
  })
})

describe('screen readers', () => {
  it('hear new messages, not old ones, and not while announcements are paused', async () => {
    const { page } = ann
    await openRoom(page)
    await message(page, last).waitFor()
    await until(async () => (await messages(page).getAttribute('aria-live')) === 'polite')
    await wheel(page, -300, async () => (await toLatest(page).count()) === 1)
    expect(await messages(page).getAttribute('aria-live')).toBe('off')
    await toLatest(page).click()
    await until(async () => (await messages(page).getAttribute('aria-live')) === 'polite')
    await page.getByRole('button', { name: /^More actions for/ }).click()
    await page.getByRole('menuitem', { name: 'Stop announcing new messages' }).click()
    await until(async () => (await messages(page).getAttribute('aria-live')) === 'off')
    await page.reload()
    await message(page, last).waitFor()
    expect(await messages(page).getAttribute('aria-live')).toBe('off')
  })
})

describe('a page that stays open over midnight', () => {
  it('calls the day yesterday', async () => {
    const { context, page } = await shared.open()
    await context.addCookies(await ann.context.cookies())
    await page.clock.install()
    const { id } = await bob.rooms.create.mutate({ name: 'Tl midnight', kind: 'public', members: ['tl-ann'] })
    await bob.chat.send.mutate({ room: id, text: 'before midnight' })
    await openRoom(page, `/rooms/${id}`)
    const today = messages(page).getByRole('button', { name: 'Today' })
    await today.last().waitFor()
    await page.clock.fastForward(24 * 60 * 60_000)
    await messages(page).getByRole('button', { name: 'Yesterday' }).last().waitFor()
    expect(await today.count()).toBe(0)
    await context.close()
  })

  it('no errors in the browser console', () => {
    expect(shared.consoleErrors).toEqual([])
  })
})
