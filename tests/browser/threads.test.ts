import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { shareRoomline, type Visitor } from '../support/shared-roomline'
import { until } from '../support/stock-client'

const { signUp, register, consoleErrors } = shareRoomline()
let tess: Visitor
let trpc: ReturnType<Visitor['connect']>
let other: Awaited<ReturnType<typeof register>>['trpc']
let room: string
let root: number

beforeAll(async () => {
  tess = await signUp('tess', { displayName: 'Tess Threads' })
  trpc = tess.connect()
  other = (await register('theo', 'Theo Threads')).trpc
  room = (await trpc.rooms.create.mutate({ name: 'Long talks', kind: 'private', members: ['theo'] })).id
  root = (await trpc.chat.send.mutate({ room, text: 'Where shall we meet?' })).seq
  const first = await other.chat.send.mutate({ room, text: 'By the river', replyTo: root })
  await other.chat.send.mutate({ room, text: 'or at the station', replyTo: root })
  await trpc.chat.send.mutate({ room, text: 'Which bridge?', replyTo: first.seq })
  await other.chat.send.mutate({ room, text: 'Something else, @tess' })
})

const log = (page: Page) => page.getByRole('log', { name: 'Messages in Long talks' })
const row = (page: Page, text: string) => log(page).getByRole('listitem').filter({ hasText: text })
const panel = (page: Page) => page.getByRole('complementary', { name: 'Thread' })
const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent)

async function openRoom(page: Page) {
  await page.goto(`/rooms/${room}`)
  await row(page, 'Where shall we meet?').first().waitFor()
}

describe('threads', () => {
  it('the chain opens beside the room, live, with a composer of its own, and gives the focus back', async () => {
    const { page } = tess
    await openRoom(page)
    await page.getByRole('button', { name: '2 replies' }).click()
    for (const text of ['Where shall we meet?', 'By the river', 'or at the station', 'Which bridge?']) {
      await panel(page).getByText(text, { exact: true }).first().waitFor()
    }
    expect(await panel(page).getByText('Something else').count()).toBe(0)

    const composer = panel(page).getByRole('textbox')
    await until(() => composer.evaluate((element) => element === document.activeElement))
    await composer.fill('At the station then')
    await composer.press('Enter')
    await row(page, 'At the station then').waitFor()
    const newest = async () => (await trpc.chat.thread.query({ room, seq: root })).messages.at(-1)
    await until(async () => (await newest())?.text === 'At the station then')
    expect(await newest()).toMatchObject({ thread: root, replyTo: { seq: root } })

    await other.chat.send.mutate({ room, text: 'See you there', replyTo: root })
    await panel(page).getByText('See you there').waitFor()
    await page.getByRole('button', { name: '4 replies' }).waitFor()

    await composer.fill('half a thought')
    await composer.press('Escape')
    await panel(page).waitFor({ state: 'detached' })
    expect(await focused(page)).toContain('4 replies')
    expect(await page.getByRole('textbox', { name: 'Message Long talks' }).inputValue()).toBe('')
    await page.getByRole('button', { name: '4 replies' }).click()
    expect(await composer.inputValue()).toBe('half a thought')
    await composer.fill('')
    await page.getByRole('button', { name: 'Close the thread' }).click()
  })

  it('the room shows a quote once, and then only marks', async () => {
    const { page } = tess
    await openRoom(page)
    expect(await row(page, 'or at the station').first().getByTitle('Go to this message').count()).toBe(0)
    expect(await row(page, 'or at the station').first().getByText('In reply to Tess Threads').count()).toBe(1)
    expect(await row(page, 'Which bridge?').first().getByTitle('Go to this message').count()).toBe(1)
  })

  it('a thread whose first message was removed still opens', async () => {
    const { page } = tess
    const gone = await trpc.chat.send.mutate({ room, text: 'Soon removed' })
    await other.chat.send.mutate({ room, text: 'I read it', replyTo: gone.seq })
    await trpc.chat.remove.mutate({ room, seq: gone.seq })
    await openRoom(page)
    await page.getByRole('button', { name: '1 reply' }).last().click()
    await panel(page).getByText('Message removed').first().waitFor()
    await panel(page).getByText('I read it').waitFor()
    await page.getByRole('button', { name: 'Close the thread' }).click()
  })
})

describe('pins and people', () => {
  it('a pin is shown at once, leads to its message, and can be taken away', async () => {
    const { page } = tess
    await openRoom(page)
    await page.getByRole('button', { name: 'Show no pinned messages' }).click()
    const pins = page.getByRole('complementary', { name: 'Pinned messages' })
    await pins.getByText('Nothing is pinned here yet').waitFor()
    await other.chat.pin.mutate({ room, seq: root })
    await pins.getByRole('button', { name: /Where shall we meet/ }).click()
    await page.waitForURL(`**/rooms/${room}/${root}`)
    await row(page, 'Where shall we meet?').first().getByText('Pinned').waitFor()
    await pins.getByRole('button', { name: 'Unpin the message from Tess Threads' }).click()
    await pins.getByText('Nothing is pinned here yet').waitFor()
    await page.keyboard.press('Escape')
  })

  it('a name opens a profile card, from which one can mention and write', async () => {
    const { page } = tess
    await other.users.update.mutate({ status: 'By the river', timeZone: 'Asia/Tokyo' })
    await openRoom(page)
    await row(page, 'By the river').first().getByRole('button', { name: 'Theo Threads', exact: true }).click()
    const card = page.getByRole('dialog', { name: 'Profile of Theo Threads' })
    await card.getByText(/Local time/).waitFor()
    await card.getByText('By the river').waitFor()
    await card.getByRole('button', { name: 'Mention' }).click()
    const composer = page.getByRole('textbox', { name: 'Message Long talks' })
    await until(async () => (await composer.inputValue()) === '@theo ')
    await until(() => composer.evaluate((element) => element === document.activeElement))
    await composer.fill('')
    await row(page, 'By the river').first().getByRole('button', { name: 'Theo Threads', exact: true }).click()
    await card.getByRole('button', { name: 'Message' }).click()
    await page.getByRole('textbox', { name: 'Message Theo Threads' }).waitFor()
    expect(await card.count()).toBe(0)
  })

  it('shows who has seen the newest message, and no longer once they hide it', async () => {
    const { page } = tess
    const { seq } = await trpc.chat.send.mutate({ room, text: 'Has this been seen?' })
    await openRoom(page)
    await other.chat.markRead.mutate({ room, seq })
    await row(page, 'Has this been seen?').getByRole('button', { name: 'Seen by Theo Threads' }).waitFor()
    await other.users.update.mutate({ hideReads: true })
    await page.reload()
    await row(page, 'Has this been seen?').waitFor()
    await page.getByRole('button', { name: 'Show no pinned messages' }).waitFor()
    expect(await page.getByRole('button', { name: /^Seen by/ }).count()).toBe(0)
  })
})

it('one toolbar: the pointer takes it from the message with the focus', async () => {
  const { page } = tess
  await openRoom(page)
  await row(page, 'By the river')
    .first()
    .getByRole('button', { name: /^More actions/ })
    .click()
  await page.getByRole('menu').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('menu').waitFor({ state: 'detached' })
  await row(page, 'Something else').hover()
  await row(page, 'Something else').getByRole('button', { name: 'React' }).waitFor()
  expect(await log(page).getByRole('button', { name: 'React', exact: true }).count()).toBe(1)
})

it('the threads wrote no errors to the console', () => {
  expect(consoleErrors).toEqual([])
})
