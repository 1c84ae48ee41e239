import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { shareRoomline, type Visitor } from '../support/shared-roomline'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const { signUp, register, open } = shareRoomline()
let ally: Visitor
let room: string
let root: number

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
})

interface Violation {
  id: string
  nodes: { target: unknown; failureSummary?: string }[]
}

/** What axe finds in the page as it is now, in words. */
async function violations(page: Page, skipped: string[] = []): Promise<string[]> {
  // Nothing is judged while it fades or slides in.
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter(({ effect }) => effect?.getTiming().iterations !== Number.POSITIVE_INFINITY)
        .map(({ finished }) => finished.catch(() => {})),
    ),
  )
  const found = (await page.evaluate(async (off) => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } }
    return (await axe.run({ rules: Object.fromEntries(off.map((rule) => [rule, { enabled: false }])) })).violations
  }, skipped)) as Violation[]
  return found.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${String(target)} ${failureSummary ?? ''}`))
}

async function inTheme(page: Page, colorScheme: 'dark' | 'light') {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
}

const row = (page: Page) =>
  page.getByRole('log', { name: 'Messages in Plain words' }).getByRole('listitem').filter({ hasText: 'example.com' }).first()

async function openRoom(page: Page, withAxe = true) {
  await page.goto(`/rooms/${room}`)
  await row(page).waitFor()
  if (withAxe) await page.addScriptTag({ path: axe })
}

/** Opens something over or beside the room. */
const places: Record<string, (page: Page) => Promise<void>> = {
  'the room': async () => {},
  'the thread': async (page) => {
    await row(page).getByRole('button', { name: '2 replies' }).click()
    await page.getByRole('complementary', { name: 'Thread' }).getByRole('textbox').waitFor()
  },
  'the pins': async (page) => {
    await page.getByRole('button', { name: 'Show 1 pinned message' }).click()
    await page.getByRole('complementary', { name: 'Pinned messages' }).getByRole('listitem').waitFor()
  },
  'the members': async (page) => {
    await page.getByRole('button', { name: 'Show 2 members' }).click()
    await page.getByRole('complementary', { name: 'Members' }).getByText('@axel').waitFor()
  },
  'a profile card': async (page) => {
    await row(page).getByRole('button', { name: 'Ally Access', exact: true }).click()
    await page.getByRole('dialog').getByText('This is you.').waitFor()
  },
  'the menu of a message': async (page) => {
    await row(page)
      .getByRole('button', { name: /^More actions/ })
      .click()
    await page.getByRole('menu').waitFor()
  },
  'the menu of the room': async (page) => {
    await page.getByRole('button', { name: 'More actions for Plain words' }).click()
    await page.getByRole('menu').waitFor()
  },
  'the palette': async (page) => {
    await page.keyboard.press('Control+K')
    await page.getByRole('combobox').last().waitFor()
  },
  'the account': async (page) => {
    await page
      .getByRole('button', { name: /Ally Access/ })
      .first()
      .click()
    await page.getByRole('dialog').getByText('Show my local time to others').waitFor()
  },
}

describe.each(['light', 'dark'] as const)('axe in the %s theme', (theme) => {
  it.each(['/login', '/register', '/nothing-here'])('finds nothing on %s', async (address) => {
    const { page, context } = await open({ bypassCSP: true })
    await inTheme(page, theme)
    await page.goto(address)
    await page.addScriptTag({ path: axe })
    expect(await violations(page)).toEqual([])
    await context.close()
  })

  it('finds nothing in the room, or in what opens over and beside it', async () => {
    const { page, context } = await open({ bypassCSP: true })
    await context.addCookies(await ally.context.cookies())
    await inTheme(page, theme)
    const found: Record<string, string[]> = {}
    for (const [name, show] of Object.entries(places)) {
      await openRoom(page)
      await show(page)
      // A menu belongs to its button, but stands at the end of the page, outside of the landmarks.
      found[name] = await violations(page, name.startsWith('the menu') ? ['region'] : [])
    }
    expect(found).toEqual(Object.fromEntries(Object.keys(places).map((name) => [name, []])))
    await context.close()
  })
})

it.each([320, 640])('nothing scrolls sideways in a window of %i pixels', async (width) => {
  const { page, context } = await open({ viewport: { width, height: 800 }, reducedMotion: 'reduce' })
  const widthOf = () => page.evaluate(() => document.documentElement.scrollWidth)
  await page.goto('/login')
  expect(await widthOf()).toBe(width)
  await context.addCookies(await ally.context.cookies())
  await openRoom(page, false)
  expect(await widthOf()).toBe(width)
  await context.close()
})
