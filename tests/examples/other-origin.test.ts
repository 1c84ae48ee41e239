import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectToBrowser } from '../support/browser-setup'
import { createStockClient, until } from '../support/stock-client'
import { enter, startFreshWhole, type Whole } from '../support/whole'
import { findPorts, type InstalledExample, installExample, type RunningExample } from './installed-example'

const tokenSeconds = 4
let example: InstalledExample
let running: RunningExample
let roomline: Whole & AsyncDisposable
let browser: Browser
let pageUrl: string
let issuerUrl: string
beforeAll(async () => {
  const [port, issuerPort] = await findPorts(2)
  pageUrl = `http://localhost:${port}`
  issuerUrl = `http://localhost:${issuerPort}`
  ;[example, roomline, browser] = await Promise.all([
    installExample('other-origin'),
    startFreshWhole({ CORS_ORIGINS: pageUrl, AUTH_JWKS_URL: `${issuerUrl}/jwks`, AUTH_ISSUER: issuerUrl, AUTH_AUDIENCE: 'roomline' }),
    connectToBrowser(),
  ])
  running = await example.start(
    {
      ...{ PORT: String(port), ISSUER_PORT: String(issuerPort), TOKEN_SECONDS: String(tokenSeconds) },
      ROOMLINE_REALTIME_URL: roomline.realtimeUrl,
    },
    /Open http/,
  )
})
afterAll(async () => {
  await running?.[Symbol.asyncDispose]()
  await browser?.close()
  await roomline?.[Symbol.asyncDispose]()
  await example?.[Symbol.asyncDispose]()
})

async function open() {
  const context = await browser.newContext()
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const sockets: string[] = []
  page.on('websocket', (socket) => sockets.push(socket.url()))
  return { context, page, sockets }
}

async function signIn(page: Page, name: string) {
  await page.goto(pageUrl)
  await page.getByRole('link', { name: 'Sign in' }).click()
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('connected', { exact: true }).waitFor()
}

const send = async (page: Page, text: string) => {
  await page.getByLabel('Message').fill(text)
  await page.keyboard.press('Enter')
}

describe('the example of a page on another origin', () => {
  it('signs in at the issuer and talks, while its tokens are renewed in place, without missing anything', async () => {
    const [ada, ben] = await Promise.all([open(), open()])
    await signIn(ada.page, 'Ada')
    await signIn(ben.page, 'Ben')
    await send(ada.page, 'Hello from another origin')
    await ben.page.getByText('Ada: Hello from another origin').waitFor()
    await ada.page.evaluate(() => {
      const states: (string | null)[] = []
      Object.assign(window, { states })
      const status = document.querySelector('#status') as HTMLElement
      new MutationObserver(() => states.push(status.textContent)).observe(status, { childList: true, characterData: true, subtree: true })
    })
    // Over several tokens: each renewal is a new socket.
    const sent: string[] = []
    const before = ada.sockets.length
    while (ada.sockets.length < before + 3) {
      sent.push(`line ${sent.length + 1}`)
      await send(ben.page, sent.at(-1) ?? '')
      await ada.page.getByText(`Ben: ${sent.at(-1)}`, { exact: true }).waitFor()
    }
    const lines = await ada.page.locator('#messages li').allTextContents()
    expect(lines).toEqual(['Ada: Hello from another origin', ...sent.map((text) => `Ben: ${text}`)])
    expect(
      await ada.page.evaluate(() => (window as unknown as { states: string[] }).states.filter((state) => state !== 'connected')),
    ).toEqual([])
    // The token never stands in an address.
    for (const url of ada.sockets) expect(url).not.toMatch(/token|eyJ/)
    await Promise.all([ada.context.close(), ben.context.close()])
  })

  it('is closed with 4401 when its token has ended and there is no other', async () => {
    const { context, page } = await open()
    await signIn(page, 'Cleo')
    const token = await page.evaluate(async (issuer) => (await fetch(`${issuer}/token`, { credentials: 'include' })).text(), issuerUrl)
    // Signed out at the issuer only, as it would be in another tab.
    await page.evaluate((issuer) => fetch(`${issuer}/sign-out`, { method: 'POST', credentials: 'include' }), issuerUrl)
    await page.getByText('signed-out', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'Sign in' }).waitFor()
    // The last token is refused from then on.
    const client = createStockClient({ url: roomline.realtimeUrl, headers: { origin: pageUrl }, connectionParams: { token } })
    client.trpc.session.me.query().catch(() => {})
    await until(() => client.closed[0] === 4401)
    await client.close()
    await context.close()
  })

  it('signs out at once', async () => {
    const { context, page } = await open()
    await signIn(page, 'Dora')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('signed-out', { exact: true }).waitFor()
    await context.close()
  })

  it('is nobody with the cookie of Roomline alone, also in a browser that sends it', async () => {
    const cookie = await enter(roomline, 'register', 'someone')
    const { context, page } = await open()
    const [name = '', value = ''] = cookie.split('=')
    await context.addCookies([{ name, value, domain: 'localhost', path: '/', httpOnly: true, sameSite: 'Lax' }])
    await page.goto(pageUrl)
    await page.getByText('signed-out', { exact: true }).waitFor()
    const result = await page.evaluate(
      async (url) => {
        const http = url.replace('ws', 'http')
        const status = (path: string, init: RequestInit) =>
          fetch(`${http}/${path}`, init).then(
            (answer) => answer.status,
            () => 'kept from the page',
          )
        const closed = await new Promise((resolve) => {
          const socket = new globalThis.WebSocket(url)
          socket.onopen = () => socket.send('{"id":1,"method":"query","params":{"path":"session.me"}}')
          socket.onclose = ({ code }) => resolve(code)
        })
        return { closed, plain: await status('session.me', {}), withCookie: await status('session.me', { credentials: 'include' }) }
      },
      roomline.realtimeUrl.replace('127.0.0.1', 'localhost'),
    )
    expect(result).toEqual({ closed: 4401, plain: 401, withCookie: 'kept from the page' })
    await context.close()
  })

  it('cannot be copied to an origin that is not listed', async () => {
    const socket = new WebSocket(roomline.realtimeUrl, { origin: 'http://localhost:1' })
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode))
      socket.on('error', () => {})
    })
    expect(status).toBe(403)
  })
})
