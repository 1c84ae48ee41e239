import { WebSocket } from 'ws'
import { postJson, type Roomline } from '../support/roomline'

/** Every place where a client can show a token. Each returns "in" or how it was refused. */
export function createDoors({ web, urls, config }: Roomline): Record<string, (token: string) => Promise<string>> {
  const url = urls[0] ?? ''
  const http = url.replace('ws:', 'http:')
  const origin = config.publicUrl

  const answerOf = async (answering: Promise<Response>) => {
    const response = await answering
    const body = await response.text()
    if (response.status !== 401) return `in: ${response.status} ${body}`
    return (JSON.parse(body) as { error: { code: string } }).error.code
  }
  const get = (headers: Record<string, string>) => new Request(`${origin}/api/session`, { headers })
  const call = async (headers: Record<string, string>) => {
    const response = await fetch(`${http}/session.me`, { headers })
    const body = await response.text()
    return response.status === 401 ? (JSON.parse(body) as Answer).error.data.failure : `in: ${response.status} ${body}`
  }

  /** @param bearer the token in the header @param first the token in the first frame */
  const open = ({ headers = {}, first }: { headers?: Record<string, string>; first?: string }) =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(first === undefined ? url : `${url}?connectionParams=1`, { headers })
      const frames: string[] = []
      socket.on('open', () => {
        if (first !== undefined) socket.send(JSON.stringify({ method: 'connectionParams', data: { token: first } }))
        socket.send('{"id":1,"method":"query","params":{"path":"session.me"}}')
      })
      socket.on('message', (data) => {
        frames.push(String(data))
        // Whoever got in gets an answer by its id, and is not closed.
        if (String(data).includes('"id":1')) socket.terminate()
      })
      socket.on('error', (error) => frames.push(error.message))
      socket.on('close', (code) => {
        const isRefused = code === 4401 && frames.every((frame) => frame.includes('"failure":"UNAUTHORIZED"') && !frame.includes('"id":1'))
        resolve(isRefused ? 'UNAUTHORIZED' : `in: ${code} ${frames.join(' ')}`)
      })
    })

  return {
    'the session route, cookie': (token) => answerOf(web.session(get({ cookie: `X-Token=${token}` }))),
    'the session route, bearer': (token) => answerOf(web.session(get({ authorization: `Bearer ${token}` }))),
    'the refresh route, cookie': (token) => answerOf(web.refresh(postJson('/api/refresh', {}, { cookie: `X-Token=${token}` }))),
    'the refresh route, bearer': (token) => answerOf(web.refresh(postJson('/api/refresh', {}, { authorization: `Bearer ${token}` }))),
    'a page': async (token) => ((await web.findUser(`X-Token=${token}`)) ? 'in' : 'UNAUTHORIZED'),
    'a socket, cookie': (token) => open({ headers: { cookie: `X-Token=${token}` } }),
    'a socket, bearer': (token) => open({ headers: { authorization: `Bearer ${token}` } }),
    'a socket, connectionParams': (token) => open({ first: token }),
    'plain HTTP, cookie': (token) => call({ cookie: `X-Token=${token}` }),
    'plain HTTP, bearer': (token) => call({ authorization: `Bearer ${token}` }),
  }
}

interface Answer {
  error: { data: { failure: string } }
}
