import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { findFreePort } from '../../../src/launch/ports'
import { type Chat, type ChatRoom, createChat } from '../../../src/sdk'
import { connectToBrowser } from '../../support/browser-setup'
import { report } from '../../support/report'
import { type StockClient, until } from '../../support/stock-client'
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy'
import { type Balancer, startBalancer } from '../balancer'
import { type Bench, nodeEnvironment, type Person, startBench } from '../bench'
import { type LiveFollower, type RoomHistory, type Sender, send, startFollower } from '../history'
import { startProcess, type TestProcess } from '../processes'

let bench: Bench
let browser: Browser
let web: TestProcess
let webUrl: string
/** Pages and SDK clients connect to this line, which leads to the balancer of the scenario. */
let line: TcpProxy
let balancer: Balancer | null = null
beforeAll(async () => {
  const webPort = await findFreePort()
  webUrl = `http://localhost:${webPort}`
  line = await startTcpProxy(() => balancer?.port ?? null)
  bench = await startBench({ nodes: 3, env: { ALLOWED_ORIGINS: webUrl } })
  const { databaseUrl, redisUrl } = bench.urls()
  web = await startProcess('src/web-server/main.ts', {
    ...nodeEnvironment(databaseUrl, redisUrl, bench.secret),
    WEB_PORT: String(webPort),
    PUBLIC_URL: webUrl,
    REALTIME_URL: `ws://localhost:${line.port}/trpc`,
  })
  browser = await connectToBrowser()
})
afterAll(async () => {
  await browser?.close()
  web?.kill()
  await line?.close()
  await bench?.[Symbol.asyncDispose]()
})
afterEach(() => bench.closeClients())

/** A page in a room, with a record of its connections and requests. */
interface OpenPage {
  page: Page
  renewals: number
  loads: number
  codes(): Promise<number[]>
  close(): Promise<void>
}

async function openPage({ token }: Person, room: string): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 700 } })
  await context.addCookies([{ name: 'X-Token', value: token, url: webUrl, httpOnly: true, sameSite: 'Lax' }])
  await context.addInitScript(() => {
    const codes: number[] = []
    Object.assign(window, {
      closeCodes: codes,
      WebSocket: class extends window.WebSocket {
        constructor(url: string | URL, protocols?: string | string[]) {
          super(url, protocols)
          this.addEventListener('close', ({ code }) => codes.push(code))
        }
      },
    })
  })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const opened: OpenPage = {
    page,
    renewals: 0,
    loads: 0,
    codes: () => page.evaluate(() => (window as unknown as { closeCodes: number[] }).closeCodes),
    close: () => context.close(),
  }
  page.on('request', (request) => {
    if (request.url().endsWith('/api/refresh')) opened.renewals++
  })
  page.on('load', () => opened.loads++)
  await page.goto(`${webUrl}/rooms/${room}`)
  return opened
}

/** An SDK client that follows a room with a handle, and every status it has had. */
function openSdk({ token }: Person, room: string): { client: Chat; handle: ChatRoom; states: Set<string> } {
  const client = createChat({
    url: `ws://localhost:${line.port}/trpc`,
    auth: token,
    WebSocket: WebSocket,
  })
  const states = new Set<string>()
  client.connection.subscribe(() => states.add(client.connection.get().state))
  return { client, handle: client.room(room), states }
}

const log = (page: Page) => page.getByRole('log')
/** The message at the top of the visible list, and its offset in pixels. */
const placeOf = (page: Page) =>
  log(page).evaluate((list) => {
    let scroller: Element | null = list
    while (scroller && scroller.scrollHeight <= scroller.clientHeight + 1) scroller = scroller.parentElement
    const top = scroller?.getBoundingClientRect().top ?? 0
    const first = [...list.querySelectorAll('li')].find((item) => item.getBoundingClientRect().bottom > top + 1)
    return { first: first?.textContent ?? '', offset: Math.round((first?.getBoundingClientRect().top ?? 0) - top) }
  })

interface Deploy {
  nodes: number
  how: 'SIGTERM' | 'SIGKILL'
}

