import { afterAll, beforeAll, expect, it } from 'vitest'
import { enter, startFreshWhole, type Whole } from '../support/whole'

const listed = 'http://localhost:5999'
let whole: Whole & AsyncDisposable
let cookie: string
let token: string
beforeAll(async () => {
  whole = await startFreshWhole({ CORS_ORIGINS: listed })
  cookie = await enter(whole, 'register', 'ada')
  token = cookie.slice(cookie.indexOf('=') + 1)
})
afterAll(() => whole?.[Symbol.asyncDispose]())

const ask = (path: string, headers: Record<string, string>, method = 'GET') =>
  fetch(whole.webUrl + path, { method, headers, redirect: 'manual', ...(method === 'POST' && { body: '{}' }) })
const corsHeaders = ({ headers }: Response) => [...headers.keys()].filter((name) => name.startsWith('access-control-')).sort()

it('the web server takes the cookie from a page of another origin, and lets it call with a token', async () => {
  expect((await ask('/api/session', { cookie })).status).toBe(200)
  const without = await ask('/api/session', { cookie, origin: listed })
  expect(without.status).toBe(401)
  expect(without.headers.get('access-control-allow-origin')).toBe(listed)
  const answer = await ask('/api/session', { authorization: `Bearer ${token}`, origin: listed })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ user: { username: 'ada' }, realtimeUrl: whole.realtimeUrl })
  expect(corsHeaders(answer)).toEqual(['access-control-allow-origin', 'access-control-expose-headers'])
  expect(answer.headers.get('access-control-allow-origin')).toBe(listed)
  expect(answer.headers.get('vary')?.toLowerCase()).toContain('origin')
  expect((await ask('/api/session', { cookie })).headers.get('vary')?.toLowerCase()).toContain('origin')
})

it('the web server answers a browser that asks first, for the routes that are open', async () => {
  const asking = { origin: listed, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }
  for (const [path, methods] of [
    ['/api/session', 'GET'],
    ['/api/logout', 'POST'],
  ] as const) {
    const answer = await ask(path, asking, 'OPTIONS')
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-methods')).toBe(methods)
    expect(answer.headers.get('access-control-allow-origin')).toBe(listed)
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
  }
  for (const path of ['/api/login', '/api/register', '/api/refresh', '/api/admin/audit.jsonl', '/rooms/general']) {
    expect(corsHeaders(await ask(path, asking, 'OPTIONS')), path).toEqual([])
  }
  expect(corsHeaders(await ask('/api/session', { ...asking, origin: 'http://localhost:5998' }, 'OPTIONS'))).toEqual([])
})

it('the web server shows such a page nothing with the cookie, and changes no cookie for it', async () => {
  const json = { 'content-type': 'application/json' }
  const page = await ask('/rooms/general', { cookie, origin: listed })
  expect(page.headers.get('location')).toContain('/login')
  for (const path of ['/api/login', '/api/register', '/api/refresh', '/api/reset', '/api/login/second-factor']) {
    const answer = await ask(path, { ...json, cookie, origin: listed, authorization: `Bearer ${token}` }, 'POST')
    expect(answer.status, path).toBe(403)
    expect(answer.headers.getSetCookie(), path).toEqual([])
    expect(corsHeaders(answer), path).toEqual([])
  }
  // Signing out with the cookie alone signs nobody out, with a form neither.
  for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
    const answer = await ask('/api/logout', { 'content-type': type, cookie, origin: listed }, 'POST')
    expect(answer.headers.getSetCookie(), type).toEqual([])
    expect((await ask('/api/session', { cookie })).status, type).toBe(200)
  }
  const answer = await ask('/api/logout', { ...json, origin: listed, authorization: `Bearer ${token}` }, 'POST')
  expect(answer.status).toBe(204)
  expect(answer.headers.getSetCookie()).toEqual([])
  expect((await ask('/api/session', { cookie })).status).toBe(401)
})
