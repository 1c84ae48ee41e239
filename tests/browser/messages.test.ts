import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shareRoomline } from '../support/shared-roomline'
import { type StockClient, until } from '../support/stock-client'
import { messages } from './room-page'

const shared = shareRoomline({ losesConnections: true })
const { consoleErrors } = shared

interface Somebody {
  page: Page
  /** The same person over another connection. */
  trpc: StockClient['trpc']
  username: string
}

const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

async function signUp(username: string, options: BrowserContextOptions = {}): Promise<Somebody> {
  const { page, connect } = await shared.signUp(username, options)
  return { page, trpc: connect(), username }
}

/** Creates a room, owned by the first person, and opens it on everybody's page. @returns its id */
async function openRoomWith(name: string, ...[owner, ...members]: [Somebody, ...Somebody[]]): Promise<string> {
  const { id } = await owner.trpc.rooms.create.mutate({ name, kind: 'public', members: members.map(({ username }) => username) })
  await Promise.all([owner, ...members].map(({ page }) => openRoom(page, id)))
  return id
}

async function openRoom(page: Page, room: string) {
  await page.goto(`/rooms/${room}`)
  await messages(page).waitFor()
}

const composer = (page: Page) => page.getByRole('textbox', { name: /^Message / })
/** The field that a message becomes while it is edited. */
const editor = (page: Page) => messages(page).getByRole('textbox', { name: 'Edit message' })
const messageWith = (page: Page, text: string) => messages(page).getByRole('listitem').filter({ hasText: text }).last()

async function sendMessage(page: Page, text: string) {
  await composer(page).fill(text)
  await composer(page).press('Enter')
  // A pending message has no place yet.
  await messages(page).locator('[data-seq]').filter({ hasText: text }).last().waitFor()
}

/** Clicks one of the buttons that a message shows on hover. */
async function press(message: Locator, name: string | RegExp) {
  await message.hover()
  await message.getByRole('button', { name, exact: typeof name === 'string' }).click()
}

async function choose(page: Page, message: Locator, name: string) {
  await press(message, /^More actions on this message/)
  await page.getByRole('menuitem', { name, exact: true }).click()
}

const closePages = (...people: Somebody[]) => Promise.all(people.map(({ page }) => page.context().close()))

