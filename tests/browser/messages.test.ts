import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shareRoomline } from '../support/shared-roomline'
import { type StockClient, until } from '../support/stock-client'
import { messages } from './room-page'

const shared = shareRoomline()
const { complaints } = shared

interface Somebody {
  page: Page
  /** The same person on another connection. */
  trpc: StockClient['trpc']
  username: string
}

const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

async function signUp(username: string, options: BrowserContextOptions = {}): Promise<Somebody> {
  const { page, connect } = await shared.signUp(username, options)
  return { page, trpc: connect(), username }
}

/** A room of these people, kept by the first, with all of them looking at it. */
async function meet(name: string, ...[owner, ...members]: [Somebody, ...Somebody[]]): Promise<string> {
  const { id } = await owner.trpc.rooms.create.mutate({ name, kind: 'public', members: members.map(({ username }) => username) })
  await Promise.all([owner, ...members].map(({ page }) => look(page, id)))
  return id
}

async function look(page: Page, room: string) {
  await page.goto(`/rooms/${room}`)
  await messages(page).waitFor()
}

const composer = (page: Page) => page.getByRole('textbox', { name: /^(Message|Edit) / })
const said = (page: Page, text: string) => messages(page).getByRole('listitem').filter({ hasText: text }).last()

async function say(page: Page, text: string) {
  await composer(page).fill(text)
  await composer(page).press('Enter')
  // With its place: before it has one it is shown, and not yet stored.
  await messages(page).locator('[data-seq]').filter({ hasText: text }).last().waitFor()
}

/** A press on one of the buttons that a message has when it is pointed at. */
async function press(message: Locator, name: string | RegExp) {
  await message.hover()
  await message.getByRole('button', { name, exact: typeof name === 'string' }).click()
}

async function choose(page: Page, message: Locator, name: string) {
  await press(message, /^More actions for this message/)
  await page.getByRole('menuitem', { name, exact: true }).click()
}

const leave = (...people: Somebody[]) => Promise.all(people.map(({ page }) => page.context().close()))

