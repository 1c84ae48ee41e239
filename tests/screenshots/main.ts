import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { findBrowser, launchBrowser } from '../support/browser'
import { createStockClient } from '../support/stock-client'
import { enter, startFreshWhole } from '../support/whole'

/** `npm run screenshots -- FOLDER`: pictures of every screen in both themes and at three widths, with people and talk in it. */
const [folder = 'screenshots'] = process.argv.slice(2)
await mkdir(folder, { recursive: true })

await using roomline = await startFreshWhole()
const cookies = {
  ada: await enter(roomline, 'register', 'ada', 'Ada Lovelace'),
  ben: await enter(roomline, 'register', 'ben', 'Ben Okafor'),
  mina: await enter(roomline, 'register', 'mina', 'Mina Tanaka'),
}
const clients = Object.values(cookies).map((cookie) => createStockClient({ url: roomline.realtimeUrl, cookie }))
const [ada, ben, mina] = clients.map(({ trpc }) => trpc)
if (!ada || !ben || !mina) throw new Error('nobody is there')

await ben.users.update.mutate({ status: 'On call this week', timeZone: 'Africa/Lagos' })
const room = (
  await ada.rooms.create.mutate({ name: 'Launch', kind: 'public', topic: 'Version 2, out on Thursday', members: ['ben', 'mina'] })
).id
for (const name of ['Design', 'Support', 'Coffee']) await ada.rooms.create.mutate({ name, kind: 'public', members: ['ben'] })
await ada.rooms.direct.mutate({ usernames: ['ben'] })
const say = async (who: typeof ada, text: string, replyTo?: number) =>
  (await who.chat.send.mutate({ room, text, ...(replyTo && { replyTo }) })).seq

await say(mina, 'Good morning! The **staging** build is green again. 🎉')
const question = await say(ada, 'Shall we move the release to Thursday? The migration still takes eleven minutes.')
await say(ben, 'Thursday works for me.', question)
await say(
  ben,
  'I found the slow part:\n\n```sql\nCREATE INDEX CONCURRENTLY messages_by_thread\n  ON messages (room_id, thread, seq)\n```',
  question,
)
await say(mina, 'With that index it is down to 40 seconds.', question)
const notes = await say(ada, 'Notes for the announcement:\n\n- threads and pins\n- search in all rooms\n- drafts that survive a reload')
await say(ben, '@ada the docs are at https://example.com/docs/launch')
await ben.chat.react.mutate({ room, seq: question, emoji: '👍' })
await mina.chat.react.mutate({ room, seq: question, emoji: '👍' })
await ada.chat.react.mutate({ room, seq: notes, emoji: '🚀' })
await ada.chat.pin.mutate({ room, seq: notes })
await Promise.all([ben, mina].map(async (who) => who.chat.markRead.mutate({ room, seq: (await who.rooms.get.query({ room })).lastSeq })))

const screens: Record<string, (page: Page) => Promise<void>> = {
  room: async () => {},
  thread: (page) => page.getByRole('button', { name: '3 replies' }).click(),
  pins: (page) => page.getByRole('button', { name: 'Show 1 pinned message' }).click(),
  members: (page) => page.getByRole('button', { name: /^Show .*members/ }).click(),
  card: (page) => page.getByRole('button', { name: 'Ben Okafor', exact: true }).first().click(),
  palette: (page) => page.keyboard.press('Control+K'),
  search: async (page) => {
    await page.keyboard.press('Control+K')
    await page.keyboard.type('migration')
    await page.locator('mark').first().waitFor()
  },
  emoji: async (page) => {
    await page.getByRole('button', { name: 'Emoji', exact: true }).last().click()
    await page.getByRole('gridcell').first().waitFor()
  },
  rooms: async (page) => {
    const showRooms = page.getByRole('button', { name: 'Show the rooms' })
    if (await showRooms.isVisible()) await showRooms.click()
  },
  menu: (page) =>
    page
      .getByRole('button', { name: /^More actions on/ })
      .last()
      .click(),
  account: async (page) => {
    const showRooms = page.getByRole('button', { name: 'Show the rooms' })
    if (await showRooms.isVisible()) await showRooms.click()
    await page
      .getByRole('button', { name: /Ada Lovelace/ })
      .last()
      .click()
  },
}

const server = await launchBrowser(await findBrowser())
const browser = await chromium.connect(server.wsEndpoint())
for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1440, 768, 390]) {
    const context = await browser.newContext({
      ...{ baseURL: roomline.webUrl, colorScheme, reducedMotion: 'reduce', viewport: { width, height: width === 390 ? 844 : 900 } },
      ...(width === 390 && { hasTouch: true, isMobile: true }),
    })
    const page = await context.newPage()
    const take = async (name: string) => {
      await page.waitForTimeout(700)
      await page.screenshot({ path: path.join(folder, `${name}-${width}-${colorScheme}.png`) })
    }
    for (const address of ['login', 'register']) {
      await page.goto(`/${address}`)
      await take(address)
    }
    const [name = '', value = ''] = cookies.ada.split('=')
    await context.addCookies([{ name, value, url: roomline.webUrl }])
    for (const [screen, show] of Object.entries(screens)) {
      await page.goto(`/rooms/${room}`)
      await page.getByText('Notes for the announcement').last().waitFor()
      await show(page).catch((error: Error) => process.stderr.write(`${screen} at ${width}: ${error.message}\n`))
      await take(screen)
    }
    await context.close()
  }
}
await browser.close()
await server.close()
await Promise.all(clients.map((client) => client.close()))