describe('messages', () => {
  let amy: Somebody
  let bert: Somebody
  beforeAll(async () => {
    amy = await signUp('amy')
    bert = await signUp('bert')
  })
  afterAll(() => closePages(amy, bert))

  it('reactions: add one, join one, take it back', async () => {
    await openRoomWith('Reactions', amy, bert)
    await sendMessage(amy.page, 'The tests are green')
    await press(messageWith(bert.page, 'The tests are green'), 'React')
    await bert.page.getByRole('button', { name: 'React with party popper' }).first().click()
    const chip = messageWith(amy.page, 'The tests are green').getByRole('button', { name: 'party popper, 1' })
    await chip.waitFor()
    await chip.hover()
    await amy.page.getByRole('tooltip').getByText('bert reacted with party popper').waitFor()
    expect(await chip.getAttribute('aria-pressed')).toBe('false')

    await chip.click()
    const both = messageWith(bert.page, 'The tests are green').getByRole('button', { name: 'party popper, 2' })
    await both.waitFor()
    await both.hover()
    await bert.page.getByRole('tooltip').getByText('You and amy reacted with party popper').waitFor()
    expect(await both.getAttribute('aria-pressed')).toBe('true')
    await both.click()
    await messageWith(amy.page, 'The tests are green').getByRole('button', { name: 'party popper, 1' }).click()
    await messageWith(bert.page, 'The tests are green')
      .getByRole('button', { name: /party popper/ })
      .waitFor({ state: 'detached' })
  })

  it('replies: a quote leads to the quoted message, however far up it is, and shows its current text', async () => {
    const room = await openRoomWith('Answers', amy, bert)
    await sendMessage(amy.page, 'Who waters the plants?')
    await press(messageWith(bert.page, 'Who waters the plants?'), 'Reply')
    await bert.page.getByText('Replying to amy').waitFor()
    await bert.page.keyboard.press('Escape')
    await bert.page.getByText('Replying to amy').waitFor({ state: 'detached' })
    await press(messageWith(bert.page, 'Who waters the plants?'), 'Reply')
    await sendMessage(bert.page, 'I do, on Fridays')
    // What it answers stands right above it.
    await messageWith(amy.page, 'I do, on Fridays').getByTitle('In reply to amy').waitFor()
    expect(
      await messageWith(amy.page, 'I do, on Fridays')
        .getByRole('button', { name: /^In reply to/ })
        .count(),
    ).toBe(0)
    await messages(amy.page).locator('[data-seq="1"]').getByText('1 reply').waitFor()

    for (let index = 1; index <= 120; index++) await amy.trpc.chat.send.mutate({ room, text: `talk ${index}` })
    await amy.trpc.chat.send.mutate({ room, text: 'Thank you, Bert', replyTo: 2 })
    await bert.trpc.chat.send.mutate({ room, text: 'It was about this', replyTo: 1 })
    await openRoom(amy.page, room)
    await messageWith(amy.page, 'It was about this')
      .getByRole('button', { name: /Who waters the plants/ })
      .click()
    const question = messages(amy.page).locator('[data-seq="1"]')
    await question.waitFor()
    await until(() => isInView(question))
    // The quote follows an edit of the quoted message.
    await bert.trpc.chat.edit.mutate({ room, seq: 2, text: 'I do, on Mondays' })
    await amy.page.getByRole('button', { name: 'Jump to latest' }).click()
    await messageWith(amy.page, 'Thank you, Bert')
      .getByRole('button', { name: /on Mondays/ })
      .waitFor({ state: 'attached' })
  })

  it('edits: the other sees the new text; Escape and Cancel keep the old one', async () => {
    await openRoomWith('Edits', amy, bert)
    await sendMessage(amy.page, 'See you at noon')
    await press(messageWith(amy.page, 'See you at noon'), 'Edit')
    expect(await editor(amy.page).inputValue()).toBe('See you at noon')
    await editor(amy.page).fill('See you at one')
    await editor(amy.page).press('Enter')
    await messageWith(bert.page, 'See you at one').getByText('edited').waitFor()
    expect(await messages(bert.page).getByText('See you at noon').count()).toBe(0)

    // Arrow up edits the last message. Escape keeps what was changed for later; discarding it keeps the message.
    await composer(amy.page).press('ArrowUp')
    await editor(amy.page).fill('See you at two')
    await amy.page.keyboard.press('Escape')
    await editor(amy.page).waitFor({ state: 'detached' })
    await messageWith(amy.page, 'See you at one').waitFor()
    expect(await composer(amy.page).inputValue()).toBe('')
    await composer(amy.page).press('ArrowUp')
    expect(await editor(amy.page).inputValue()).toBe('See you at two')
    await amy.page.getByRole('button', { name: 'Discard changes' }).click()
    await composer(amy.page).press('ArrowUp')
    expect(await editor(amy.page).inputValue()).toBe('See you at one')
    await amy.page.getByRole('button', { name: 'Cancel editing' }).click()
    await messageWith(bert.page, 'See you at one').hover()
    expect(await messageWith(bert.page, 'See you at one').getByRole('button', { name: 'Edit', exact: true }).count()).toBe(0)
  })

  it('removals: authors remove their own messages, owners remove those of others', async () => {
    await openRoomWith('Removals', amy, bert)
    await sendMessage(bert.page, 'Oops')
    await sendMessage(bert.page, 'Buy my watches')
    await sendMessage(amy.page, 'A word of the owner')
    await choose(bert.page, messageWith(bert.page, 'Oops'), 'Remove')
    await bert.page.getByRole('button', { name: 'Remove message' }).click()
    await messages(amy.page).getByText('Message removed').waitFor()
    expect(await messages(amy.page).getByText('Oops').count()).toBe(0)

    await press(messageWith(bert.page, 'A word of the owner'), /^More actions on this message/)
    await bert.page.getByRole('menuitem', { name: 'Reply', exact: true }).waitFor()
    expect(await bert.page.getByRole('menuitem', { name: 'Remove' }).count()).toBe(0)
    await bert.page.keyboard.press('Escape')

    await choose(amy.page, messageWith(amy.page, 'Buy my watches'), 'Remove')
    await amy.page.getByRole('heading', { name: 'Remove this message from bert?' }).waitFor()
    await amy.page.getByRole('button', { name: 'Remove message' }).click()
    await until(async () => (await messages(bert.page).getByText('Message removed').count()) === 2)
  })

  it('mentions: suggested while typing, and highlighted for the person mentioned', async () => {
    await openRoomWith('Mentions', amy, bert)
    await composer(amy.page).pressSequentially('Over to you, @be')
    await amy.page.getByRole('option', { name: /@bert/ }).waitFor()
    await composer(amy.page).press('Enter')
    expect(await composer(amy.page).inputValue()).toBe('Over to you, @bert ')
    await composer(amy.page).pressSequentially('please')
    await composer(amy.page).press('Enter')
    const mark = messageWith(bert.page, 'Over to you').locator('mark', { hasText: '@bert' })
    await mark.waitFor()
    const backgroundOf = (page: Page) => messageWith(page, 'Over to you').evaluate((element) => getComputedStyle(element).backgroundColor)
    await messageWith(amy.page, 'Over to you').locator('mark', { hasText: '@bert' }).waitFor()
    await composer(amy.page).hover()
    expect(await backgroundOf(bert.page)).not.toBe(await backgroundOf(amy.page))

    await composer(amy.page).pressSequentially('@roo')
    await amy.page.getByRole('option', { name: /Everyone/ }).click()
    expect(await composer(amy.page).inputValue()).toBe('@room ')
    await composer(amy.page).press('Enter')
    await messageWith(bert.page, '@room').locator('mark').waitFor()
    // Escape closes the suggestions. A name that no member has is not highlighted.
    await composer(amy.page).pressSequentially('ask @b')
    await amy.page.getByRole('option', { name: /@bert/ }).waitFor()
    await composer(amy.page).press('Escape')
    await amy.page.getByRole('listbox').waitFor({ state: 'detached' })
    await composer(amy.page).fill('and @nobody')
    await composer(amy.page).press('Enter')
    await messageWith(bert.page, 'and @nobody').waitFor()
    expect(await messageWith(bert.page, 'and @nobody').locator('mark').count()).toBe(0)
  })

  it('room lines: changes to the room show between messages', async () => {
    const room = await openRoomWith('Lines', amy, bert)
    await sendMessage(bert.page, 'Before')
    await amy.trpc.rooms.update.mutate({ room, topic: 'What happens here' })
    const line = messageWith(bert.page, 'changed the topic to “What happens here”')
    await line.waitFor()
    expect(await line.getByRole('button').count()).toBe(0)
  })
})

