import { type Browser, type BrowserContext, chromium, type Page, type Response } from 'playwright-core'
import { findFreePort } from '../../src/launch/ports'
import { nodeEnvironment } from '../../tests/faults/bench'
import { startProcess, type TestProcess } from '../../tests/faults/processes'
import { findBrowser, launchBrowser } from '../../tests/support/browser'
import { format, quantileOf, roundsOf, summarise } from '../figures'
import type { Measurement, Row, Stage } from '../measurement'
import type { Reading, Target } from '../reading'

const longRoom = 100_000
const manyRooms = 5_000
/** What Chromium's own tools call "Slow 4G": bits per second, and milliseconds from a request to its answer. */
const slow4g = { downloadThroughput: 1_440_000 / 8, uploadThroughput: 675_000 / 8, latency: 562.5, offline: false }
/** The same network as Lighthouse simulates it: the round trip is shorter, because it counts each of them. */
const simulated4g = { ...slow4g, downloadThroughput: 1_600_000 / 8, uploadThroughput: 750_000 / 8, latency: 150 }
const scrollMs = 30_000

interface Site {
  webUrl: string
  browser: Browser
  /** A page of somebody who is signed in; its context is new, so nothing is cached. */
  open(token: string): Promise<{ context: BrowserContext; page: Page }>
}

/**
 * T12 and T13: a room of 100,000 messages in a real browser: its script, its first text on a slow network, scrolling, jumping
 * far away; and a person with 5,000 rooms.
 */
export const page: Measurement = {
  targets: ['T12', 'T13'],
  contenders: ['roomline'],
  measure: async (stage) => {
    const { services } = stage
    const [ada, ben] = await services.people(2)
    if (!ada || !ben) throw new Error('there are no people')
    const [room = ''] = await services.createRooms([[ada, ben]])
    await fill(stage, room, ben.id)
    await services.createRooms(Array.from({ length: manyRooms }, () => [ben]))
    return withSite(stage, async (site) => {
      // The first visit also warms the server up.
      await measureScript(site, ada.token, room)
      const times = stage.quick ? 3 : 7
      const figures = {
        ...(await measureScript(site, ada.token, room)),
        ...(await measureFirstText(site, ada.token, room, slow4g, 'firstTextMs', times)),
        ...(await measureFirstText(site, ada.token, room, simulated4g, 'firstTextSimulatedMs', times)),
        ...(await measureJumps(site, ada.token, room)),
        ...(await measureManyRooms(site, ben.token, room)),
        ...(await measureScrolling(site, ada.token, room, stage.quick ? scrollMs / 3 : scrollMs)),
      }
      return (['T12', 'T13'] as const).map((target) => ({ target, contender: 'roomline', figures }))
    })
  },
  rows: (readings) => [
    row(readings, 'T12', 'scriptKb', 'script of a room as it is transferred, until it is live', 'kB', 200),
    row(readings, 'T12', 'laterScriptKb', 'script that comes seconds later', 'kB', null),
    row(readings, 'T12', 'elements', 'elements in the page while 100,000 messages are scrolled', '', 4_000),
    row(readings, 'T12', 'longestFrameMs', 'longest frame of that', 'ms', 50),
    row(readings, 'T12', 'longFrames', 'frames above 50 ms, in a thousand', '', null),
    row(readings, 'T12', 'manyRoomsMs', '5,000 rooms: the list is shown, after the first message', 'ms', 1_000),
    row(readings, 'T13', 'firstTextMs', 'first text of a room, CPU slowed 4 times, Slow 4G', 'ms', 1_500),
    row(readings, 'T13', 'firstTextSimulatedMs', 'the same, with round trips of 150 ms', 'ms', null),
    row(readings, 'T12', 'jumpOldestMs', 'jump to the first of 100,000 messages', 'ms', 500),
    row(readings, 'T12', 'jumpFarMs', 'jump to a message in the middle, by its address', 'ms', 500),
  ],
}

