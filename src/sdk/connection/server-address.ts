import { isFailureName } from '../../contract/failures'
import { type ChatFailure, failureNamed } from '../chat-error'
import type { Clock } from '../clock'

const advice = 'Use the realtimeUrl of GET /api/session, for example ws://localhost:3001/trpc.'

/** Checks the address of a realtime server. @param caller what was given it @returns it as a ws: or wss: URL @throws Error when it cannot be one */
export function parseRealtimeUrl(url: string, caller: 'createChat' | 'createServer' = 'createChat'): string {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    throw new Error(`${caller}: "${url}" is not a URL. ${advice}`)
  }
  const protocol = ({ 'ws:': 'ws:', 'wss:': 'wss:', 'http:': 'ws:', 'https:': 'wss:' } as Record<string, string>)[parsed.protocol]
  if (!protocol) throw new Error(`${caller}: the address of a realtime server cannot start with ${parsed.protocol}. ${advice}`)
  if (parsed.username || parsed.password) throw new Error(`${caller}: the URL must not contain credentials.`)
  if (parsed.hash) throw new Error(`${caller}: the URL must not have a fragment (#…). ${advice}`)
  return `${protocol}${parsed.href.slice(parsed.protocol.length)}`
}

export interface Explanation {
  failure: ChatFailure
  /** Trying again will not help. */
  isFinal: boolean
  /** Whether a server answered but rejected the client for now. */
  turnedAway: boolean
}

/** HTTP statuses of a proxy or a busy server, which will pass. */
const isBusy = (status: number) => status >= 500 || [408, 425, 429].includes(status)

/**
 * Finds out over HTTP why no socket opens at an address, because a WebSocket does not tell.
 * @param status the HTTP status in answer to the WebSocket, if known
 */
export async function explainFailure(
  url: string,
  status: number | null,
  { clock, timeoutMs, signal }: { clock: Clock; timeoutMs: number; signal: AbortSignal },
): Promise<Explanation> {
  const busy = (code: number) => ({
    failure: failureNamed('UNAVAILABLE', { words: `The server is unavailable (status ${code}).` }),
    isFinal: false,
    turnedAway: true,
  })
  if (status !== null && isBusy(status)) return busy(status)
  const answer = await ask(url, clock, timeoutMs, signal)
  if (!answer) return { failure: failureNamed('DISCONNECTED', { words: "Couldn't reach the server." }), isFinal: false, turnedAway: false }
  if (isBusy(answer.status)) return busy(answer.status)
  return { ...judge(url, answer.code, status ?? answer.status), turnedAway: false }
}

function judge(url: string, code: unknown, status: number): Omit<Explanation, 'turnedAway'> {
  const { host, pathname } = new URL(url)
  if (isFailureName(code) && status === 403) {
    const words = `The Roomline server at ${host} lets no pages of this origin in. Its operator can list the origin in CORS_ORIGINS.`
    return { failure: failureNamed('FOREIGN_ORIGIN', { words }), isFinal: true }
  }
  if (code === 'METHOD_NOT_ALLOWED') return { failure: failureNamed('DISCONNECTED'), isFinal: false }
  if (code === 'NO_SUCH_PROCEDURE') {
    const words = `The Roomline server at ${host} has no realtime endpoint at ${pathname}. ${advice}`
    return { failure: failureNamed('NO_SUCH_PROCEDURE', { words }), isFinal: true }
  }
  const words = `What answers at ${host}${pathname} is not a Roomline realtime server. ${advice}`
  return { failure: failureNamed('NOT_ROOMLINE', { words }), isFinal: true }
}

async function ask(url: string, clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<{ status: number; code: unknown } | null> {
  const giveUp = new AbortController()
  const stop = () => giveUp.abort()
  const timer = clock.setTimeout(stop, timeoutMs)
  signal.addEventListener('abort', stop)
  try {
    const response = await fetch(url.replace(/^ws/, 'http'), { cache: 'no-store', credentials: 'omit', signal: giveUp.signal })
    const body: unknown = await response.json().catch(() => null)
    return { status: response.status, code: (body as { error?: { code?: unknown } } | null)?.error?.code }
  } catch {
    return null
  } finally {
    clock.clear(timer)
    signal.removeEventListener('abort', stop)
  }
}
