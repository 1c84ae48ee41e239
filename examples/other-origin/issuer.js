import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { createServer } from 'node:http'

/**
 * The smallest issuer there can be: anybody signs in with just a name, and its pages get short access tokens. In earnest this
 * is your identity provider.
 * @param {{ port: number, url: string, pageUrl: string, audience: string, tokenSeconds: number }} options
 */
export function startIssuer({ port, url, pageUrl, audience, tokenSeconds }) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keyId = randomUUID()
  /** Who is signed in, by the session in their cookie. */
  const people = new Map()

  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signToken = ({ id, name }) => {
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: url,
      aud: audience,
      sub: id,
      preferred_username: name,
      name,
      iat: now,
      exp: now + tokenSeconds,
      jti: randomUUID(),
    }
    const signed = `${encode({ alg: 'ES256', kid: keyId, typ: 'at+jwt' })}.${encode(claims)}`
    const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return `${signed}.${signature.toString('base64url')}`
  }

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', url)
    const session = /(?:^|; )issuer-session=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
    const answer = (status, type, body, headers = {}) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...headers })
      response.end(body)
    }
    // Its own page may ask with its own cookie. Roomline never gets that.
    const forPage = { 'access-control-allow-origin': pageUrl, 'access-control-allow-credentials': 'true', vary: 'origin' }

    switch (`${request.method} ${pathname}`) {
      case 'GET /jwks':
        return answer(
          200,
          'application/json',
          JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: keyId, alg: 'ES256', use: 'sig' }] }),
        )
      case 'GET /sign-in':
        return answer(200, 'text/html; charset=utf-8', signInPage)
      case 'POST /sign-in': {
        let body = ''
        for await (const chunk of request) body += chunk
        const name = new URLSearchParams(body).get('name')?.trim().slice(0, 40)
        if (!name) return answer(303, 'text/plain', '', { location: '/sign-in' })
        const id = randomUUID()
        people.set(id, { id: name.toLowerCase(), name })
        return answer(303, 'text/plain', '', { location: pageUrl, 'set-cookie': `issuer-session=${id}; HttpOnly; SameSite=Lax; Path=/` })
      }
      case 'GET /token': {
        const person = people.get(session)
        return person ? answer(200, 'text/plain', signToken(person), forPage) : answer(401, 'text/plain', '', forPage)
      }
      case 'POST /sign-out':
        people.delete(session)
        return answer(204, 'text/plain', '', forPage)
      default:
        return answer(404, 'text/plain', 'There is no such page.')
    }
  })
  server.listen(port, 'localhost')
  return server
}

const signInPage = `<!doctype html>
<html lang="en">
  <title>Sign in</title>
  <h1>The issuer</h1>
  <form method="post"><label>Your name <input name="name" autofocus required></label> <button>Sign in</button></form>
</html>`
