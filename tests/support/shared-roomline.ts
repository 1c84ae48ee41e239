import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, inject } from 'vitest'
import { connectToBrowser } from './browser-setup'
import { password } from './people'
import type { SharedRoomline } from './roomlines-setup'
import { createStockClient, type StockClient } from './stock-client'
import { enter } from './whole'
import { ofThisWorker } from './worker'

/** Somebody with an account, in a browser of their own. */
export interface Visitor {
  username: string
  context: BrowserContext
  page: Page
  /** The same person over another connection, closed with the rest. */
  connect(): StockClient['trpc']
}

export interface VisitorOptions extends BrowserContextOptions {
  displayName?: string
}

/** What a file of browser tests works with: the shared Roomline and the shared browser. */
export interface SharedBrowser extends SharedRoomline {
  /** A browser of its own, as far as cookies and storage go, with one page in it. Nobody is signed in. */
  open(options?: BrowserContextOptions): Promise<{ context: BrowserContext; page: Page }>
  /** Creates an account, without the form, and opens the general room. */
  signUp(username: string, options?: VisitorOptions): Promise<Visitor>
  /** Creates an account without opening a page. */
  register(username: string, displayName?: string): Promise<{ cookie: string; trpc: StockClient['trpc'] }>
  /** What pages threw or wrote to the console as errors. */
  consoleErrors: string[]
}

/**
 * Call it once, at the top of a file. After its tests all people and rooms are deleted, so that each file can give them any
 * names: the server refuses names that look like those of somebody else.
 * @param losesConnections whether tests end connections, which a browser reports as an error
 */
export function shareRoomline({ losesConnections = false } = {}): SharedBrowser {
  const expected = losesConnections ? /WebSocket connection|Failed to load resource/ : /Failed to load resource/
  const roomline = ofThisWorker(inject('roomlines'))
  const consoleErrors: string[] = []
  const clients: StockClient[] = []
  let browser: Browser
  beforeAll(async () => {
    browser = await connectToBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await deleteEverybody(connect(roomline.adminCookie))
    await Promise.all(clients.map((client) => client.close()))
  })

  const open = async (options: BrowserContextOptions = {}) => {
    const context = await browser.newContext({ baseURL: roomline.webUrl, viewport: { width: 1280, height: 800 }, ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    page.on('pageerror', (error) => consoleErrors.push(String(error)))
    page.on('console', (message) => {
      // A browser reports each response with an error status, such as that for a wrong password.
      if (message.type() === 'error' && !expected.test(message.text())) consoleErrors.push(message.text())
    })
    return { context, page }
  }
  const connect = (cookie: string) => {
    const client = createStockClient({ url: roomline.realtimeUrl, cookie })
    clients.push(client)
    return client.trpc
  }

  return {
    ...roomline,
    consoleErrors,
    open,
    register: async (username, displayName) => {
      const cookie = await enter(roomline, 'register', username, displayName)
      return { cookie, trpc: connect(cookie) }
    },
    signUp: async (username, { displayName, ...options } = {}) => {
      const { context, page } = await open(options)
      // From the browser, so that the session is that of this browser.
      const response = await context.request.post('/api/register', { data: { username, password, displayName } })
      if (!response.ok()) throw new Error(`register answered ${response.status()}: ${await response.text()}`)
      const cookies = await context.cookies()
      await page.goto('/rooms/general')
      await page.getByRole('textbox', { name: 'Message general' }).waitFor()
      return { username, context, page, connect: () => connect(cookies.map(({ name, value }) => `${name}=${value}`).join('; ')) }
    },
  }
}

/** All but the first admin, and all rooms but the one that everybody starts in. Direct rooms have no name. */
async function deleteEverybody({ admin }: StockClient['trpc']): Promise<void> {
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = await admin.rooms.query(cursor === '' ? undefined : { cursor })
    for (const { id } of page.rooms) if (id !== 'general') await admin.deleteRoom.mutate({ room: id })
    cursor = page.cursor
  }
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = await admin.people.query(cursor === '' ? undefined : { cursor })
    for (const { username } of page.people) if (username !== 'first-admin') await admin.deletePerson.mutate({ username })
    cursor = page.cursor
  }
}
