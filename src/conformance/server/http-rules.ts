import { routeErrorShape } from '../../contract/http-routes'
import { expectThat, expectTrue, type Rule } from '../rules'
import { jsonOf, postOf, type ServerStage, sessionCookieOf } from './stage'

const login = '/api/login'

export const httpRules: Rule<ServerStage>[] = [
  {
    name: 'http: an unknown user and a wrong password get the same answer, 401 INVALID_CREDENTIALS',
    check: async ({ ada, fetchWeb }) => {
      const wrong = await fetchWeb(login, postOf({ username: ada.username, password: 'not the password' }))
      const unknown = await fetchWeb(login, postOf({ username: 'nobody-has-this', password: 'not the password' }))
      expectThat('the statuses', [wrong.status, unknown.status], [401, 401])
      const bodies = [await wrong.text(), await unknown.text()]
      expectThat('the body for an unknown user', bodies[1], bodies[0])
      expectThat('the code', JSON.parse(bodies[0] ?? '').error?.code, 'INVALID_CREDENTIALS')
    },
  },
  {
    name: 'http: errors are {error: {code, message, fields?}}, and unknown keys are refused with 400',
    check: async ({ fetchWeb }) => {
      const response = await fetchWeb(login, postOf({ username: 'ada', password: 'x', colour: 'red' }))
      expectThat('the status', response.status, 400)
      const body = await jsonOf(response)
      expectTrue('an error of the contract', routeErrorShape.safeParse(body).success, body)
      expectThat('what is wrong with colour', typeof body.error.fields?.colour, 'string')
    },
  },
  {
    name: 'http: GET on a route that changes something is 405, and a foreign Origin 403',
    check: async ({ fetchWeb }) => {
      expectThat('GET /api/login', (await fetchWeb(login)).status, 405)
      const foreign = await fetchWeb(login, postOf({ username: 'a', password: 'b' }, { origin: 'https://elsewhere.example' }))
      expectThat('the status for a foreign origin', foreign.status, 403)
    },
  },
  {
    name: 'http: the session is in a cookie that scripts cannot read, and that is sent to this site only',
    check: async ({ ada, fetchWeb }) => {
      const response = await fetchWeb('/api/refresh', { method: 'POST', headers: { cookie: ada.cookie } })
      expectThat('the status of /api/refresh', response.status, 200)
      const cookie = response.headers.getSetCookie().find((each) => /^(__Host-)?X-Token=/.test(each)) ?? ''
      for (const part of ['HttpOnly', 'SameSite=Lax', 'Path=/']) expectTrue(`${part} in the cookie`, cookie.includes(part))
      ada.cookie = sessionCookieOf(response) ?? ada.cookie
      ada.token = ada.cookie.slice(ada.cookie.indexOf('=') + 1)
    },
  },
  {
    name: 'http: /api/session tells who is signed in, by cookie and by bearer token, and is 401 otherwise',
    check: async ({ ada, fetchWeb }) => {
      const ways: Record<string, string>[] = [{ cookie: ada.cookie }, { authorization: `Bearer ${ada.token}` }]
      for (const headers of ways) {
        const response = await fetchWeb('/api/session', { headers })
        expectThat('the status', response.status, 200)
        const { user, expiresAt, realtimeUrl } = await jsonOf(response)
        expectThat('the user', user?.username, ada.username)
        expectTrue('expiresAt in the future', Date.parse(expiresAt) > Date.now(), expiresAt)
        expectTrue('a realtimeUrl', /^wss?:/.test(realtimeUrl), realtimeUrl)
      }
      expectThat('the status without a session', (await fetchWeb('/api/session')).status, 401)
    },
  },
  {
    name: 'http: signing out answers 204, ends the session everywhere and closes its sockets with 4401',
    check: async ({ bob, signInAgain, fetchWeb, open }) => {
      const again = await signInAgain(bob)
      const connection = await open(again)
      await connection.must('query', 'session.me')
      expectThat('the status', (await fetchWeb('/api/logout', { method: 'POST', headers: { cookie: again.cookie } })).status, 204)
      expectThat('the close code', await connection.untilClosed(), 4401)
      expectThat('the status of /api/session', (await fetchWeb('/api/session', { headers: { cookie: again.cookie } })).status, 401)
      expectThat('signing out once more', (await fetchWeb('/api/logout', { method: 'POST' })).status, 204)
    },
  },
  {
    name: 'http: health and readiness of both servers',
    check: async ({ fetchWeb, fetchRealtime }) => {
      for (const [fetching, prefix] of [
        [fetchWeb, '/api'],
        [fetchRealtime, ''],
      ] as const) {
        expectThat(`${prefix}/health`, await jsonOf(await fetching(`${prefix}/health`)), { status: 'ok' })
        const ready = await fetching(`${prefix}/ready`)
        expectThat(`the status of ${prefix}/ready`, ready.status, 200)
        expectTrue('ok or degraded', ['ok', 'degraded'].includes((await jsonOf(ready)).status))
      }
    },
  },
  {
    name: 'http: /api/openapi.json and /api/schemas.json are public',
    check: async ({ fetchWeb }) => {
      const openapi = await jsonOf(await fetchWeb('/api/openapi.json'))
      expectTrue('OpenAPI 3.1', String(openapi.openapi).startsWith('3.1'), openapi.openapi)
      expectTrue('/api/login in it', openapi.paths?.[login]?.post !== undefined)
      const schemas = await jsonOf(await fetchWeb('/api/schemas.json'))
      expectTrue(
        'chat.send with input and output',
        Boolean(schemas.procedures?.['chat.send']?.input && schemas.procedures['chat.send'].output),
      )
    },
  },
  {
    name: 'plain HTTP: queries are GET, mutations POST, several calls in a batch; without a session 401',
    check: async ({ bob, room, fetchRealtime }) => {
      const authorization = `Bearer ${bob.token}`
      const sent = await fetchRealtime('/trpc/chat.send', postOf({ room, text: 'Over HTTP' }, { authorization }))
      expectThat('the status of a mutation', sent.status, 200)
      const { seq, uid } = (await jsonOf(sent)).result.data
      expectThat('uid of a message without a connection', uid, null)
      const input = encodeURIComponent(JSON.stringify({ 0: { room, around: seq, limit: 1 }, 1: { room: 'no-such-room' } }))
      const batch = await fetchRealtime(`/trpc/chat.history,chat.pins?batch=1&input=${input}`, { headers: { authorization } })
      const [first, second] = await jsonOf(batch)
      expectThat('the message in the history', first?.result?.data?.messages?.[0]?.text, 'Over HTTP')
      expectThat('the failure of the second call', second?.error?.data?.code, 'NOT_FOUND')
      expectThat('the status without a session', (await fetchRealtime('/trpc/session.me')).status, 401)
    },
  },
]