describe('two people in a room', () => {
  let amy: Somebody
  let bert: Somebody
  beforeAll(async () => {
    amy = await signUp('amy')
    bert = await signUp('bert')
  })
  afterAll(() => leave(amy, bert))

  it('react to what the other says, join in, and take it back', async () => {
    await meet('Reactions', amy, bert)
    await say(amy.page, 'The tests are green')
    await press(said(bert.page, 'The tests are green'), 'React')
    await bert.page.getByRole('button', { name: 'React with party popper' }).first().click()
    const chip = said(amy.page, 'The tests are green').getByRole('button', { name: 'party popper, 1' })
    await chip.waitFor()
    expect(await chip.getAttribute('title')).toBe('bert')
    expect(await chip.getAttribute('aria-pressed')).toBe('false')

    await chip.click()
    const both = said(bert.page, 'The tests are green').getByRole('button', { name: 'party popper, 2' })
    await both.waitFor()
    expect(await both.getAttribute('title')).toBe('bert and amy')
    expect(await both.getAttribute('aria-pressed')).toBe('true')
    await both.click()
    await said(amy.page, 'The tests are green').getByRole('button', { name: 'party popper, 1' }).click()
    await said(bert.page, 'The tests are green')
      .getByRole('button', { name: /party popper/ })
      .waitFor({ state: 'detached' })
  })

  it('answer each other, and find what was answered however far up it is', async () => {
    const room = await meet('Answers', amy, bert)
    await say(amy.page, 'Who waters the plants?')
    await press(said(bert.page, 'Who waters the plants?'), 'Reply')
    await bert.page.getByText('Replying to amy').waitFor()
    await bert.page.keyboard.press('Escape')
    await bert.page.getByText('Replying to amy').waitFor({ state: 'detached' })
    await press(said(bert.page, 'Who waters the plants?'), 'Reply')
    await say(bert.page, 'I do, on Fridays')
    await said(amy.page, 'I do, on Fridays')
      .getByRole('button', { name: /Who waters the plants/ })
      .waitFor()
    await messages(amy.page).locator('[data-seq="1"]').getByText('1 reply').waitFor()

    for (let index = 1; index <= 120; index++) await amy.trpc.chat.send.mutate({ room, text: `talk ${index}` })
    await amy.trpc.chat.send.mutate({ room, text: 'Thank you, Bert', replyTo: 2 })
    await bert.trpc.chat.send.mutate({ room, text: 'It was about this', replyTo: 1 })
    await look(amy.page, room)
    await said(amy.page, 'It was about this')
      .getByRole('button', { name: /Who waters the plants/ })
      .click()
    const question = messages(amy.page).locator('[data-seq="1"]')
    await question.waitFor()
    await until(() => isInView(question))
    // And the answered message says what it says now.
    await bert.trpc.chat.edit.mutate({ room, seq: 2, text: 'I do, on Mondays' })
    await said(amy.page, 'Thank you, Bert')
      .getByRole('button', { name: /on Mondays/ })
      .waitFor({ state: 'attached' })
  })

  it('change what they wrote, and the other sees it', async () => {
    await meet('Edits', amy, bert)
    await say(amy.page, 'See you at noon')
    await press(said(amy.page, 'See you at noon'), 'Edit')
    expect(await composer(amy.page).inputValue()).toBe('See you at noon')
    await composer(amy.page).fill('See you at one')
    await composer(amy.page).press('Enter')
    await said(bert.page, 'See you at one').getByText('edited').waitFor()
    expect(await messages(bert.page).getByText('See you at noon').count()).toBe(0)

    // The last one from the keyboard; what was being written is still there afterwards.
    await composer(amy.page).press('ArrowUp')
    await composer(amy.page).fill('See you at two')
    await amy.page.keyboard.press('Escape')
    expect(await composer(amy.page).inputValue()).toBe('')
    await composer(amy.page).press('ArrowUp')
    expect(await composer(amy.page).inputValue()).toBe('See you at one')
    await amy.page.getByRole('button', { name: 'Cancel editing' }).click()
    await said(bert.page, 'See you at one').hover()
    expect(await said(bert.page, 'See you at one').getByRole('button', { name: 'Edit', exact: true }).count()).toBe(0)
  })

  it('take back what they wrote; who keeps the room takes out what others wrote', async () => {
    await meet('Removals', amy, bert)
    await say(bert.page, 'Oops')
    await say(bert.page, 'Buy my watches')
    await say(amy.page, 'A word of the owner')
    await choose(bert.page, said(bert.page, 'Oops'), 'Remove')
    await bert.page.getByRole('button', { name: 'Remove message' }).click()
    await messages(amy.page).getByText('Message removed').waitFor()
    expect(await messages(amy.page).getByText('Oops').count()).toBe(0)

    await press(said(bert.page, 'A word of the owner'), /^More actions for this message/)
    await bert.page.getByRole('menuitem', { name: 'Reply' }).waitFor()
    expect(await bert.page.getByRole('menuitem', { name: 'Remove' }).count()).toBe(0)
    await bert.page.keyboard.press('Escape')

    await choose(amy.page, said(amy.page, 'Buy my watches'), 'Remove')
    await amy.page.getByRole('heading', { name: 'Remove this message from bert?' }).waitFor()
    await amy.page.getByRole('button', { name: 'Remove message' }).click()
    await until(async () => (await messages(bert.page).getByText('Message removed').count()) === 2)
  })

  it('name each other from a list, and who is named sees it stand out', async () => {
    await meet('Mentions', amy, bert)
    await composer(amy.page).pressSequentially('Over to you, @be')
    await amy.page.getByRole('option', { name: /@bert/ }).waitFor()
    await composer(amy.page).press('Enter')
    expect(await composer(amy.page).inputValue()).toBe('Over to you, @bert ')
    await composer(amy.page).pressSequentially('please')
    await composer(amy.page).press('Enter')
    const mark = said(bert.page, 'Over to you').locator('mark', { hasText: '@bert' })
    await mark.waitFor()
    const look = (page: Page) => said(page, 'Over to you').evaluate((element) => getComputedStyle(element).backgroundColor)
    await said(amy.page, 'Over to you').locator('mark', { hasText: '@bert' }).waitFor()
    await composer(amy.page).hover()
    expect(await look(bert.page)).not.toBe(await look(amy.page))

    await composer(amy.page).pressSequentially('@roo')
    await amy.page.getByRole('option', { name: /Everyone/ }).click()
    expect(await composer(amy.page).inputValue()).toBe('@room ')
    await composer(amy.page).press('Enter')
    await said(bert.page, '@room').locator('mark').waitFor()
    // Nobody of that name is here: it stays plain, and Escape wants no names at all.
    await composer(amy.page).pressSequentially('ask @b')
    await amy.page.getByRole('option', { name: /@bert/ }).waitFor()
    await composer(amy.page).press('Escape')
    await amy.page.getByRole('listbox').waitFor({ state: 'detached' })
    await composer(amy.page).fill('and @nobody')
    await composer(amy.page).press('Enter')
    await said(bert.page, 'and @nobody').waitFor()
    expect(await said(bert.page, 'and @nobody').locator('mark').count()).toBe(0)
  })

  it('see between their messages what happened to the room', async () => {
    const room = await meet('Lines', amy, bert)
    await say(bert.page, 'Before')
    await amy.trpc.rooms.update.mutate({ room, topic: 'What happens here' })
    const line = said(bert.page, 'changed the topic to “What happens here”')
    await line.waitFor()
    expect(await line.getByRole('button').count()).toBe(0)
  })
})