function row(readings: readonly Reading[], target: Target, name: string, what: string, unit: string, goal: number | null): Row {
  const figure = summarise(roundsOf(readings, target, 'roomline', name))
  return {
    ...{ target, what, figure: format(figure, unit), peer: '', ratio: '', goal: goal === null ? '' : `≤ ${goal} ${unit}`.trim() },
    met: figure && goal !== null ? figure.median <= goal : null,
  }
}

async function fill({ services }: Stage, room: string, author: string) {
  await services.query(
    `INSERT INTO messages (room_id, seq, version, author_id, text, time)
     SELECT $1, n, n, $2, 'message ' || n || repeat(' and some more words', n % 7), now() - ($3 - n) * interval '3 minutes'
     FROM generate_series(1, $3::int) n`,
    [room, author, longRoom],
  )
  await services.query('UPDATE rooms SET last_seq = $2, last_version = $2 WHERE id = $1', [room, longRoom])
  await services.query('UPDATE memberships SET read_seq = $2 WHERE room_id = $1', [room, longRoom])
  await services.query('ANALYZE messages')
}

async function withSite(stage: Stage, act: (site: Site) => Promise<Reading[]>): Promise<Reading[]> {
  const { databaseUrl, redisUrl, secret } = stage.services
  const webPort = await findFreePort()
  const webUrl = `http://localhost:${webPort}`
  const environment = { ...nodeEnvironment(databaseUrl, redisUrl, secret), ALLOWED_ORIGINS: webUrl }
  const started: TestProcess[] = []
  const server = await launchBrowser(await findBrowser())
  try {
    const realtimePort = await findFreePort()
    const realtime = { ...environment, REALTIME_PORT: String(realtimePort) }
    started.push(await startProcess('src/server/main.ts', realtime))
    const web = {
      ...environment,
      WEB_PORT: String(webPort),
      PUBLIC_URL: webUrl,
      REALTIME_URL: `ws://localhost:${realtimePort}/trpc`,
    }
    started.push(await startProcess('src/web-server/main.ts', web))
    const browser = await chromium.connect(server.wsEndpoint())
    return await act({
      webUrl,
      browser,
      open: async (token) => {
        const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
        await context.addCookies([{ name: 'X-Token', value: token, url: webUrl, httpOnly: true, sameSite: 'Lax' }])
        return { context, page: await context.newPage() }
      },
    })
  } finally {
    for (const { kill } of started) kill()
    await server.close()
  }
}

const rows = (of: Page) => of.getByRole('log').locator('[data-seq]')

/** What is loaded until the room is live, and afterwards. */
async function measureScript({ webUrl, open }: Site, token: string, room: string) {
  const { context, page } = await open(token)
  const scripts: Response[] = []
  page.on('response', (response) => {
    if (response.request().resourceType() === 'script') scripts.push(response)
  })
  await page.goto(`${webUrl}/rooms/${room}`)
  await page.getByRole('textbox', { name: /^Message / }).waitFor()
  await page.waitForLoadState('networkidle')
  const sizeOf = async (response: Response) => (await response.request().sizes()).responseBodySize
  const untilLive = await Promise.all(scripts.splice(0).map(sizeOf))
  // The parser of texts, which the first page does not need, comes two seconds later.
  await page.waitForTimeout(4_000)
  const later = await Promise.all(scripts.map(sizeOf))
  await context.close()
  const kb = (sizes: number[]) => sizes.reduce((sum, size) => sum + size, 0) / 1_000
  return { scriptKb: kb(untilLive), laterScriptKb: kb(later) }
}

async function measureFirstText(
  { webUrl, open }: Site,
  token: string,
  room: string,
  network: typeof slow4g,
  name: 'firstTextMs' | 'firstTextSimulatedMs',
  times: number,
) {
  const took: number[] = []
  for (let left = times; left > 0; left--) {
    const { context, page } = await open(token)
    const devtools = await context.newCDPSession(page)
    await devtools.send('Network.enable')
    await devtools.send('Network.emulateNetworkConditions', network)
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 })
    await page.goto(`${webUrl}/rooms/${room}`, { waitUntil: 'commit' })
    await rows(page).last().waitFor({ timeout: 60_000 })
    const paint = () => page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0)
    while ((await paint()) === 0) await page.waitForTimeout(50)
    took.push(await paint())
    await context.close()
  }
  return { [name]: quantileOf(took, 0.5) }
}

