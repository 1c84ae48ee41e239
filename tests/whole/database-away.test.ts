import { type ChildProcess, spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startEmbeddedPostgres } from '../../src/launch/embedded-postgres'
import { startEmbeddedRedis } from '../../src/launch/embedded-redis'
import { findFreePort } from '../../src/launch/ports'
import { migrate } from '../../src/server/platform/migrations'
import { connectToBrowser } from '../support/browser-setup'
import { password } from '../support/people'
import { makeQuickFolder } from '../support/quick-folder'
import { until } from '../support/stock-client'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy'

const main = fileURLToPath(new URL('../../src/web-server/main.ts', import.meta.url))
const ends: (() => Promise<unknown>)[] = []
let line: TcpProxy
let databaseUrl: string
let redisUrl: string
let browser: Browser
beforeAll(async () => {
  const dataDir = await makeQuickFolder('roomline-away-')
  ends.push(() => rm(dataDir, { recursive: true, force: true }))
  const postgres = await startEmbeddedPostgres({ dataDir })
  ends.push(postgres.close)
  const redis = await startEmbeddedRedis({ dataDir })
  ends.push(redis.close)
  line = await startTcpProxy(() => postgres.port)
  ends.push(line.close)
  browser = await connectToBrowser()
  ends.push(() => browser.close())
  databaseUrl = postgres.url
  redisUrl = redis.url
})
afterAll(async () => {
  for (const end of ends.toReversed()) await end()
})

/** The web server alone, with a line to its database that a test can cut. */
async function startWeb(env: Record<string, string> = {}) {
  const url = new URL(databaseUrl)
  url.port = String(line.port)
  const port = await findFreePort()
  const base = `http://localhost:${port}`
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', main], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: {
      NODE_ENV: 'production',
      PATH: process.env.PATH,
      DATABASE_URL: url.href,
      REDIS_URL: redisUrl,
      AUTH_SECRET: 'a secret of the tests that is long enough',
      WEB_PORT: String(port),
      REGISTRATIONS_PER_HOUR: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const ask = (route: string, options?: RequestInit) => fetch(`${base}${route}`, options)
  await until(
    () =>
      ask('/api/health').then(
        () => true,
        () => false,
      ),
    60_000,
  )
  return {
    base,
    port,
    ask,
    output: () => output,
    errors: () => output.split('\n').filter((each) => each.includes('"level":50')),
    ready: async () => {
      const response = await ask('/api/ready')
      return { status: response.status, body: await response.json() }
    },
    stop: () => {
      child.kill('SIGTERM')
      return exited
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

const ready = { status: 200, body: { status: 'ok', database: 'ok', redis: 'ok' } }
const unavailable = (database: string) => ({ status: 503, body: { status: 'unavailable', database, redis: 'ok' } })

it('web server: /api/ready says what is wrong, from start to shutdown', async () => {
  line.setOnline(false)
  await using web = await startWeb()
  expect(await web.ready()).toMatchObject({ status: 503, body: { database: 'down' } })
  line.setOnline(true)
  await until(async () => (await web.ready()).body.database === 'not migrated')
  expect(await web.ready()).toEqual(unavailable('not migrated'))
  await migrate(databaseUrl)
  expect(await web.ready()).toEqual(ready)
  const registered = await web.ask('/api/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'anybody', password }),
  })
  expect(registered.status).toBe(201)

  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('ALTER DATABASE roomline SET default_transaction_read_only = on')
  await client.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  )
  await until(async () => (await web.ready()).body.database === 'read-only')
  for (let times = 0; times < 3; times++) {
    const refused = await web.ask('/api/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'anybody', password }),
    })
    expect([refused.status, (await refused.json()).error.code]).toEqual([503, 'UNAVAILABLE'])
  }
  // A form without JavaScript is redirected to its page.
  const form = await web.ask('/api/login', {
    method: 'POST',
    body: new URLSearchParams({ username: 'anybody', password }),
    redirect: 'manual',
  })
  expect([form.status, form.headers.get('location')]).toEqual([303, '/login?error=UNAVAILABLE&username=anybody'])
  expect(web.errors().map((each) => JSON.parse(each).database)).toEqual(['down', 'not migrated', 'read-only'])
  await client.query('ALTER DATABASE roomline RESET default_transaction_read_only')
  await client.end()
  await until(async () => (await web.ready()).status === 200)

  // While a request is still being answered, /ready tells the load balancer to send no more.
  const slow = request({
    port: web.port,
    path: '/api/login',
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': 2 },
  })
  const answered = new Promise<number | undefined>((resolve) => slow.once('response', ({ statusCode }) => resolve(statusCode)))
  slow.write('{')
  await until(async () => /under_way 2/.test(await (await web.ask('/api/metrics')).text()))
  const ended = web.stop()
  await until(async () => (await web.ready()).body.status === 'draining')
  expect((await web.ready()).status).toBe(503)
  slow.end('}')
  expect(await answered).toBe(400)
  expect(await ended).toBe(0)
})

