import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TRPCClientError } from '@trpc/client'
import { describe, expect, it } from 'vitest'
import { ChatError, finishSignIn, readFailure, signIn } from '../../src/sdk'
import { failureNamed, toClientError } from '../../src/sdk/chat-error'

type Answer = Parameters<typeof TRPCClientError.from>[0]
const rejection = (data: unknown, message = '') => TRPCClientError.from({ error: { code: -32_000, message, data } } as unknown as Answer)
const closedByTrpc = Object.assign(new Error('WebSocket closed'), { name: 'TRPCWebSocketClosedError' })

describe('readFailure', () => {
  it.each<[string, unknown, object]>([
    ['a rejection of the server', rejection({ failure: 'MUTED' }), { name: 'MUTED', retry: false }],
    [
      'with its details',
      rejection({ failure: 'TOO_MANY_REQUESTS', retryAfterMs: 700, fields: { text: 'too often' } }),
      { name: 'TOO_MANY_REQUESTS', retry: true, retryAfterMs: 700, fields: { text: 'too often' } },
    ],
    [
      'a failure that only a newer server knows',
      rejection({ failure: 'NEW' }, 'Something new.'),
      { name: 'UNKNOWN', retry: false, words: 'Something new.' },
    ],
    ['a closed socket of tRPC', TRPCClientError.from(closedByTrpc), { name: 'DISCONNECTED', retry: true }],
    ['a call after the end', toClientError(failureNamed('CLOSED')), { name: 'CLOSED', retry: false }],
    ['an abort', new DOMException('This operation was aborted', 'AbortError'), { name: 'ABORTED', retry: false }],
    ['an abort inside of tRPC', TRPCClientError.from(new DOMException('', 'AbortError')), { name: 'ABORTED', retry: false }],
    ['AbortSignal.timeout', new DOMException('', 'TimeoutError'), { name: 'TIMED_OUT', retry: true }],
    ['a bug', new TypeError('x is not a function'), { name: 'UNKNOWN', retry: false, words: 'x is not a function' }],
    ['a bug inside of tRPC', TRPCClientError.from(new TypeError('circular')), { name: 'UNKNOWN', retry: false, words: 'circular' }],
    ['nothing', undefined, { name: 'UNKNOWN', retry: false }],
    ['a string', 'no', { name: 'UNKNOWN', retry: false }],
    ['a ChatError', new ChatError(failureNamed('INVALID_CREDENTIALS')), { name: 'INVALID_CREDENTIALS', retry: false }],
    ['what it has read before', failureNamed('SLOW_MODE', { retryAfterMs: 5 }), { name: 'SLOW_MODE', retry: false, retryAfterMs: 5 }],
  ])('reads %s', (_, error, expected) => {
    expect(readFailure(error)).toMatchObject(expected)
    expect(readFailure(readFailure(error))).toEqual(readFailure(error))
  })
})

describe('signIn', () => {
  async function startWeb(status: number, body: string, headers: Record<string, string> = {}) {
    const http = createServer((_, response) => response.writeHead(status, headers).end(body))
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    return {
      url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
      [Symbol.asyncDispose]: async () => {
        http.closeAllConnections()
        await new Promise((resolve) => http.close(resolve))
      },
    }
  }
  const failing = (url: string) =>
    signIn(url, { username: 'ada', password: 'x' }).then(
      () => null,
      (error: unknown) => ({ isChatError: error instanceof ChatError, ...readFailure(error) }),
    )
  const refusal = (code: string) => JSON.stringify({ error: { code, message: '' } })

  it('hands on the ticket that the second step takes', async () => {
    const error = { code: 'SECOND_FACTOR_REQUIRED', message: '', ticket: 'a ticket' }
    await using web = await startWeb(401, JSON.stringify({ error }))
    expect(await failing(web.url)).toMatchObject({ name: 'SECOND_FACTOR_REQUIRED', retry: false, ticket: 'a ticket' })
    await using refusing = await startWeb(401, refusal('WRONG_CODE'))
    const wrong = finishSignIn(refusing.url, { ticket: 'a ticket', code: '000000' })
    await expect(wrong).rejects.toMatchObject({ code: 'WRONG_CODE' })
  })

  it.each<[number, string, Record<string, string>, object]>([
    [401, refusal('INVALID_CREDENTIALS'), {}, { name: 'INVALID_CREDENTIALS', retry: false }],
    [429, refusal('TOO_MANY_REQUESTS'), { 'retry-after': '7' }, { name: 'TOO_MANY_REQUESTS', retry: true, retryAfterMs: 7_000 }],
    [502, '<h1>Bad gateway</h1>', {}, { name: 'UNAVAILABLE', retry: true }],
    [404, '<h1>Not found</h1>', {}, { name: 'NOT_ROOMLINE', retry: false }],
    [200, '<h1>Welcome</h1>', {}, { name: 'NOT_ROOMLINE', retry: false }],
  ])('answered with %i %s says so', async (status, body, headers, expected) => {
    await using web = await startWeb(status, body, headers)
    expect(await failing(web.url)).toMatchObject({ isChatError: true, ...expected })
  })

  it('may be retried when the server cannot be reached, but not with an invalid address', async () => {
    const { url, ...web } = await startWeb(200, '')
    await web[Symbol.asyncDispose]()
    expect(await failing(url)).toMatchObject({ isChatError: true, name: 'DISCONNECTED', retry: true })
    expect(await failing('nonsense')).toMatchObject({ isChatError: true, name: 'NOT_ROOMLINE', retry: false })
  })
})
