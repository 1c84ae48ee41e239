import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { password } from '../support/people'
import { makeQuickFolder } from '../support/quick-folder'
import { createStockClient, until } from '../support/stock-client'
import { enter, startWhole, type Whole } from '../support/whole'

let dataDir: string
let whole: Whole
beforeAll(async () => {
  dataDir = await makeQuickFolder('roomline-whole-')
  whole = await startWhole({ dataDir })
})
afterAll(async () => {
  await whole?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

const connect = (cookie: string) => createStockClient({ url: whole.realtimeUrl, cookie })

describe('started Roomline', () => {
  it('answers each route as the contract says', async () => {
    const { webUrl } = whole
    expect(await (await fetch(`${webUrl}/api/health`)).json()).toEqual({ status: 'ok' })
    for (const route of ['register', 'login', 'logout', 'refresh']) {
      const response = await fetch(`${webUrl}/api/${route}`)
      expect(response.status, route).toBe(405)
      expect(await response.json()).toMatchObject({ error: { code: expect.any(String), message: expect.any(String) } })
    }
    const cookie = await enter(whole, 'register', 'contract')
    const session = await fetch(`${webUrl}/api/session`, { headers: { cookie } })
    expect(await session.json()).toMatchObject({ user: { username: 'contract' }, realtimeUrl: whole.realtimeUrl })
    expect((await fetch(`${webUrl}/api/session`)).status).toBe(401)
    const unknown = await fetch(`${webUrl}/api/no-such-route`)
    expect(unknown.status).toBe(404)
    const page = await fetch(`${webUrl}/login`)
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("frame-ancestors 'none'")
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? ''
    const scripts = [...(await page.text()).matchAll(/<script(?=[\s>])[^>]*>/g)].map(([tag]) => tag)
    expect(scripts.length).toBeGreaterThan(0)
    for (const tag of scripts) expect(tag).toContain(`nonce="${nonce}"`)
    expect(page.headers.get('x-powered-by')).toBeNull()
  })

  it('sends scripts and styles compressed with Brotli to whoever accepts it, and the same bytes to everybody', async () => {
    const html = await (await fetch(`${whole.webUrl}/login`)).text()
    const files = new Set(html.match(/\/_next\/static\/[^"]+\.(js|css)/g))
    expect(files.size).toBeGreaterThan(3)
    const get = (path: string, accepted: string, more = {}) =>
      fetch(whole.webUrl + path, { headers: { 'accept-encoding': accepted, ...more } })
    for (const file of files) {
      const [compressed, gzipped, refused, plain] = await Promise.all(
        ['gzip, br', 'gzip', 'br;q=0, identity', 'identity'].map((accepted) => get(file, accepted)),
      )
      expect(compressed?.headers.get('content-encoding'), file).toBe('br')
      expect(compressed?.headers.get('vary')).toMatch(/accept-encoding/i)
      for (const header of ['content-type', 'cache-control']) expect(compressed?.headers.get(header)).toBe(plain?.headers.get(header))
      for (const other of [gzipped, refused, plain]) expect(other?.headers.get('content-encoding')).not.toBe('br')
      const bytes = await Promise.all([compressed, gzipped, refused, plain].map((answer) => answer?.text()))
      expect(new Set(bytes).size, file).toBe(1)
      const part = await get(file, 'br', { range: 'bytes=0-9' })
      expect(part.headers.get('content-encoding')).toBeNull()
    }
  })

  it('sends its security headers with every answer, whatever was asked', async () => {
    const { webUrl } = whole
    const html = await (await fetch(`${webUrl}/login`)).text()
    const [script = ''] = /\/_next\/static\/[^"]+\.js/.exec(html) ?? []
    const [style = ''] = /\/_next\/static\/[^"]+\.css/.exec(html) ?? []
    expect(html).not.toMatch(/ style="/)
    const policy = (await fetch(`${webUrl}/login`)).headers.get('content-security-policy')
    for (const [, content = ''] of html.matchAll(/<style[^>]*>(.*?)<\/style>/gs)) {
      expect(policy).toContain(`'sha256-${createHash('sha256').update(content).digest('base64')}'`)
    }
    const paths: [path: string, status: number, method?: string][] = [
      ['/login', 200],
      ['/', 307],
      ['/no-such-page', 404],
      ['/%ff', 404],
      [script, 200],
      [style, 200],
      ['/_next/static/no-such-file.js', 404],
      ['/_next/image?url=%2Ficon.svg&w=64&q=75', 400],
      ['/icon.svg', 200],
      ['/api/health', 200],
      ['/api/ready', 200],
      ['/api/metrics', 200],
      ['/api/session', 401],
      ['/api/login', 405],
      ['/api/login', 400, 'POST'],
      ['/api/login', 204, 'OPTIONS'],
      ['/api/no-such-route', 404],
    ]
    for (const [path, status, method = 'GET'] of paths) {
      const response = await fetch(webUrl + path, { method, redirect: 'manual' })
      expect({ path, status: response.status, ...Object.fromEntries(response.headers) }).toMatchObject({
        path,
        status,
        'content-security-policy': expect.stringContaining("default-src 'self'; script-src 'self' 'nonce-"),
        'permissions-policy': expect.stringContaining('camera=()'),
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      })
    }
  })

  it('serves a stock client with a cookie from /api/login, and closes it with 4401 on logout', async () => {
    await enter(whole, 'register', 'ada')
    const client = connect(await enter(whole, 'login', 'ada'))
    const staying = connect(await enter(whole, 'login', 'ada'))
    const leaving = await enter(whole, 'login', 'ada')
    const left = connect(leaving)
    const followed = await Promise.all([client, staying, left].map((each) => each.follow('general')))
    const sent = await client.trpc.chat.send.mutate({ room: 'general', text: 'Grüße 你好 👋' })
    for (const follower of followed) expect(await follower.until(1)).toEqual([sent])

    const startedAt = performance.now()
    expect((await fetch(`${whole.webUrl}/api/logout`, { method: 'POST', headers: { cookie: leaving } })).status).toBe(204)
    await until(() => left.closed.length > 0, 1_000)
    process.stdout.write(`logout to close: ${Math.round(performance.now() - startedAt)} ms\n`)
    expect([left.closed[0], client.closed.length, staying.closed.length]).toEqual([4401, 0, 0])
    await Promise.all([client, staying, left].map((each) => each.close()))
  })

  it('keeps accounts, rooms, messages and sessions after SIGTERM and after kill -9', async () => {
    const cookie = await enter(whole, 'register', 'grace')
    const before = connect(cookie)
    const room = await before.trpc.rooms.create.mutate({ name: 'Kept', kind: 'private' })
    const sent = [await before.trpc.chat.send.mutate({ room: room.id, text: 'before the stop' })]
    await before.close()

    expect(await whole.stop()).toBe(0)
    expect(whole.output()).not.toContain('Restarting')
    const startedAt = performance.now()
    whole = await startWhole({ dataDir })
    process.stdout.write(`second start: ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`)

    const after = connect(cookie)
    expect((await after.trpc.chat.history.query({ room: room.id })).messages).toEqual(sent)
    sent.push(await after.trpc.chat.send.mutate({ room: room.id, text: 'before the kill' }))
    await whole.kill()
    await after.close()

    whole = await startWhole({ dataDir })
    const again = connect(cookie)
    expect((await again.trpc.chat.history.query({ room: room.id })).messages).toEqual(sent)
    expect(await again.trpc.session.me.query()).toMatchObject({ user: { username: 'grace' } })
    const login = await fetch(`${whole.webUrl}/api/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'grace', password }),
    })
    expect(login.status).toBe(200)
    await again.close()
  })
})