describe('one person', () => {
  it('read marks: what is on screen is read, and “Mark as unread” stays', async () => {
    const cyd = await signUp('cyd')
    const dan = await signUp('dan')
    const room = await openRoomWith('Marks', cyd, dan)
    const unread = async () => (await dan.trpc.rooms.list.query()).find(({ id }) => id === room)?.unread
    for (let index = 1; index <= 60; index++) await cyd.trpc.chat.send.mutate({ room, text: `news ${index}` })
    await messageWith(dan.page, 'news 60').waitFor()
    await until(async () => (await unread()) === 0)

    await choose(dan.page, messageWith(dan.page, 'news 58'), 'Mark as unread')
    await until(async () => (await unread()) === 3)
    await messages(dan.page).getByText('New', { exact: true }).waitFor()
    await cyd.trpc.chat.send.mutate({ room, text: 'news 61' })
    await messageWith(dan.page, 'news 61').waitFor()
    // Longer than a read mark takes that is still on its way.
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(await unread()).toBe(4)

    // New messages count as read only while the end of the list is visible.
    await messages(dan.page).evaluate((element) => element.scrollTo(0, 200))
    await dan.page.getByRole('button', { name: /Jump to latest|new message/ }).click()
    await until(async () => (await unread()) === 0)

    // Opening a room with unread messages shows where they begin.
    await dan.page.goto('/rooms/general')
    await composer(dan.page).waitFor()
    for (let index = 62; index <= 120; index++) await cyd.trpc.chat.send.mutate({ room, text: `news ${index}` })
    await openRoom(dan.page, room)
    await dan.page.getByRole('button', { name: /unread/ }).click()
    await until(async () => isInView(messages(dan.page).getByText('New', { exact: true })))
    await until(async () => isInView(messages(dan.page).getByText('news 62', { exact: true })))
    await closePages(cyd, dan)
  })

  it('scrolling: the place stays while older messages load and while those above change height', async () => {
    const mia = await signUp('mia')
    const room = await openRoomWith('Places', mia)
    for (let index = 1; index <= 130; index++) await mia.trpc.chat.send.mutate({ room, text: `line ${index}` })
    await openRoom(mia.page, room)
    await messageWith(mia.page, 'line 130').waitFor()
    const log = messages(mia.page)
    const heightOf = (seq: number) => log.locator(`[data-seq="${seq}"]`).evaluate((element) => element.getBoundingClientRect().top)
    const before = await log.evaluate((element) => {
      element.scrollTo(0, 400)
      return element.querySelector('[data-seq="100"]')?.getBoundingClientRect().top ?? 0
    })
    await log.locator('[data-seq="70"]').waitFor({ state: 'attached' })
    expect(Math.abs((await heightOf(100)) - before)).toBeLessThan(2)

    await mia.trpc.chat.react.mutate({ room, seq: 72, emoji: '🎉' })
    await log.getByRole('button', { name: /^party popper/ }).waitFor({ state: 'attached' })
    await mia.trpc.chat.send.mutate({ room, text: 'far below' })
    await log.getByText('far below').waitFor({ state: 'attached' })
    expect(Math.abs((await heightOf(100)) - before)).toBeLessThan(2)
    await closePages(mia)
  })

  it('muted or not allowed to post: sees why, and can write again afterwards', async () => {
    const eve = await signUp('eve')
    const fay = await signUp('fay')
    const room = await openRoomWith('Quiet', eve, fay)
    await sendMessage(fay.page, 'Noise')
    await eve.trpc.rooms.mute.mutate({ room, username: fay.username, minutes: 60 })
    await openRoom(fay.page, room)
    await fay.page.getByText(/You're muted in this room until/).waitFor()
    expect(await composer(fay.page).count()).toBe(0)
    await messageWith(fay.page, 'Noise').hover()
    expect(await messageWith(fay.page, 'Noise').getByRole('button', { name: 'Edit', exact: true }).count()).toBe(0)
    await eve.trpc.rooms.unmute.mutate({ room, username: fay.username })
    await openRoom(fay.page, room)
    await sendMessage(fay.page, 'Sorry')

    await eve.trpc.rooms.update.mutate({ room, postingPolicy: 'moderators' })
    await openRoom(fay.page, room)
    await fay.page.getByText('Only moderators can write in this room.').waitFor()
    await openRoom(eve.page, room)
    await sendMessage(eve.page, 'As you can see')
    await messageWith(fay.page, 'As you can see').waitFor()

    await eve.trpc.rooms.archive.mutate({ room })
    await fay.page.getByText(/This room is archived/).waitFor()
    await closePages(eve, fay)
  })

  it('slow mode: shows how long to wait, and keeps the text of an early try', async () => {
    const gil = await signUp('gil')
    const hal = await signUp('hal')
    const room = await openRoomWith('Slow', gil, hal)
    await gil.trpc.rooms.update.mutate({ room, slowModeSeconds: 5 })
    await openRoom(hal.page, room)
    await hal.page.getByText('Slow mode: 5 seconds between messages').waitFor()
    await sendMessage(hal.page, 'first')
    await hal.page.getByRole('button', { name: /^Send in \d s$/ }).waitFor()
    await composer(hal.page).fill('second')
    await composer(hal.page).press('Enter')
    expect(await composer(hal.page).inputValue()).toBe('second')
    await hal.page.getByRole('button', { name: 'Send', exact: true }).waitFor()
    // The same person writes from another device.
    await hal.trpc.chat.send.mutate({ room, text: 'from another device' })
    await hal.page.getByRole('button', { name: /^Send in \d s$/ }).waitFor()
    await hal.page.getByRole('button', { name: 'Send', exact: true }).click()
    await messageWith(gil.page, 'second').waitFor()
    await closePages(gil, hal)
  })

  it('keyboard only: reacts and replies', async () => {
    const kay = await signUp('kay')
    const lee = await signUp('lee')
    await openRoomWith('Keys', lee, kay)
    await sendMessage(lee.page, 'Anybody there?')
    await messageWith(kay.page, 'Anybody there?').waitFor()
    const { keyboard } = kay.page
    await composer(kay.page).focus()
    await pressUntil(kay.page, 'Shift+Tab', '[data-seq]')
    await keyboard.press('+')
    await kay.page.getByRole('button', { name: 'React with thumbs up' }).first().waitFor()
    await keyboard.press('ArrowRight')
    await keyboard.press('Enter')
    await messageWith(lee.page, 'Anybody there?').getByRole('button', { name: 'red heart, 1' }).waitFor()

    await composer(kay.page).focus()
    await pressUntil(kay.page, 'Shift+Tab', '[data-seq]')
    await keyboard.press('r')
    await kay.page.getByText('Replying to lee').waitFor()
    await until(() => composer(kay.page).evaluate((element) => element === document.activeElement))
    await keyboard.type('I am')
    await keyboard.press('Enter')
    await messageWith(lee.page, 'I am').getByTitle('In reply to lee').waitFor()

    // Escape closes the menu, then leaves the message for the composer.
    await pressUntil(kay.page, 'Shift+Tab', '[data-seq]')
    await pressUntil(kay.page, 'Tab', '[aria-label^="More actions on this message"]')
    await keyboard.press('Enter')
    await kay.page.getByRole('menuitem', { name: 'Reply', exact: true }).waitFor()
    await keyboard.press('Escape')
    // Focus returns to the message a moment after the menu has closed.
    await until(() => kay.page.evaluate(() => document.activeElement?.closest('[data-seq]') != null))
    await keyboard.press('Escape')
    await until(() => composer(kay.page).evaluate((element) => element === document.activeElement))
    await closePages(kay, lee)
  })

  it('on a phone: reacts, replies and edits by touch', async () => {
    const ivy = await signUp('ivy', phone)
    const jo = await signUp('jo')
    await openRoomWith('Fingers', jo, ivy)
    await sendMessage(jo.page, 'Coming?')
    await messageWith(ivy.page, 'Coming?').tap()
    await messageWith(ivy.page, 'Coming?')
      .getByRole('button', { name: /^More actions on this message/ })
      .tap()
    await ivy.page.getByRole('button', { name: 'React with thumbs up' }).tap()
    await messageWith(jo.page, 'Coming?').getByRole('button', { name: 'thumbs up, 1' }).waitFor()

    await longPress(ivy.page, messageWith(ivy.page, 'Coming?'))
    await ivy.page.getByRole('dialog').getByRole('button', { name: 'Reply', exact: true }).tap()
    await composer(ivy.page).fill('On my wey')
    await ivy.page.getByRole('button', { name: 'Send' }).tap()
    await messageWith(jo.page, 'On my wey').getByTitle('In reply to jo').waitFor()

    await messageWith(ivy.page, 'On my wey').getByText('On my wey').tap()
    await messageWith(ivy.page, 'On my wey')
      .getByRole('button', { name: /^More actions on this message/ })
      .tap()
    await ivy.page.getByRole('dialog').getByRole('button', { name: 'Edit' }).tap()
    await editor(ivy.page).fill('On my way')
    await ivy.page.getByRole('button', { name: 'Save' }).tap()
    await messageWith(jo.page, 'On my way').getByText('edited').waitFor()
    expect(await ivy.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    await closePages(ivy, jo)
  })

  it('no errors in the browser console', () => {
    expect(consoleErrors).toEqual([])
  })
})

/** Moves the focus with a key until it is on such an element. */
async function pressUntil(page: Page, key: string, selector: string) {
  const isThere = () => page.evaluate((selector) => document.activeElement?.matches(selector) === true, selector)
  for (let presses = 0; presses < 9 && !(await isThere()); presses++) await page.keyboard.press(key)
  expect(await isThere()).toBe(true)
}

/** Presses a message until its sheet opens. */
async function longPress(page: Page, message: Locator) {
  const box = await message.boundingBox()
  const devtools = await page.context().newCDPSession(page)
  const touchPoints = [{ x: (box?.x ?? 0) + 150, y: (box?.y ?? 0) + 12 }]
  await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints })
  await page.getByRole('dialog').waitFor()
  await devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
}

const isInView = (locator: Locator) =>
  locator.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect()
    const room = element.closest('[role=log]')?.getBoundingClientRect()
    return room !== undefined && top >= room.top && bottom <= room.bottom
  })