async function deploy({ nodes: count, how }: Deploy) {
  const nodes = bench.nodes.slice(0, count)
  balancer = await startBalancer(nodes)
  const people = await bench.makePeople(16)
  const history = await bench.makeRoom(people)
  const [first] = people
  if (!first) throw new Error('nobody is there')
  const clients: StockClient[] = []
  const connect = (person: Person) => {
    const client = bench.connectTo(person, `ws://127.0.0.1:${line.port}/trpc`)
    clients.push(client)
    return client
  }
  const senders: Sender[] = people.slice(0, 4).map((person) => ({ person, client: connect(person) }))
  for (let index = 0; index < 150; index++) await send(history, senders[index % senders.length] as Sender)
  const followers: LiveFollower[] = await Promise.all(people.slice(4, 10).map((person) => startFollower(history, connect(person))))
  const sdks = people.slice(6, 16).map((person) => openSdk(person, history.room))
  const pages = await Promise.all(people.slice(14).map((person) => openPage(person, history.room)))
  try {
    await until(() => sdks.every(({ handle }) => handle.state.get().state === 'live'), 30_000)
    for (const { page } of pages) {
      await log(page).locator('li').nth(30).waitFor()
      await log(page).hover()
      await page.mouse.wheel(0, -900)
    }
    // The wheel scrolls on for a moment.
    const places = await Promise.all(pages.map(({ page }) => untilResting(page)))

    let stopped = false
    const talking = Promise.all(
      senders.map(async (sender) => {
        while (!stopped) {
          await send(history, sender)
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      }),
    )
    talking.catch(() => {})
    for (const node of nodes) {
      if (how === 'SIGTERM') expect((await node.stop()).code).toBe(0)
      else await node.kill()
      await node.start()
      await bench.untilHealthy()
    }
    stopped = true
    await talking
    await history.verify()
    await until(() => sdks.every(({ client }) => client.connection.get().state === 'connected'), 30_000)
    // Answers do not arrive in the order of the room.
    const last = Math.max(...history.acknowledged.map(({ message }) => message.seq))
    const isWhole = ({ handle }: (typeof sdks)[number]) => handle.state.get().timeline.messages.at(-1)?.seq === last
    await until(() => sdks.every(isWhole), 30_000)
    for (const { handle } of sdks) {
      const seqs = handle.state.get().timeline.messages.map(({ seq }) => seq)
      expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index))
    }
    const after = await Promise.all(pages.map(({ page }) => placeOf(page)))
    const codes = {
      stock: clients.flatMap(({ closed }) => closed),
      pages: (await Promise.all(pages.map((page) => page.codes()))).flat(),
    }
    await shows(pages, history)
    const signedOut = sdks.filter(({ states }) => states.has('signed-out') || states.has('refused')).length
    report(`rolling restart of ${count} nodes by ${how}`, {
      sends: history.acknowledged.length,
      'SDK clients connected': `${sdks.length} of ${sdks.length}`,
      'signed out': signedOut,
      'close codes of stock clients': [...new Set(codes.stock)].sort().join(' '),
      'of pages': [...new Set(codes.pages)].sort().join(' '),
      'calls to /api/refresh': pages.reduce((sum, { renewals }) => sum + renewals, 0),
      'pages loaded again': pages.reduce((sum, { loads }) => sum + loads - 1, 0),
      'places kept': after.filter((place, index) => place.first === places[index]?.first).length,
    })
    expect([...codes.stock, ...codes.pages]).not.toContain(4401)
    expect(signedOut).toBe(0)
    expect(followers.map(({ reopened }) => reopened)).toEqual(followers.map(() => 0))
    expect(pages.map(({ renewals, loads }) => ({ renewals, loads }))).toEqual(pages.map(() => ({ renewals: 0, loads: 1 })))
    expect(after).toEqual(places)
  } finally {
    await Promise.all([...pages.map((page) => page.close()), ...sdks.map(({ client }) => client.close())])
    await bench.closeClients()
    await balancer.close()
    balancer = null
    await bench.untilHealthy()
  }
}

async function untilResting(page: Page) {
  let before = await placeOf(page)
  for (;;) {
    await page.waitForTimeout(250)
    const now = await placeOf(page)
    if (now.first === before.first && now.offset === before.offset) return now
    before = now
  }
}

/** Each page is connected, and Escape leads to the newest message. */
async function shows(pages: OpenPage[], history: RoomHistory) {
  const text = history.acknowledged.toSorted((a, b) => a.message.seq - b.message.seq).at(-1)?.text ?? ''
  for (const { page } of pages) {
    await page.getByText('Reconnecting…').waitFor({ state: 'hidden' })
    await page.locator('#composer').focus()
    await page.keyboard.press('Escape')
    await log(page).getByText(text, { exact: true }).waitFor()
  }
}

describe('rolling restart', () => {
  it.each<Deploy>([
    { nodes: 2, how: 'SIGTERM' },
    { nodes: 3, how: 'SIGTERM' },
    { nodes: 2, how: 'SIGKILL' },
    { nodes: 3, how: 'SIGKILL' },
  ])('of $nodes nodes by $how: pages, SDK clients and stock clients lose nothing, and pages keep their place', deploy)
})

describe('half-open connection', () => {
  it.each(['hold', 'swallow'] as const)(
    'a page shows it within 30 s, and is live within 5 s once the network is back (%s)',
    async (how) => {
      balancer = await startBalancer(bench.nodes)
      const [ada, ben] = await bench.makePeople(2)
      if (!ada || !ben) throw new Error('nobody is there')
      const { room } = await bench.makeRoom([ada, ben])
      const opened = await openPage(ada, room)
      const { page } = opened
      try {
        const direct = bench.connect(ben, [0])
        await direct.trpc.chat.send.mutate({ room, text: 'before' })
        await log(page).getByText('before').waitFor()
        line.setFault({ toServer: { [how]: true }, toClient: { [how]: true } })
        const since = performance.now()
        await page.getByText('Reconnecting…').waitFor({ timeout: 40_000 })
        const knownMs = performance.now() - since
        await direct.trpc.chat.send.mutate({ room, text: 'meanwhile' })
        line.setFault({})
        line.cut()
        const back = performance.now()
        await log(page).getByText('meanwhile').waitFor({ timeout: 20_000 })
        const liveMs = performance.now() - back
        report(`half open (${how})`, {
          'shown after': `${(knownMs / 1_000).toFixed(1)} s`,
          'live again after': `${(liveMs / 1_000).toFixed(1)} s`,
        })
        expect(knownMs).toBeLessThanOrEqual(30_000)
        expect(liveMs).toBeLessThanOrEqual(5_000)
      } finally {
        line.setFault({})
        await opened.close()
        await balancer.close()
        balancer = null
      }
    },
  )
})
