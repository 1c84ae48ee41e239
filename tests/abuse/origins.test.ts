import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { WebSession } from '../../src/server/auth/web-session'
import { type Person, postJson, type Roomline, startRoomline } from '../support/roomline'

let roomline: Roomline
let ada: Person
beforeAll(async () => {
  roomline = await startRoomline()
  ada = await roomline.signUp()
})
afterAll(() => roomline[Symbol.asyncDispose]())

/** None of these is http://localhost:3000 or http://127.0.0.1:3000, however much it looks like it. */
const foreign = [
  'https://example.com',
  'null',
  'http://localhost',
  'http://localhost:3001',
  'https://localhost:3000',
  'http://localhost:30000',
  'http://localhost:3000.example.com',
  'http://localhost.example.com:3000',
  'http://example.com/http://localhost:3000',
  'http://example.com#http://localhost:3000',
  'http://localhost:3000@example.com',
  'http://sub.localhost:3000',
  'http://localhost.:3000',
  'http://LOCALHOST:3000',
  'HTTP://localhost:3000',
  'http://localhost:3000/',
  'http://localhost:3000 ',
  'http://localhost:3000, https://example.com',
  'https://example.com, http://localhost:3000',
  'http://127.1:3000',
  'http://0x7f000001:3000',
  'http://[::1]:3000',
  'http://[::ffff:127.0.0.1]:3000',
  'http://0.0.0.0:3000',
  'http://127.0.0.2:3000',
  'ws://localhost:3000',
  'file://',
  'chrome-extension://abcdefghijklmnop',
  'localhost:3000',
  '//localhost:3000',
  '*',
]

function statusOfUpgrade(headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(roomline.urls[0] ?? '', { headers })
  return new Promise((resolve) => {
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0)
      request.destroy()
    })
    socket.on('open', () => {
      resolve(101)
      socket.terminate()
    })
    socket.on('error', () => {})
  })
}

describe('a page of another origin', () => {
  it('opens no socket and calls nothing with the cookie of its visitor', async () => {
    const http = (roomline.urls[0] ?? '').replace('ws:', 'http:')
    const acts = ['chat.send', 'users.update', 'session.revokeOthers']
    // Node's own client cannot send a space at the end.
    for (const origin of foreign.filter((each) => each.trim() === each)) {
      const headers = { origin, cookie: ada.cookie }
      expect(await statusOfUpgrade(headers), origin).toBe(403)
      expect((await fetch(`${http}/session.me`, { headers })).status, origin).toBe(403)
      for (const path of acts) expect((await fetch(`${http}/${path}`, { method: 'POST', headers })).status, origin).toBe(403)
    }
  })

  it('is refused by every route that changes something', async () => {
    // A new one is tried too, unless it is said here that it only reads.
    const reads: readonly (keyof WebSession)[] = [
      ...(['session', 'findUser', 'settings', 'logo', 'auditLog', 'realtimeUrl', 'issuerName', 'passkeyDomain'] as const),
      // Its browser comes from the issuer's page, and proves with a cookie that it was sent there.
      'oidc',
    ]
    const routes = Object.entries(roomline.web).filter(([name]) => !reads.includes(name as keyof WebSession)) as [
      string,
      WebSession['login'],
    ][]
    expect(routes.map(([name]) => name)).toEqual(expect.arrayContaining(['login', 'register', 'logout', 'refresh']))
    for (const [name, route] of routes) {
      for (const origin of foreign) {
        const request = postJson(`/api/${name}`, { username: 'ada', password: 'x' }, { cookie: ada.cookie })
        // The header as a browser would set it; the class itself refuses to.
        Object.defineProperty(request, 'headers', { value: withOrigin(request.headers, origin) })
        const response = await route(request)
        expect(response.status, `${name} from ${origin}`).toBe(403)
        expect(response.headers.getSetCookie(), `${name} from ${origin}`).toEqual([])
      }
    }
    expect((await roomline.web.session(new Request('http://localhost:3000/api/session', { headers: { cookie: ada.cookie } }))).status).toBe(
      200,
    )
  })

  it('is told apart from our own, which gets in', async () => {
    for (const origin of roomline.config.allowedOrigins) {
      expect(await statusOfUpgrade({ origin, cookie: ada.cookie }), origin).toBe(101)
    }
    expect(await statusOfUpgrade({ cookie: ada.cookie })).toBe(101)
  })
})

function withOrigin(headers: Headers, origin: string): Headers {
  const copy = new Headers(headers)
  const get = copy.get.bind(copy)
  copy.get = (name) => (name.toLowerCase() === 'origin' ? origin : get(name))
  return copy
}
