import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Verdict } from '../../src/conformance/rules'
import { judgeServer } from '../../src/conformance/server/judge-server'
import { routeContracts } from '../../src/contract/http-routes'
import { describeProcedures } from '../../src/contract/json-schema'
import { password } from '../support/people'
import { createStockClient, until } from '../support/stock-client'
import { startTcpProxy } from '../support/tcp-proxy'
import { enter, startFreshWhole, type Whole } from '../support/whole'
import { createStrictJudges } from '../wire/strict-schemas'
import { startTwistingProxy, type Twist } from '../wire/twisting-proxy'

let whole: Whole & AsyncDisposable
beforeAll(async () => {
  whole = await startFreshWhole()
  await enter(whole, 'register', 'the-admin')
})
afterAll(() => whole?.[Symbol.asyncDispose]())

const faultsOf = (verdicts: readonly Verdict[]) => verdicts.filter(({ fault }) => fault !== null)

describe('the documents about the wire', () => {
  it.each(['/api/openapi.json', '/api/schemas.json'])('%s: is public and can be cached', async (path) => {
    const response = await fetch(`${whole.webUrl}${path}`, { headers: { origin: 'https://elsewhere.example' } })
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'public, max-age=300',
      'access-control-allow-origin': '*',
    })
    const etag = response.headers.get('etag') ?? ''
    expect((await fetch(`${whole.webUrl}${path}`, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect((await fetch(`${whole.webUrl}${path}`, { method: 'POST' })).status).toBe(405)
  })

  it('/api/schemas.json: has what the answers of a running server are judged by', async () => {
    const response = await fetch(`${whole.webUrl}/api/schemas.json`)
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(describeProcedures())))
  })

  it('/api/openapi.json: describes what the routes answer, every status and key', async () => {
    const document = await (await fetch(`${whole.webUrl}/api/openapi.json`)).json()
    const { judge } = createStrictJudges(document)
    const visited = new Set<string>()
    const faults: string[] = []
    const visit = async (method: 'GET' | 'POST', path: string, { cookie, body, form }: VisitOptions = {}) => {
      const sent = form ? new URLSearchParams(form).toString() : body && JSON.stringify(body)
      const type = form ? 'application/x-www-form-urlencoded' : 'application/json'
      const response = await fetch(`${whole.webUrl}${path}`, {
        ...{ method, redirect: 'manual' },
        headers: { ...(cookie && { cookie }), ...(sent && { 'content-type': type }) },
        ...(sent && { body: sent }),
      })
      const { pathname } = new URL(response.url)
      const fits = (template: string) => new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{\w+\}/, '[^/]+')}$`).test(pathname)
      const route = routeContracts.find((each) => fits(each.path))?.path ?? pathname
      visited.add(route)
      const operation = document.paths[route]?.[method.toLowerCase()]
      const described = operation?.responses[response.status]
      if (!described) faults.push(`${method} ${path} ${response.status}: this status is not described`)
      const [contentType = ''] = Object.keys(described?.content ?? {})
      const text = await response.text()
      if (contentType === '' && text !== '') faults.push(`${method} ${path} ${response.status}: a body that is not described: ${text}`)
      if (contentType.startsWith('application/json')) {
        const pointer = ['paths', route, method.toLowerCase(), 'responses', String(response.status), 'content', contentType, 'schema']
        const values = contentType === 'application/jsonl' ? text.split('\n').filter(Boolean) : [text]
        for (const value of values) {
          const found = judge(pointer.map((part) => `/${encodeURIComponent(part.replaceAll('/', '~1'))}`).join('')).faults(
            JSON.parse(value),
          )
          faults.push(...found.map((fault) => `${method} ${path} ${response.status}: ${fault}`))
        }
      }
      return response
    }

    const admin = await enter(whole, 'login', 'the-admin')
    const credentials = { username: 'wired', password }
    await visit('POST', '/api/register', { body: credentials })
    await visit('POST', '/api/register', { body: credentials })
    await visit('POST', '/api/register', { body: { ...credentials, colour: 'red' } })
    await visit('POST', '/api/register', { form: { ...credentials, username: 'wired-too' } })
    await visit('POST', '/api/login', { body: credentials })
    await visit('POST', '/api/login', { body: { ...credentials, password: 'not the one' } })
    await visit('POST', '/api/login', { form: { ...credentials, next: '/rooms/general' } })
    await visit('POST', '/api/login/second-factor', { body: { code: '123456' } })
    await visit('POST', '/api/login/passkey/options')
    await visit('POST', '/api/login/passkey', { body: {} })
    const cookie = await enter(whole, 'login', 'wired')
    await visit('GET', '/api/session', { cookie })
    await visit('GET', '/api/session')
    await visit('POST', '/api/refresh', { cookie })
    await visit('POST', '/api/refresh')
    await visit('POST', '/api/reset', { body: { token: 'none', password: 'a password of many words' } })
    await visit('GET', '/api/oidc/start')
    await visit('GET', '/api/oidc/callback')
    await visit('GET', '/api/logo/none')
    await visit('POST', '/api/hooks/none', { body: { text: 'Hello' } })
    const { trpc, close } = createStockClient({ url: whole.realtimeUrl, cookie: admin })
    const { url } = await trpc.hooks.create.mutate({ room: 'general', name: 'CI' })
    await visit('POST', new URL(url).pathname, { body: { text: 'Built' } })
    await visit('POST', new URL(url).pathname, { body: { words: 'Built' } })
    await close()
    await visit('GET', '/api/admin/audit.jsonl', { cookie: admin })
    await visit('GET', '/api/admin/audit.jsonl?kind=nothing', { cookie: admin })
    await visit('GET', '/api/admin/audit.jsonl', { cookie })
    await visit('GET', '/api/admin/audit.jsonl')
    for (const path of ['/api/health', '/api/ready', '/api/metrics', '/api/openapi.json', '/api/schemas.json']) await visit('GET', path)
    await visit('POST', '/api/logout', { cookie })
    await visit('POST', '/api/logout')
    expect(faults).toEqual([])
    expect(routeContracts.map(({ path }) => path).filter((path) => !visited.has(path))).toEqual([])
  })
})

interface VisitOptions {
  cookie?: string
  body?: object
  form?: Record<string, string>
}

describe('the judge of servers', () => {
  const judged = (realtimeUrl: string | undefined, only: string) =>
    judgeServer({ webUrl: whole.webUrl, realtimeUrl, accounts: [] }, () => {}, only)

  it('Roomline: keeps every rule', { timeout: 180_000 }, async () => {
    const verdicts = await judged(undefined, '')
    expect(faultsOf(verdicts)).toEqual([])
    expect(verdicts.length).toBeGreaterThan(35)
  })

  it('a server: can be judged with accounts that it has', async () => {
    const verdicts = await judgeServer(
      { webUrl: whole.webUrl, realtimeUrl: undefined, accounts: [`the-admin:${password}`, `wired:${password}`] },
      () => {},
      'handshake: a cookie',
    )
    expect(verdicts).toEqual([{ name: expect.stringContaining('handshake'), fault: null }])
  })

  const repeats = (frame: string) => frame.replace(/"lastEventId":"(\d+)"/, (_, id) => `"lastEventId":"${Math.max(0, Number(id) - 1)}"`)
  const twists: [string, Twist, string][] = [
    ['repeats an event after a resume', { toServer: repeats }, 'streams: with a lastEventId'],
    [
      'stores a message twice',
      { toServer: (frame) => frame.replace(/"clientId":"[^"]+"/, `"clientId":"${'x'.repeat(8)}-${Math.random()}"`) },
      'messages: the same clientId',
    ],
    ['says 1000 instead of 4401', { closeCode: (code) => (code === 4401 ? 1000 : code) }, 'handshake: a token that is not valid'],
    ['ignores unknown keys', { toServer: (frame) => frame.replace(',"colour":"red"', '') }, 'calls: unknown procedures'],
    ['answers no PING', { toClient: (frame) => (frame === 'PONG' ? null : frame) }, 'frames: PING'],
    ['leaves something out of a message', { toClient: (frame) => frame.replaceAll(',"pinnedAt":null', '') }, 'messages: a stored message'],
    [
      'stops a subscription without saying so',
      { toClient: (frame) => (frame.includes('"stopped"') ? null : frame) },
      'streams: a subscription that is stopped',
    ],
  ]
  it.each(twists)('a server that %s: is found out', { timeout: 60_000 }, async (_, twist, rule) => {
    await using honest = await startTwistingProxy(whole.realtimeUrl, {})
    expect(faultsOf(await judged(honest.url, rule))).toEqual([])
    await using twisted = await startTwistingProxy(whole.realtimeUrl, twist)
    const verdicts = await judged(twisted.url, rule)
    expect(verdicts.length).toBeGreaterThan(0)
    expect(faultsOf(verdicts)).toHaveLength(verdicts.length)
  })

  it('no server: is an error, not a verdict', async () => {
    await expect(judgeServer({ webUrl: 'http://127.0.0.1:9', realtimeUrl: undefined, accounts: [] }, () => {})).rejects.toThrow()
  })
})

const hasPython = spawnSync('python3', ['--version']).status === 0
const clientFile = fileURLToPath(new URL('../../examples/python-client/client.py', import.meta.url))

describe.skipIf(!hasPython)('the Python client', () => {
  const started: ChildProcess[] = []
  afterAll(() => started.forEach((child) => void child.kill('SIGKILL')))

  function start(url: string, token: string) {
    const child = spawn('python3', [clientFile, url, token, 'general'], { stdio: ['pipe', 'pipe', 'inherit'] })
    started.push(child)
    let output = ''
    child.stdout.on('data', (data: Buffer) => {
      output += data
    })
    return { child, lines: () => output.split('\n').filter(Boolean), ended: new Promise((resolve) => child.once('exit', resolve)) }
  }

  it('a room in a terminal: shows the talk, sends what is typed, and misses nothing when its network is cut', async () => {
    const cookie = await enter(whole, 'register', 'python')
    const { trpc, close } = createStockClient({ url: whole.realtimeUrl, cookie: await enter(whole, 'register', 'talker') })
    const say = (text: string) => trpc.chat.send.mutate({ room: 'general', text })
    await say('Before')
    const proxy = await startTcpProxy(() => Number(new URL(whole.realtimeUrl).port))
    const { child, lines, ended } = start(`ws://127.0.0.1:${proxy.port}/trpc`, cookie.slice(cookie.indexOf('=') + 1))
    await until(() => lines().includes('talker: Before'), 20_000)
    child.stdin.write('Hello from Python\n')
    await until(() => lines().includes('python: Hello from Python'))
    proxy.cut()
    await say('While it was away')
    child.stdin.write('Written meanwhile\n')
    await until(() => lines().includes('talker: While it was away') && lines().includes('python: Written meanwhile'), 20_000)
    child.stdin.end('The last line\n')
    expect(await ended).toBe(0)
    const { messages } = await trpc.chat.history.query({ room: 'general', limit: 100 })
    const texts = messages.map(({ text }) => text).filter((text) => text !== '')
    expect(texts.slice(-5)).toEqual(
      expect.arrayContaining(['Before', 'Hello from Python', 'While it was away', 'Written meanwhile', 'The last line']),
    )
    expect(new Set(lines()).size).toBe(lines().length)
    await Promise.all([close(), proxy.close()])
  })

  it('a token that is not valid: ends it, and it says why', async () => {
    const { ended, lines } = start(whole.realtimeUrl, 'not-a-token')
    expect(await ended).toBe(0)
    expect(lines()).toEqual([])
  })
})
