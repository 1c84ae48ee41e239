import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { fillRoom } from '../support/fill-room'
import { shareRoomline } from '../support/shared-roomline'
import type { StockClient } from '../support/stock-client'
import { composer, holdScripts, messages } from './room-page'

const shared = shareRoomline()
const { dataDir, open, register, consoleErrors } = shared

const [writer, reader, removed, stranger] = ['ft-writer', 'ft-reader', 'ft-removed', 'ft-stranger']
const cookies = new Map<string, string>()
const clients = new Map<string, StockClient['trpc']>()
const total = 168
let room: string

beforeAll(async () => {
  for (const name of [writer, reader, removed, stranger]) {
    const { cookie, trpc } = await register(name, `First Text ${name}`)
    cookies.set(name, cookie)
    clients.set(name, trpc)
  }
  const trpc = clientOf(writer)
  room = (await trpc.rooms.create.mutate({ name: 'First text', kind: 'private', members: [reader, removed] })).id
  const { lastSeq } = await trpc.rooms.get.query({ room })
  await fillRoom({ dataDir, room, authors: [writer, reader], count: 160 - lastSeq, apartMs: 20 * 60_000 })
  const texts = [
    ...['plain words', 'with **bold words**, `code` and https://example.com/a', '> quoted\nand an answer'],
    ...['- one\n- two', '```\nconst a = 1\n```', `@${reader} is asked`, 'the last but one'],
  ]
  for (const text of texts) await trpc.chat.send.mutate({ room, text })
  await trpc.chat.send.mutate({ room, text: 'the last words', replyTo: 162 })
  await trpc.chat.react.mutate({ room, seq: total, emoji: '👍' })
  await clientOf(reader).chat.markRead.mutate({ room, seq: 164 })
  await trpc.rooms.remove.mutate({ room, username: removed })
})

function clientOf(name: string): StockClient['trpc'] {
  const trpc = clients.get(name)
  if (!trpc) throw new Error(`${name} has no client`)
  return trpc
}

async function openAs(username: string, options: Parameters<typeof open>[0] = {}) {
  const { context, page } = await open(options)
  const [name = '', value = ''] = (cookies.get(username) ?? '').split(/=(.*)/)
  await context.addCookies([{ name, value, url: shared.webUrl }])
  return { context, page }
}

const row = (page: Page, seq: number) => messages(page).locator(`[data-seq="${seq}"]`)
const screens = [{ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, { viewport: { width: 1_440, height: 900 } }]

/** Where a message is, from the top of the page. */
const topOf = (page: Page, seq: number) => row(page, seq).evaluate((element) => element.getBoundingClientRect().top)

interface Watched {
  tops: number[]
  shifts: { at: number; size: number }[]
}

/** Follows a message from frame to frame, and what the browser counts as a layout that moved. */
const watch = (page: Page, seq: number) =>
  page.addInitScript((seq) => {
    const watched: Watched = { tops: [], shifts: [] }
    Object.assign(window, { watched })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        watched.shifts.push({ at: entry.startTime, size: (entry as PerformanceEntry & { value: number }).value })
      }
    }).observe({ type: 'layout-shift', buffered: true })
    const look = () => {
      const element = document.querySelector(`[role=log] [data-seq="${seq}"]`)
      if (element && document.fonts.status === 'loaded') watched.tops.push(element.getBoundingClientRect().top)
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  }, seq)

const readWatched = (page: Page) => page.evaluate(() => (window as unknown as { watched: Watched }).watched)

/** Until the page is connected and at rest. */
async function untilLive(page: Page) {
  await composer(page, 'First text').waitFor()
  await page.waitForFunction(() => document.querySelector('[role=log]')?.getAttribute('aria-busy') === 'false')
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
}