async function measureScrolling({ webUrl, open }: Site, token: string, room: string, forMs: number) {
  const { context, page } = await open(token)
  await page.goto(`${webUrl}/rooms/${room}`)
  await page.getByRole('textbox', { name: /^Message / }).waitFor()
  await page.waitForTimeout(5_000)
  await page.getByRole('log').hover()
  // As text: tsx would add a helper to a function in it, which the page does not have.
  await page.evaluate(`
    window.frames = []
    let last = performance.now()
    const next = (now) => { frames.push(now - last); last = now; requestAnimationFrame(next) }
    requestAnimationFrame(next)`)
  const until = performance.now() + forMs
  let elements = 0
  for (let turn = 0; performance.now() < until; turn++) {
    await page.mouse.wheel(0, turn % 200 < 150 ? -400 : 400)
    if (turn % 50 === 0) elements = Math.max(elements, await page.evaluate(() => document.querySelectorAll('*').length))
  }
  const frames = await page.evaluate(() => (window as unknown as { frames: number[] }).frames)
  await context.close()
  return {
    elements,
    longestFrameMs: Math.max(...frames),
    longFrames: (frames.filter((ms) => ms > 50).length / frames.length) * 1_000,
    frames: frames.length,
  }
}

async function measureJumps({ webUrl, open }: Site, token: string, room: string) {
  const { context, page } = await open(token)
  await page.goto(`${webUrl}/rooms/${room}`)
  await page.getByRole('textbox', { name: /^Message / }).waitFor()
  await page.waitForTimeout(3_000)
  const isInSight = (seq: number) =>
    page.evaluate((wanted) => {
      const box = document.querySelector(`[role=log] [data-seq="${wanted}"]`)?.getBoundingClientRect()
      return box !== undefined && box.top >= 0 && box.bottom <= innerHeight
    }, seq)
  const timed = async (seq: number, act: () => Promise<unknown>) => {
    const since = performance.now()
    await act()
    while (!(await isInSight(seq))) {
      if (performance.now() - since > 10_000) throw new Error(`message ${seq} is not shown`)
      await page.waitForTimeout(5)
    }
    return performance.now() - since
  }
  await rows(page).last().focus()
  const jumpOldestMs = await timed(1, () => page.keyboard.press('Home'))
  await page.waitForTimeout(1_000)
  const address = (seq: number) =>
    page.evaluate((to) => {
      history.pushState({ entry: 'far away' }, '', to)
      dispatchEvent(new PopStateEvent('popstate'))
    }, `/rooms/${room}/${seq}`)
  const jumpFarMs = await timed(50_000, () => address(50_000))
  await page.waitForTimeout(1_000)
  await context.close()
  return { jumpOldestMs, jumpFarMs }
}

/** From the first message in the page to the first link of the list that leads to a room. */
async function measureManyRooms({ webUrl, open }: Site, token: string, room: string) {
  const { context, page } = await open(token)
  await page.addInitScript(() => {
    const seen = { message: 0, list: 0 }
    Object.assign(window, { seen })
    new MutationObserver(() => {
      if (!seen.message && document.querySelector('[role=log] [data-seq]')) seen.message = performance.now()
      if (!seen.list && document.querySelectorAll('nav a[href^="/rooms/"]').length > 5) seen.list = performance.now()
    }).observe(document, { childList: true, subtree: true })
  })
  await page.goto(`${webUrl}/rooms/${room}`)
  await page.waitForFunction(() => (window as unknown as { seen: { list: number } }).seen.list > 0, null, { timeout: 60_000 })
  const { message, list } = await page.evaluate(() => (window as unknown as { seen: { message: number; list: number } }).seen)
  await context.close()
  return { manyRoomsMs: list - message }
}
