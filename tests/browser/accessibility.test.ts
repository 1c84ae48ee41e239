import axeCore from 'axe-core'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { password } from '../support/people'
import { shareRoomline, type Visitor } from '../support/shared-roomline'
import { until } from '../support/stock-client'
import { closePlace, palette, places, placesForMouse, row, thread } from './places'

const { signUp, register, open, consoleErrors } = shareRoomline()
let ally: Visitor
let room: string
let root: number
let invitation: string

beforeAll(async () => {
  ally = await signUp('ally', { displayName: 'Ally Access' })
  const trpc = ally.connect()
  const { trpc: other } = await register('axel', 'Axel Access')
  room = (await trpc.rooms.create.mutate({ name: 'Plain words', kind: 'private', members: ['axel'] })).id
  root = (await trpc.chat.send.mutate({ room, text: 'Read **this**, `code()`, @axel: https://example.com' })).seq
  await other.chat.send.mutate({ room, text: '```ts\nconst answer = 42\n```', replyTo: root })
  await other.chat.send.mutate({ room, text: '> quoted\n\n- one\n- two', replyTo: root })
  await other.chat.react.mutate({ room, seq: root, emoji: '👍' })
  await trpc.chat.pin.mutate({ room, seq: root })
  await trpc.rooms.direct.mutate({ usernames: ['axel'] })
  const elsewhere = await other.rooms.create.mutate({ name: 'Plainer words', kind: 'private', topic: 'Come in' })
  invitation = (await other.rooms.createInvite.mutate({ room: elsewhere.id })).token
})

interface Violation {
  id: string
  nodes: { target: unknown; failureSummary?: string }[]
}

/** What axe finds in the page as it is now, in words: all of it in the light theme, and what colors may spoil in the dark one. */
async function violations(page: Page): Promise<string[]> {
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    // Nothing is judged while it fades or slides in.
    await page.evaluate(() =>
      Promise.all(
        document
          .getAnimations()
          .filter(({ effect }) => effect?.getTiming().iterations !== Number.POSITIVE_INFINITY)
          .map(({ finished }) => finished.catch(() => {})),
      ),
    )
    const all = (await page.evaluate(async (onlyColors) => {
      const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } }
      const options = {
        resultTypes: ['violations'],
        ...(onlyColors && { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } }),
      }
      return (await axe.run(options)).violations
    }, colorScheme === 'dark')) as Violation[]
    for (const { id, nodes } of all) {
      for (const { target, failureSummary } of nodes) found.push(`${colorScheme} ${id}: ${String(target)} ${failureSummary ?? ''}`)
    }
  }
  return found
}

async function openRoom(page: Page) {
  await page.goto(`/rooms/${room}`)
  await row(page).waitFor()
  await page.getByRole('button', { name: 'Show 2 members' }).waitFor()
}

describe('axe finds nothing', () => {
  it('on the pages for somebody who is not signed in, and on those around the rooms', async () => {
    const { page, context } = await open({ bypassCSP: true })
    const found: Record<string, string[]> = {}
    const check = async (address: string, heading?: string) => {
      await page.goto(address)
      await page.getByRole('heading', { level: 1, ...(heading && { name: heading }) }).waitFor()
      await page.addScriptTag({ content: axeCore.source })
      found[address] = await violations(page)
    }
    for (const address of ['/login', '/register', '/nothing-here', '/reset/none', `/invite/${invitation}`]) await check(address)
    await context.addCookies(await ally.context.cookies())
    await check(`/invite/${invitation}?`, "You're invited to Plainer words")
    await check('/invite/none', 'This invitation is invalid or has expired')
    expect(Object.values(found).flat()).toEqual([])
    await context.close()
  })

  it('in the room, or in what opens over and beside it', async () => {
    const { page, context } = await open({ bypassCSP: true })
    await context.addCookies(await ally.context.cookies())
    await openRoom(page)
    await page.addScriptTag({ content: axeCore.source })
    const found: Record<string, string[]> = {}
    for (const [name, show] of Object.entries({ ...places, ...placesForMouse })) {
      await show(page)
      found[name] = await violations(page)
      await closePlace(page)
    }
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, []])))
    await context.close()
  }, 180_000)

  it('on the pages for admins', async () => {
    const { page, context } = await open({ bypassCSP: true })
    await context.request.post('/api/login', { data: { username: 'first-admin', password } })
    await page.goto('/admin/people')
    await page.addScriptTag({ content: axeCore.source })
    const found: Record<string, string[]> = {}
    for (const name of ['People', 'Invitations', 'Rooms', 'Connections', 'Audit log', 'Settings']) {
      await page.getByRole('link', { name, exact: true }).click()
      await page.getByRole('heading', { level: 1, name }).waitFor()
      await page
        .getByRole('table')
        .or(page.getByRole('button', { name: /^(Create link|Save settings)$/ }))
        .first()
        .waitFor()
      found[name] = await violations(page)
    }
    await page.getByRole('link', { name: 'People', exact: true }).click()
    await page
      .getByRole('button', { name: /^Actions for / })
      .first()
      .click()
    await page.getByRole('menu').waitFor()
    found['what can be done with a person'] = await violations(page)
    await page.getByRole('menuitem', { name: /^Change role/ }).click()
    await page.getByRole('dialog').waitFor()
    found['a role'] = await violations(page)
    expect(Object.values(found).flat()).toEqual([])
    await context.close()
  })
})

