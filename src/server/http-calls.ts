import type { IncomingMessage, ServerResponse } from 'node:http'
import { callTRPCProcedure, TRPCError } from '@trpc/server'
import { Failure } from '../contract/failures'
import type { Caller } from './caller'
import type { Context } from './context'
import { costs, type FairClient } from './fairness/fair-client'
import type { Log } from './platform/log'
import { appRouter } from './router'
import { isJunk, reportError, toErrorShape, tooManyTogether, toTRPCError } from './trpc'

interface HttpCallsParts {
  /** Who makes the calls of this request. @param turns runs each of them @throws {Failure} UNAUTHORIZED */
  identify(request: IncomingMessage, turns: Caller['turns']): Promise<Caller>
  parts: Context['parts']
  log: Log
}

const maxBodyBytes = 64 * 1024
/** How long a body may take to arrive. */
const bodyMs = 10_000
const maxBatch = 100
/** When the answers of a request have this many characters, its remaining calls are not made. */
const maxAnswer = 1024 * 1024

const types: Partial<Record<string, 'query' | 'mutation'>> = { GET: 'query', POST: 'mutation' }

/** By path. tRPC's type of it has them nested. */
const procedures = appRouter._def.procedures as unknown as Partial<Record<string, { _def: { type: string } }>>

interface Answer {
  status: number
  json: string
  retryAfterMs?: number | undefined
}

/** One request with its calls, in tRPC's format. */
interface Calls {
  paths: string[]
  inputs: unknown[]
  isBatch: boolean
  type: 'query' | 'mutation'
}

/**
 * tRPC over plain HTTP, for queries and mutations. Unlike tRPC's own adapter, the calls of a request are made one after the
 * other, each when it is the person's turn, and what they answer together is bounded.
 */
export function createHttpCalls({ identify, parts, log }: HttpCallsParts) {
  async function answer(request: IncomingMessage, response: ServerResponse, path: string, client: FairClient): Promise<void> {
    if (request.method === 'HEAD') return void response.writeHead(204).end()
    const isLines = acceptsLines(request)
    try {
      const type = types[request.method ?? '']
      if (!type) {
        response.setHeader('allow', 'GET, POST')
        throw new Failure('METHOD_NOT_ALLOWED')
      }
      const caller = await identify(request, { takeTurn: (call) => client.run(call) })
      const calls = await readCalls(request, response, type, path, client)
      const abort = new AbortController()
      response.once('close', () => abort.abort())
      const answers: Answer[] = []
      let characters = 0
      for (const index of calls.paths.keys()) {
        if (response.destroyed) return
        const made = characters < maxAnswer ? await makeCall(calls, index, caller, client, abort.signal) : describe(answersTooBig())
        client.spend(made.json.length * costs.byteOut)
        characters += made.json.length
        answers.push(made)
      }
      send(response, calls.isBatch, isLines, answers)
    } catch (error) {
      const given = toTRPCError(error)
      const failed = isJunk(given) && !client.allowsJunk() ? toTRPCError(tooMuchJunk()) : given
      reportError(log, failed, undefined, 'unknown')
      const isCutOff = failed.code === 'TOO_MANY_REQUESTS'
      // Nothing of a request that was refused before is read.
      if (!request.complete || isCutOff) response.setHeader('connection', 'close')
      send(response, false, false, [describe(failed)])
    }
  }

  async function makeCall(
    { paths, inputs, type }: Calls,
    index: number,
    caller: Caller,
    client: FairClient,
    signal: AbortSignal,
  ): Promise<Answer> {
    const path = paths[index] ?? ''
    try {
      const known = procedures[path]
      if (known && known._def.type !== type) throw new Failure('METHOD_NOT_ALLOWED')
      const getRawInput = async () => inputs[index]
      const data = await callTRPCProcedure({
        router: appRouter,
        path,
        type,
        getRawInput,
        ctx: { parts, caller },
        signal,
        batchIndex: index,
      })
      return { status: 200, json: JSON.stringify({ result: { data } }) }
    } catch (error) {
      const failed = toTRPCError(error)
      if (isJunk(failed) && !client.allowsJunk()) throw tooMuchJunk()
      reportError(log, failed, path, type)
      return describe(failed, path)
    }
  }

  return answer
}