describe('somebody', () => {
  it('has read what they look at, and keeps unread what they put back', async () => {
    const cyd = await signUp('cyd')
    const dan = await signUp('dan')
    const room = await meet('Marks', cyd, dan)
    const unread = async () => (await dan.trpc.rooms.list.query()).find(({ id }) => id === room)?.unread
    for (let index = 1; index <= 60; index++) await cyd.trpc.chat.send.mutate({ room, text: `news ${index}` })
    await said(dan.page, 'news 60').waitFor()
    await until(async () => (await unread()) === 0)

    await choose(dan.page, said(dan.page, 'news 58'), 'Mark as unread')
    await until(async () => (await unread()) === 3)
    await messages(dan.page).getByText('New', { exact: true }).waitFor()
    await cyd.trpc.chat.send.mutate({ room, text: 'news 61' })
    await said(dan.page, 'news 61').waitFor()
    // Longer than a mark would take that was still on its way.
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(await unread()).toBe(4)

    // Away from the newest nothing counts as read; back there it does.
    await messages(dan.page).evaluate((element) => element.scrollTo(0, 200))
    await dan.page.getByRole('button', { name: /latest|new message/ }).click()
    await until(async () => (await unread()) === 0)

    // Whoever comes to unread messages finds where they begin.
    await dan.page.goto('/rooms/general')
    await composer(dan.page).waitFor()
    for (let index = 62; index <= 120; index++) await cyd.trpc.chat.send.mutate({ room, text: `news ${index}` })
    await look(dan.page, room)
    await dan.page.getByRole('button', { name: /unread/ }).click()
    await until(async () => isInView(messages(dan.page).getByText('New', { exact: true })))
    await until(async () => isInView(messages(dan.page).getByText('news 62', { exact: true })))
    await leave(cyd, dan)
  })

  it('keeps their place while older messages come, and while those above change their height', async () => {
    const mia = await signUp('mia')
    const room = await meet('Places', mia)
    for (let index = 1; index <= 130; index++) await mia.trpc.chat.send.mutate({ room, text: `line ${index}` })
    await look(mia.page, room)
    await said(mia.page, 'line 130').waitFor()
    const log = messages(mia.page)
    const heightOf = (seq: number) => log.locator(`[data-seq="${seq}"]`).evaluate((element) => element.getBoundingClientRect().top)
    const before = await log.evaluate((element) => {
      element.scrollTo(0, 400)
      return element.querySelector('[data-seq="100"]')?.getBoundingClientRect().top ?? 0
    })
    await log.locator('[data-seq="40"]').waitFor({ state: 'attached' })
    expect(Math.abs((await heightOf(100)) - before)).toBeLessThan(2)

    await mia.trpc.chat.react.mutate({ room, seq: 60, emoji: '🎉' })
    await log.getByRole('button', { name: /^party popper/ }).waitFor({ state: 'attached' })
    await mia.trpc.chat.send.mutate({ room, text: 'far below' })
    await log.getByText('far below').waitFor({ state: 'attached' })
    expect(Math.abs((await heightOf(100)) - before)).toBeLessThan(2)
    await leave(mia)
  })

  it('who may not write is told why, and writes again when it is over', async () => {
    const eve = await signUp('eve')
    const fay = await signUp('fay')
    const room = await meet('Quiet', eve, fay)
    await say(fay.page, 'Noise')
    await eve.trpc.rooms.mute.mutate({ room, username: fay.username, minutes: 60 })
    await look(fay.page, room)
    await fay.page.getByText(/You're muted in this room until/).waitFor()
    expect(await composer(fay.page).count()).toBe(0)
    await said(fay.page, 'Noise').hover()
    expect(await said(fay.page, 'Noise').getByRole('button', { name: 'Edit', exact: true }).count()).toBe(0)
    await eve.trpc.rooms.unmute.mutate({ room, username: fay.username })
    await look(fay.page, room)
    await say(fay.page, 'Sorry')

    await eve.trpc.rooms.update.mutate({ room, postingPolicy: 'moderators' })
    await look(fay.page, room)
    await fay.page.getByText('Only moderators can write in this room.').waitFor()
    await look(eve.page, room)
    await say(eve.page, 'As you can see')
    await said(fay.page, 'As you can see').waitFor()

    await eve.trpc.rooms.archive.mutate({ room })
    await fay.page.getByText(/This room is archived/).waitFor()
    await leave(eve, fay)
  })

  it('in a slow room sees how long to wait, and loses nothing by not waiting', async () => {
    const gil = await signUp('gil')
    const hal = await signUp('hal')
    const room = await meet('Slow', gil, hal)
    await gil.trpc.rooms.update.mutate({ room, slowModeSeconds: 5 })
    await look(hal.page, room)
    await hal.page.getByText('Slow mode: 5 seconds between messages').waitFor()
    await say(hal.page, 'first')
    await hal.page.getByRole('button', { name: /^Send in \d s$/ }).waitFor()
    await composer(hal.page).fill('second')
    await composer(hal.page).press('Enter')
    expect(await composer(hal.page).inputValue()).toBe('second')
    await hal.page.getByRole('button', { name: 'Send', exact: true }).waitFor()
    // Meanwhile they have written somewhere else.
    await hal.trpc.chat.send.mutate({ room, text: 'from another device' })
    await hal.page.getByRole('button', { name: /^Send in \d s$/ }).waitFor()
    await hal.page.getByRole('button', { name: 'Send', exact: true }).click()
    await said(gil.page, 'second').waitFor()
    await leave(gil, hal)
  })

  it('with nothing but a keyboard reacts and answers', async () => {
    const kay = await signUp('kay')
    const lee = await signUp('lee')
    await meet('Keys', lee, kay)
    await say(lee.page, 'Anybody there?')
    await said(kay.page, 'Anybody there?').waitFor()
    const { keyboard } = kay.page
    await composer(kay.page).focus()
    await keyboard.press('Shift+Tab')
    await keyboard.press('Shift+Tab')
    await keyboard.press('Shift+Tab')
    await keyboard.press('Enter')
    await kay.page.getByRole('button', { name: 'React with thumbs up' }).first().waitFor()
    await keyboard.press('ArrowRight')
    await keyboard.press('Enter')
    await said(lee.page, 'Anybody there?').getByRole('button', { name: 'red heart, 1' }).waitFor()

    await keyboard.press('Tab')
    await keyboard.press('Enter')
    await kay.page.getByText('Replying to lee').waitFor()
    await keyboard.type('I am')
    await keyboard.press('Enter')
    await said(lee.page, 'I am')
      .getByRole('button', { name: /Anybody there/ })
      .waitFor()

    // A menu and then the toolbar are left by Escape, back to where one writes.
    await keyboard.press('Shift+Tab')
    await keyboard.press('Enter')
    await kay.page.getByRole('menuitem', { name: 'Reply' }).waitFor()
    await keyboard.press('Escape')
    // The focus is back on the message only a moment after the menu is gone.
    await until(() => kay.page.evaluate(() => document.activeElement?.closest('[data-seq]') != null))
    await keyboard.press('Escape')
    await until(() => composer(kay.page).evaluate((element) => element === document.activeElement))
    await leave(kay, lee)
  })

  it('on a phone reacts, answers and edits with a finger', async () => {
    const ivy = await signUp('ivy', phone)
    const jo = await signUp('jo')
    await meet('Fingers', jo, ivy)
    await say(jo.page, 'Coming?')
    await said(ivy.page, 'Coming?').tap()
    await said(ivy.page, 'Coming?')
      .getByRole('button', { name: /^More actions for this message/ })
      .tap()
    await ivy.page.getByRole('button', { name: 'React with thumbs up' }).tap()
    await said(jo.page, 'Coming?').getByRole('button', { name: 'thumbs up, 1' }).waitFor()

    await hold(ivy.page, said(ivy.page, 'Coming?'))
    await ivy.page.getByRole('dialog').getByRole('button', { name: 'Reply' }).tap()
    await composer(ivy.page).fill('On my wey')
    await ivy.page.getByRole('button', { name: 'Send' }).tap()
    await said(jo.page, 'On my wey')
      .getByRole('button', { name: /Coming/ })
      .waitFor()

    await said(ivy.page, 'On my wey').getByText('On my wey').tap()
    await said(ivy.page, 'On my wey')
      .getByRole('button', { name: /^More actions for this message/ })
      .tap()
    await ivy.page.getByRole('dialog').getByRole('button', { name: 'Edit' }).tap()
    await composer(ivy.page).fill('On my way')
    await ivy.page.getByRole('button', { name: 'Save' }).tap()
    await said(jo.page, 'On my way').getByText('edited').waitFor()
    expect(await ivy.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    await leave(ivy, jo)
  })

  it('never makes the browser complain', () => {
    expect(complaints).toEqual([])
  })
})

/** A finger that stays. */
async function hold(page: Page, message: Locator) {
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