/** What sticks out of the window, or ends in a part of it that cannot be scrolled. */
const stickingOut = (page: Page) =>
  page.evaluate(() => {
    const isHidden = (element: Element) => !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    const scrolls = (element: Element) =>
      element.closest('pre, [aria-label="Administration"] ul, .sr-only, [aria-hidden="true"], [inert]') !== null
    const found = document.documentElement.scrollWidth > innerWidth ? [`the page: ${document.documentElement.scrollWidth}`] : []
    for (const element of document.querySelectorAll('a, button, input, textarea, select, p, h1, h2, h3, label, td, li')) {
      const { left, right, width, height } = element.getBoundingClientRect()
      if (width <= 1 || height <= 1 || isHidden(element) || scrolls(element)) continue
      if (left < -1 || right > innerWidth + 1) {
        found.push(`${element.tagName} “${element.getAttribute('aria-label') ?? element.textContent?.slice(0, 40)}” ${left} ${right}`)
      }
    }
    return found
  })

/** Writes down each motion that takes longer than a moment, from now on. */
const watchMotion = (page: Page) =>
  page.addInitScript(() => {
    const seen: string[] = []
    Object.assign(globalThis, { motions: seen })
    const note = ({ target, type }: Event) => {
      for (const animation of (target as Element).getAnimations()) {
        const { duration, iterations } = animation.effect?.getComputedTiming() ?? {}
        if (Number(duration) > 10 || iterations === Number.POSITIVE_INFINITY)
          seen.push(`${type} ${(target as Element).className} ${duration}`)
      }
    }
    for (const type of ['animationstart', 'transitionrun']) document.addEventListener(type, note)
  })
const motions = (page: Page) => page.evaluate(() => (globalThis as unknown as { motions: string[] }).motions)

describe('a small window', () => {
  // 640 by 400 is what a window of 1280 by 800 has at 200 %.
  it.each([
    [320, 640],
    [640, 400],
  ])(
    '%i by %i pixels: nothing sticks out, and nothing moves for somebody who asked for that',
    async (width, height) => {
      const { page, context } = await open({ viewport: { width, height }, deviceScaleFactor: 2, reducedMotion: 'reduce' })
      await watchMotion(page)
      const found: Record<string, string[]> = {}
      for (const address of ['/login', '/register']) {
        await page.goto(address)
        found[address] = await stickingOut(page)
      }
      await context.addCookies(await ally.context.cookies())
      await page.goto(`/invite/${invitation}`)
      await page.getByRole('button', { name: 'Accept' }).waitFor()
      found.invitation = await stickingOut(page)
      await openRoom(page)
      for (const [name, show] of Object.entries(places)) {
        await show(page)
        found[name] = await stickingOut(page)
        await closePlace(page)
      }
      await page.getByRole('button', { name: 'Show the rooms' }).click()
      await page.getByRole('dialog', { name: 'Rooms' }).waitFor()
      found['the list of rooms'] = await stickingOut(page)
      expect(Object.values(found).flat()).toEqual([])
      expect(await motions(page)).toEqual([])
      await context.close()
    },
    180_000,
  )

  it('dialogs, menus and drawers do move otherwise', async () => {
    const { page, context } = await open({ reducedMotion: 'no-preference' })
    await watchMotion(page)
    await context.addCookies(await ally.context.cookies())
    await openRoom(page)
    await places['the keys']?.(page)
    expect((await motions(page)).join()).toContain('animationstart')
    await context.close()
  })
})