it('web server: operator routes take GET and HEAD, and metrics need loopback or the token', async () => {
  await using web = await startWeb({ METRICS_TOKEN: 'a-token-for-prometheus' })
  for (const route of ['/api/health', '/api/ready', '/api/metrics', '/api/session']) {
    const get = await web.ask(route)
    const head = await web.ask(route, { method: 'HEAD' })
    expect([route, head.status, await head.text()]).toEqual([route, get.status, ''])
    const post = await web.ask(route, { method: 'POST' })
    expect([route, post.status, (await post.json()).error.code]).toEqual([route, 405, 'METHOD_NOT_ALLOWED'])
  }
  const read = (headers: Record<string, string> = {}) => web.ask('/api/metrics', { headers })
  const text = await (await read()).text()
  expect(text).toMatch(/^roomline_http_requests_total\{status="2xx"\} \d+$/m)
  expect(text).toMatch(/^process_cpu_user_seconds_total /m)
  expect((await read({ 'x-forwarded-for': '203.0.113.7' })).status).toBe(403)
  expect((await read({ 'x-forwarded-for': '203.0.113.7', authorization: 'Bearer a-token-for-prometheus' })).status).toBe(200)
  expect((await read({ 'x-forwarded-for': '203.0.113.7', authorization: 'Bearer another' })).status).toBe(403)
})

it.each([true, false])(
  'page: says that the database is unavailable, and loads once it is back (JavaScript: %s)',
  async (javaScriptEnabled) => {
    await migrate(databaseUrl)
    await using web = await startWeb()
    const context = await browser.newContext({ baseURL: web.base, viewport: { width: 1280, height: 800 }, javaScriptEnabled })
    try {
      const page = await context.newPage()
      await page.goto('/register')
      await page.getByLabel('Username').fill(`visitor-${javaScriptEnabled}`)
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.getByRole('button', { name: 'Create account' }).click()
      await page.waitForURL(/\/$|\/rooms\//)
      line.setOnline(false)
      for (const address of ['/', '/rooms/general', '/invite/anything', '/login?next=%2Frooms%2Fgeneral']) {
        const response = await page.goto(address)
        expect([address, response?.status()]).toEqual([address, 503])
        await page.getByRole('heading', { name: 'Roomline is unavailable' }).waitFor()
      }
      expect(await page.getByText("The server can't reach its database right now.").count()).toBe(1)
      line.setOnline(true)
      await page.getByRole('link', { name: 'Try again' }).click()
      await page.waitForURL('**/rooms/general')
      await until(async () => (await page.getByRole('heading', { name: 'Roomline is unavailable' }).count()) === 0)
      expect(web.output()).not.toContain('"stack"')
      expect(web.output()).not.toMatch(/^\s+at /m)
    } finally {
      line.setOnline(true)
      await context.close()
    }
  },
)