describe('first text', () => {
  it('without any script: the newest messages with their formatting, or those around one', async () => {
    const { context, page } = await openAs(reader, { javaScriptEnabled: false })
    await page.goto(`/rooms/${room}`)
    for (const text of ['the last words', 'plain words', 'line 150'])
      expect(await messages(page).getByText(text).count()).toBeGreaterThan(0)
    expect(await row(page, 162).locator('strong').innerText()).toBe('bold words')
    expect(await row(page, 162).getByRole('link', { name: 'example.com' }).count()).toBe(1)
    expect(await row(page, 165).locator('pre').innerText()).toContain('const a = 1')
    expect(await row(page, 166).locator('mark').innerText()).toBe(`@${reader}`)
    const newest = await row(page, total).boundingBox()
    expect(newest?.y).toBeGreaterThan(0)
    expect(newest?.y).toBeLessThan(800)

    await page.goto(`/rooms/${room}/60`)
    expect(await row(page, 60).innerText()).toContain('line 60')
    expect(await row(page, total).count()).toBe(0)
    await context.close()
  })

  it('nobody who may not see the room gets any of it, nor learns that it exists', async () => {
    for (const name of [removed, stranger]) {
      const { context, page } = await openAs(name, { javaScriptEnabled: false })
      const bodies: string[] = []
      for (const path of [room, `${room}/60`, crypto.randomUUID(), `${crypto.randomUUID()}/60`]) {
        const response = await page.goto(`/rooms/${path}`)
        const html = (await response?.text()) ?? ''
        expect(html).not.toMatch(/the last words|line \d|First text/)
        bodies.push(`${response?.status()} ${await page.locator('body').innerText()}`)
      }
      expect(bodies[0]?.replaceAll(room, 'ID')).toBe(bodies[2]?.replace(/[\da-f-]{36}/g, 'ID'))
      expect(bodies[1]?.replaceAll(room, 'ID')).toBe(bodies[3]?.replace(/[\da-f-]{36}/g, 'ID'))
      await context.close()
    }
  })

  it.each([
    { path: '', seq: total },
    { path: '/60', seq: 60 },
  ])('goes live without any movement, at $seq', async ({ path, seq }) => {
    for (const screen of screens) {
      const { context, page } = await openAs(reader, screen)
      await watch(page, seq)
      const release = await holdScripts(page)
      await page.goto(`/rooms/${room}${path}`, { waitUntil: 'commit' })
      await row(page, seq).waitFor()
      // The font may come after the first text. What moves then does not move because the page goes live.
      const from = await page.evaluate(async () => {
        await document.fonts.ready
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
        return performance.now()
      })
      const before = await topOf(page, seq)
      release()
      await untilLive(page)
      const { tops, shifts } = await readWatched(page)
      expect(Math.max(...tops.map((top) => Math.abs(top - before)))).toBeLessThan(1.5)
      expect(shifts.reduce((sum, { at, size }) => sum + (at >= from ? size : 0), 0)).toBeLessThan(0.01)
      await context.close()
    }
    expect(consoleErrors).toEqual([])
  })

  it('stays where somebody has scrolled before it went live', async () => {
    const { context, page } = await openAs(reader)
    const release = await holdScripts(page)
    await page.goto(`/rooms/${room}`, { waitUntil: 'commit' })
    await row(page, total).waitFor()
    await page.evaluate(() => document.fonts.ready)
    await messages(page).evaluate((log) => log.scrollBy(0, -700))
    const seq = await messages(page).evaluate((log) => {
      const { top } = log.getBoundingClientRect()
      const rows = [...log.querySelectorAll('[data-seq]')]
      return Number(rows.find((row) => row.getBoundingClientRect().top > top)?.getAttribute('data-seq'))
    })
    const before = await topOf(page, seq)
    release()
    await untilLive(page)
    expect(Math.abs((await topOf(page, seq)) - before)).toBeLessThan(1.5)
    expect(seq).toBeLessThan(total - 5)
    await context.close()
  })

  it('stays while the realtime server cannot be reached', async () => {
    const { context, page } = await openAs(reader)
    await page.routeWebSocket(/trpc/, () => {})
    await page.goto(`/rooms/${room}`)
    await page.getByText('Connecting…').waitFor()
    expect(await row(page, total).innerText()).toContain('the last words')
    expect(await row(page, 162).locator('strong').innerText()).toBe('bold words')
    expect(consoleErrors).toEqual([])
    await context.close()
  })
})