const answersTooBig = () =>
  new Failure('TOO_BIG', {
    words: 'The answers of this request are too big together, and this call was not made. Make it in another request.',
  })

function describe(error: Failure | TRPCError, path?: string): Answer {
  const shape = toErrorShape(toTRPCError(error), path)
  return { status: shape.data.httpStatus, json: JSON.stringify({ error: shape }), retryAfterMs: shape.data.retryAfterMs }
}

/** What a socket is closed for with 1008. The request is answered as a whole, and its connection closed. */
const tooMuchJunk = () => new Failure('TOO_MANY_REQUESTS', { retryAfterMs: 1_000 })

function send(response: ServerResponse, isBatch: boolean, isLines: boolean, answers: Answer[]): void {
  if (response.destroyed) return
  const statuses = new Set(answers.map(({ status }) => status))
  const [first = 200] = statuses
  const waits = answers.flatMap(({ retryAfterMs }) => retryAfterMs ?? [])
  if (waits.length > 0) response.setHeader('retry-after', Math.ceil(Math.max(...waits) / 1_000))
  // Several answers with different statuses: 207, as tRPC does it.
  response.appendHeader('vary', 'trpc-accept, accept')
  response.writeHead(isLines ? 200 : statuses.size > 1 ? 207 : first, { 'content-type': 'application/json' })
  const pieces = answers.map(({ json }) => json)
  if (isLines) response.end(`{${pieces.map((json, index) => `"${index}":[[${json}]]`).join()}}\n`)
  else response.end(isBatch ? `[${pieces.join()}]` : pieces[0])
}

/** Whether the client is tRPC's streaming batch link: it gets all its answers in the first line. */
const acceptsLines = ({ headers }: IncomingMessage) =>
  headers['trpc-accept'] === 'application/jsonl' || /(^|,)\s*application\/jsonl\s*(,|$)/.test(headers.accept ?? '')

/** @throws {Failure} BAD_REQUEST, TOO_BIG */
async function readCalls(
  request: IncomingMessage,
  response: ServerResponse,
  type: Calls['type'],
  path: string,
  client: FairClient,
): Promise<Calls> {
  const query = new URLSearchParams(/\?(.*)/s.exec(request.url ?? '')?.[1] ?? '')
  const isBatch = query.get('batch') === '1'
  const decoded = decodePath(path)
  const paths = isBatch ? decoded.split(',', maxBatch + 1) : [decoded]
  if (paths.length > maxBatch) throw tooManyTogether(maxBatch)
  const text = type === 'query' ? query.get('input') : await readBody(request, response, client)
  client.spend((request.url?.length ?? 0) * costs.byteIn)
  const input = parseInput(text)
  if (!isBatch) return { paths, inputs: [input], isBatch, type }
  if (typeof (input ?? {}) !== 'object')
    throw new Failure('BAD_REQUEST', { fields: { input: 'must be an object with an input for each call' } })
  return { paths, inputs: paths.map((_, index) => (input as Record<number, unknown> | null | undefined)?.[index]), isBatch, type }
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw new Failure('BAD_REQUEST', { fields: { path: 'must be URL-encoded' } })
  }
}

function parseInput(text: string | null): unknown {
  if (!text) return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new Failure('BAD_REQUEST', { fields: { input: 'must be JSON' } })
  }
}

async function readBody(request: IncomingMessage, response: ServerResponse, client: FairClient): Promise<string> {
  const { headers } = request
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '') && headers['content-length'] !== '0') {
    throw new TRPCError({ code: 'UNSUPPORTED_MEDIA_TYPE', message: 'The body must be application/json.' })
  }
  if (Number(headers['content-length'] ?? 0) > maxBodyBytes) throw new Failure('TOO_BIG')
  if (headers.expect) response.writeContinue()
  const late = setTimeout(() => request.destroy(), bodyMs)
  try {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of request) {
      bytes += chunk.length
      // A chunk costs something even if it has one byte.
      client.spend(1 + chunk.length * costs.byteIn)
      if (bytes > maxBodyBytes) throw new Failure('TOO_BIG')
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  } finally {
    clearTimeout(late)
  }
}
