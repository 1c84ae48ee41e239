import type { BrowserContextOptions, Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { password } from '../support/people'
import { shareRoomline } from '../support/shared-roomline'
import { type StockClient, until } from '../support/stock-client'
import { type Fault, findCovered, findOverlapping, findTooSmall, type TargetArea } from './target-faults'

const widths = [320, 390, 768, 1_440]
const looks = ['as designed', 'in a fallback font', 'at 200 % in a fallback font'] as const
const finger: BrowserContextOptions = { hasTouch: true, isMobile: true }
const names = {
  viewer: 'm'.repeat(32),
  long: { username: 'w'.repeat(32), displayName: 'W'.repeat(64) },
  rtl: { username: 'rtl', displayName: 'عبد الرحمن بن محمد المسؤول عن البستان والمكتبة' },
  emoji: { username: 'emoji', displayName: '👩‍👩‍👧‍👦🎉 Garden 🌻🌻🌻🌻🌻🌻🌻🌻🌻🌻 family' },
}

const shared = shareRoomline()
let viewer: StockClient['trpc']
let room: string

beforeAll(async () => {
  viewer = await register(names.viewer, 'M'.repeat(64))
  const long = await register(names.long.username, names.long.displayName)
  const rtl = await register(names.rtl.username, names.rtl.displayName)
  const emoji = await register(names.emoji.username, names.emoji.displayName)
  const members = [names.long, names.rtl, names.emoji].map(({ username }) => username)
  room = (await viewer.rooms.create.mutate({ name: 'L'.repeat(40), topic: 'T'.repeat(120), kind: 'private', members })).id
  await rtl.chat.send.mutate({ room, text: 'مرحبا بكم في https://example.org/الحديقة' })
  await rtl.chat.send.mutate({ room, text: 'https://example.org/a' })
  const { seq } = await long.chat.send.mutate({ room, text: `https://example.org/${'path/'.repeat(40)}` })
  await long.chat.send.mutate({ room, text: 'https://example.org/b ok' })
  await long.chat.send.mutate({ room, text: 'c' })
  for (const person of [viewer, rtl, emoji]) {
    for (const icon of ['👍', '❤️', '😂', '🎉', '👀', '🙏', '🔥', '✅']) await person.chat.react.mutate({ room, seq, emoji: icon })
  }
  const answer = await emoji.chat.send.mutate({ room, text: 'https://example.org/answer', replyTo: seq })
  await emoji.chat.edit.mutate({ room, seq: answer.seq, text: 'https://example.org/edited answer' })
  await emoji.chat.react.mutate({ room, seq: answer.seq, emoji: '👍' })
  await emoji.chat.send.mutate({ room, text: 'https://example.org/after', replyTo: 1 })
  const removed = await long.chat.send.mutate({ room, text: 'removed' })
  await long.chat.remove.mutate({ room, seq: removed.seq })
  await viewer.chat.send.mutate({ room, text: 'x'.repeat(300) })
  await viewer.chat.send.mutate({ room, text: `@${names.long.username} d`, replyTo: seq })
  const own = await viewer.chat.send.mutate({ room, text: 'e' })
  await viewer.chat.edit.mutate({ room, seq: own.seq, text: 'f' })
})
async function register(username: string, displayName: string): Promise<StockClient['trpc']> {
  return (await shared.register(username, displayName)).trpc
}

async function open(options: BrowserContextOptions): Promise<Page> {
  const { page } = await shared.open({ viewport: { width: 1_440, height: 844 }, ...options })
  await page.goto('/login')
  await page.getByLabel('Username').fill(names.viewer)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL('**/rooms/*')
  await page.goto(`/rooms/${room}`)
  await page.locator('[data-seq]').filter({ hasText: 'edited' }).last().waitFor()
  // It comes with the page's scripts. Before, buttons do nothing.
  await page.getByRole('textbox', { name: /^Message / }).waitFor()
  return page
}

/** Sends a text that the server rejects: it stays in the list, with its own buttons. */
async function sendRejectedText(page: Page) {
  await page.getByRole('textbox', { name: /^Message / }).evaluate((element) => {
    const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value')?.set
    set?.call(element, `not well-formed ${String.fromCharCode(0xd800)}`)
    element.dispatchEvent(new Event('input', { bubbles: true }))
  })
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByRole('log').getByRole('button', { name: 'Discard' }).waitFor()
}

async function setLook(page: Page, width: number, look: (typeof looks)[number]) {
  await page.setViewportSize({ width, height: 844 })
  await page.evaluate((look) => {
    document.documentElement.style.fontSize = look.startsWith('at 200 %') ? '200%' : ''
    document.documentElement.style.fontFamily = look.endsWith('fallback font') ? '"DejaVu Sans Mono", monospace' : ''
    return document.fonts.ready
  }, look)
}

/** Collects the faults that `find` returns at every width and in every look. */
async function inEveryLook(page: Page, find: () => Promise<Fault[]>): Promise<string[]> {
  const found: string[] = []
  for (const width of widths) {
    for (const look of looks) {
      await setLook(page, width, look)
      for (const fault of await find()) found.push(`${width} px ${look}: ${fault}`)
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      if (overflow > 0) found.push(`${width} px ${look}: the page is ${overflow} px too wide`)
    }
  }
  return found
}

const everything = 'a, button, textarea, input'
const list: TargetArea = { within: '[role=log]', targets: everything }
const page: TargetArea = { within: 'main', targets: everything }

describe('buttons and links in a room', () => {
  it('on a touch screen: large enough, not covered, and not overlapping', async () => {
    const phone = await open(finger)
    await sendRejectedText(phone)
    const faults = await inEveryLook(phone, async () => [
      ...(await findCovered(phone, page)),
      ...(await findOverlapping(phone, page)),
      ...(await findTooSmall(phone, page, 40)),
    ])
    expect(faults).toEqual([])
    await phone.context().close()
  })

  it('with a mouse: not covered and not overlapping, also while a hovered message shows its buttons', async () => {
    const desk = await open({})
    await sendRejectedText(desk)
    const faults = await inEveryLook(desk, async () => {
      await desk.mouse.move(0, 0)
      const found = [...(await findCovered(desk, page)), ...(await findOverlapping(desk, page))]
      // With a header and reactions, without a header, one's own with a quote, and one's own without a header.
      for (const seq of [3, 4, 10, 11]) {
        await desk.locator(`[data-seq="${seq}"]`).hover({ position: { x: 2, y: 2 } })
        await desk
          .locator(`[data-seq="${seq}"]`)
          .getByRole('button', { name: /^More actions on this message/ })
          .hover()
        found.push(...(await findOverlapping(desk, list)))
      }
      return found
    })
    expect(faults).toEqual([])
    await desk.context().close()
  })

  it('on a touch screen: the same while writing a reply, and in the lists of rooms and members', async () => {
    const phone = await open(finger)
    const faults: string[] = []
    for (const name of ['Show the rooms', 'Show 4 members']) {
      await setLook(phone, 390, 'as designed')
      await phone.getByRole('button', { name }).click()
      await phone.getByRole('dialog').getByText(`@${names.viewer}`).waitFor()
      await until(() => phone.getByRole('dialog').evaluate((dialog) => dialog.getAnimations().length === 0))
      const drawer: TargetArea = { within: '[role=dialog]', targets: everything }
      // From 768 px on, the rooms are beside the messages, not in a dialog.
      for (const width of [320, 390]) {
        for (const look of looks) {
          await setLook(phone, width, look)
          const found = [
            ...(await findCovered(phone, drawer)),
            ...(await findOverlapping(phone, drawer)),
            ...(await findTooSmall(phone, drawer, 40)),
          ]
          faults.push(...found.map((fault) => `${name}, ${width} px ${look}: ${fault}`))
        }
      }
      await phone.keyboard.press('Escape')
      await phone.getByRole('dialog').waitFor({ state: 'detached' })
    }
    await setLook(phone, 390, 'as designed')
    await phone
      .locator('[data-seq="3"]')
      .getByRole('button', { name: /^More actions on this message/ })
      .tap()
    await phone.getByRole('dialog').getByRole('button', { name: 'Reply', exact: true }).tap()
    await phone.getByRole('button', { name: 'Cancel reply' }).waitFor()
    faults.push(...(await inEveryLook(phone, async () => [...(await findCovered(phone, page)), ...(await findTooSmall(phone, page, 40))])))
    expect(faults).toEqual([])
    await phone.context().close()
  })
})
