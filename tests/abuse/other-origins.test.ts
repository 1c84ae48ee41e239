import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { WebSession } from '../../src/server/auth/web-session'
import { type Person, postJson, type Roomline, startRoomline } from '../support/roomline'

const listed = 'https://app.example'
const foreign = ['https://other.example', 'https://app.example:8443', 'http://app.example', 'https://app.example.evil.example', 'null']

let roomline: Roomline
let ada: Person
let ben: Person
let http: string
beforeAll(async () => {
  roomline = await startRoomline({ env: { CORS_ORIGINS: `${listed}, https://second.example`, PUBLIC_URL: 'http://localhost:3000' } })
  ;[ada, ben] = [await roomline.signUp(), await roomline.signUp()]
  http = (roomline.urls[0] ?? '').replace('ws:', 'http:')
})
afterAll(() => roomline[Symbol.asyncDispose]())

/** What becomes of a socket: the status of the refused upgrade, the username, or the close code. */
function openSocket(headers: Record<string, string>, token?: string): Promise<string | number> {
  const socket = new WebSocket(`${roomline.urls[0]}${token ? '?connectionParams=1' : ''}`, { headers })
  return new Promise((resolve) => {
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0)
      request.destroy()
    })
    socket.on('open', () => {
      if (token) socket.send(JSON.stringify({ method: 'connectionParams', data: { token } }))
      socket.send('{"id":1,"method":"query","params":{"path":"session.me"}}')
    })
    socket.on('message', (data) => {
      const { id, result } = JSON.parse(String(data)) as { id: unknown; result?: { data: { user: { username: string } } } }
      if (id === 1 && result) {
        resolve(result.data.user.username)
        socket.terminate()
      }
    })
    socket.on('close', resolve)
    socket.on('error', () => {})
  })
}

const call = (headers: Record<string, string>, { path = 'session.me', ...init }: RequestInit & { path?: string } = {}) =>
  fetch(`${http}/${path}`, { ...init, headers })
const corsHeaders = ({ headers }: Response) => [...headers.keys()].filter((name) => name.startsWith('access-control-')).sort()

describe('a page of CORS_ORIGINS', () => {
  it('is nobody with our cookie alone, whoever is signed in to this browser', async () => {
    expect(await openSocket({ origin: listed, cookie: ada.cookie })).toBe(4401)
    const answer = await call({ origin: listed, cookie: ada.cookie })
    expect(answer.status).toBe(401)
    // It may read that it has to sign in.
    expect(answer.headers.get('access-control-allow-origin')).toBe(listed)
    const send = { path: 'chat.send', method: 'POST', body: JSON.stringify({ room: 'general', text: 'forged' }) }
    expect((await call({ origin: listed, cookie: ada.cookie, 'content-type': 'application/json' }, send)).status).toBe(401)
    expect((await roomline.pool.query('SELECT FROM messages')).rowCount).toBe(0)
  })

  it('is the person of its token, also beside the cookie of somebody else', async () => {
    for (const origin of [listed, 'https://second.example']) {
      expect(await openSocket({ origin }, ben.token)).toBe(ben.username)
      expect(await openSocket({ origin, cookie: ada.cookie }, ben.token)).toBe(ben.username)
      expect(await openSocket({ origin, cookie: ada.cookie }, 'no token at all')).toBe(4401)
      const answer = await call({ origin, cookie: ada.cookie, authorization: `Bearer ${ben.token}` })
      expect(await answer.json()).toMatchObject({ result: { data: { user: { username: ben.username } } } })
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
      expect(answer.headers.get('vary')?.split(/, */)).toEqual(expect.arrayContaining(['origin', 'accept']))
      expect(answer.headers.getSetCookie()).toEqual([])
      expect(corsHeaders(answer)).toEqual(['access-control-allow-origin', 'access-control-expose-headers'])
    }
  })

  it('gets an answer when its browser asks first', async () => {
    const asking = {
      origin: listed,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    }
    const answer = await call(asking, { path: 'chat.send', method: 'OPTIONS' })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-origin')).toBe(listed)
    expect(answer.headers.get('access-control-allow-methods')).toBe('GET, POST')
    expect(answer.headers.get('access-control-allow-headers')).toBe('authorization, content-type, trpc-accept')
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    expect(answer.headers.get('vary')).toContain('origin')
  })

  it('signs nobody in or out of this browser, and gets no cookie', async () => {
    const closed = Object.entries(roomline.web).filter(
      ([name]) =>
        !['session', 'findUser', 'settings', 'logo', 'auditLog', 'realtimeUrl', 'issuerName', 'passkeyDomain', 'oidc', 'logout'].includes(
          name,
        ),
    ) as [string, WebSession['login']][]
    expect(closed.map(([name]) => name)).toEqual(expect.arrayContaining(['login', 'register', 'refresh', 'reset', 'passkeyLogin']))
    for (const [name, route] of closed) {
      const answer = await route(postJson(`/api/${name}`, { username: ada.username, password: 'x' }, { origin: listed }))
      expect(answer.status, name).toBe(403)
      expect(answer.headers.getSetCookie(), name).toEqual([])
    }
  })

  it('may sign its own token out, and nothing else', async () => {
    const { token } = await roomline.signIn(ben.username)
    const answer = await roomline.web.logout(postJson('/api/logout', {}, { origin: listed, authorization: `Bearer ${token}` }))
    expect(answer.status).toBe(204)
    expect(answer.headers.getSetCookie()).toEqual([])
    expect((await call({ authorization: `Bearer ${token}` })).status).toBe(401)
    expect((await call({ cookie: ada.cookie })).status).toBe(200)
  })

  it('cannot read what is for operators', async () => {
    for (const path of ['/health', '/ready', '/metrics']) {
      const answer = await fetch(http.replace('/trpc', path), { headers: { origin: listed } })
      expect(corsHeaders(answer), path).toEqual([])
    }
  })
})

describe('any other page', () => {
  it('is refused before the upgrade and before any call, with a token too', async () => {
    for (const origin of foreign) {
      expect(await openSocket({ origin, cookie: ada.cookie }), origin).toBe(403)
      expect(await openSocket({ origin }, ben.token), origin).toBe(403)
      expect((await call({ origin, authorization: `Bearer ${ben.token}` })).status, origin).toBe(403)
      const asked = await call({ origin, 'access-control-request-method': 'POST' }, { path: 'chat.send', method: 'OPTIONS' })
      expect(asked.status, origin).toBe(403)
      expect(asked.headers.get('access-control-allow-methods'), origin).toBeNull()
      expect(asked.headers.get('access-control-allow-headers'), origin).toBeNull()
    }
  })

  it('of our own is signed in with our cookie as before', async () => {
    for (const origin of roomline.config.allowedOrigins) {
      expect(await openSocket({ origin, cookie: ada.cookie })).toBe(ada.username)
      const answer = await call({ origin, cookie: ada.cookie })
      expect(answer.status).toBe(200)
      expect(corsHeaders(answer)).toEqual([])
    }
  })
})