/** The name of what has the focus, once it can be seen that it has it: it is in sight, uncovered, and marked. */
const seenFocus = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement
    if (!(element instanceof HTMLElement) || element === document.body) return 'nothing'
    const { left, top, width, height } = element.getBoundingClientRect()
    const name = element.getAttribute('aria-label') ?? (element as HTMLInputElement).labels?.[0]?.textContent ?? element.textContent ?? ''
    const inside = document.elementFromPoint(left + width / 2, top + Math.min(height / 2, 20))
    if (!inside || !(element.contains(inside) || inside.contains(element))) return `covered: ${name}`
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return `invisible: ${name}`
    const isMarked = [element, element.parentElement, element.parentElement?.parentElement].some((each) => {
      const style = each && getComputedStyle(each)
      return style && style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 1
    })
    // In a field without an outline the caret shows it.
    const hasCaret = element.matches('input, textarea') && getComputedStyle(element).caretColor !== 'transparent'
    return element.matches(':focus-visible') && (isMarked || hasCaret) ? name : `unmarked: ${name}`
  })

/** Presses a key until something of that name has the focus, and can be seen to have it at each stop on the way. */
async function pressUntil(page: Page, key: string, name: string | RegExp) {
  const stops: string[] = []
  for (let count = 0; count < 60; count++) {
    await page.keyboard.press(key)
    const stop = await seenFocus(page)
    if (/^(covered|invisible|unmarked): /.test(stop)) throw new Error(`${key}: ${stop} (after ${stops.join(', ')})`)
    if (typeof name === 'string' ? stop === name : name.test(stop)) return
    stops.push(stop)
  }
  throw new Error(`${key} never led to ${name}: ${stops.join(', ')}`)
}

it('the keyboard alone leads from signing in to a message, its thread, the search, and out again', async () => {
  const { trpc } = await register('ally-keys', 'Kay Keys')
  const kept = await trpc.rooms.create.mutate({ name: 'By hand', kind: 'private' })
  const first = await trpc.chat.send.mutate({ room: kept.id, text: 'A first thought' })
  for (const text of ['A second one', 'The lighthouse was lit', 'A last one']) await trpc.chat.send.mutate({ room: kept.id, text })
  const { page, context } = await open()
  const { keyboard } = page
  await page.goto('/rooms/general')
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
  if ((await seenFocus(page)) !== 'Username') await pressUntil(page, 'Tab', 'Username')
  await keyboard.type('ally-keys')
  await pressUntil(page, 'Tab', 'Password')
  await keyboard.type(password)
  await pressUntil(page, 'Tab', 'Sign in')
  await keyboard.press('Enter')

  const rooms = page.getByRole('navigation', { name: 'Rooms' })
  await rooms.getByRole('link', { name: /By hand/ }).waitFor()
  await page.getByRole('textbox', { name: 'Message general' }).waitFor()
  await pressUntil(page, 'Shift+Tab', /^general/)
  await pressUntil(page, 'ArrowUp', /^By hand/)
  await keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'By hand' }).waitFor()
  await page.getByRole('log').getByText('A first thought').waitFor()

  const inRoom = page.getByRole('textbox', { name: 'Message By hand' })
  await until(() => inRoom.evaluate((element) => element === document.activeElement))
  expect(await seenFocus(page)).toBe('Message By hand')
  await pressUntil(page, 'Shift+Tab', /^Kay Keys: A last one/)
  await pressUntil(page, 'ArrowUp', /^Kay Keys: A first thought/)
  await keyboard.press('Enter')
  await until(() =>
    thread(page)
      .getByRole('textbox')
      .evaluate((element) => element === document.activeElement),
  )
  await keyboard.type('An answer by hand')
  await keyboard.press('Enter')
  await until(async () => (await trpc.chat.thread.query({ room: kept.id, seq: first.seq })).messages.at(-1)?.text === 'An answer by hand')
  await keyboard.press('Escape')
  await thread(page).waitFor({ state: 'detached' })
  expect(await seenFocus(page)).toMatch(/^Kay Keys: A first thought/)

  await keyboard.press('Control+K')
  await palette(page).waitFor()
  await keyboard.type('lighthouse')
  await palette(page).locator('mark').waitFor()
  expect(await seenFocus(page)).toMatch(/^Search/)
  await keyboard.press('Enter')
  await page.waitForURL(/\/rooms\/[^/]+\/\d+$/)
  await palette(page).waitFor({ state: 'detached' })
  await until(async () => /lighthouse/.test(await seenFocus(page)))
  // The browser's own key for Back reaches no page without a window.
  await page.goBack()
  await palette(page).locator('mark').waitFor()
  await keyboard.press('Escape')
  await palette(page).waitFor({ state: 'detached' })
  await pressUntil(page, 'Shift+Tab', 'Sign out')
  await keyboard.press('Enter')
  await page.waitForURL('**/login**')
  expect(consoleErrors).toEqual([])
  await context.close()
})
