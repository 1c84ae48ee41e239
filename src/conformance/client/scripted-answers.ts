import { type FailureName, failures } from '../../contract/failures'
import type { Message } from '../../contract/message'
import type { Me } from '../../contract/session'

const ada = { id: '00000000-0000-4000-8000-00000000ada0', username: 'ada', displayName: 'Ada', avatar: null }

export function meOf(connection: number): Me {
  const now = Date.now()
  return {
    user: ada,
    uid: `connection-${connection}`,
    sessionId: '00000000-0000-4000-8000-00000000005e',
    expiresAt: new Date(now + 86_400_000).toISOString(),
    serverTime: new Date(now).toISOString(),
  }
}

/** A message of a room in which nothing is ever changed, so that seq and version are the same. */
export function makeMessage(room: string, seq: number, text: string, clientId: string | null): Message {
  return {
    ...{ room, seq, version: seq, kind: 'text' as const, detail: null, author: ada, uid: null, clientId, text },
    time: new Date().toISOString(),
    ...{ replyTo: null, replyCount: 0, thread: null, mentions: [], attachments: [], reactions: [] },
    ...{ editedAt: null, deletedAt: null, pinnedAt: null },
  }
}

const statuses: Partial<Record<string, number>> = {
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  TOO_MANY_REQUESTS: 429,
  SERVICE_UNAVAILABLE: 503,
}
/** tRPC's numbers for these codes. */
const numbers: Partial<Record<string, number>> = {
  UNAUTHORIZED: -32_001,
  FORBIDDEN: -32_003,
  NOT_FOUND: -32_004,
  TOO_MANY_REQUESTS: -32_029,
  SERVICE_UNAVAILABLE: -32_603,
}

/** A failure as the server sends it. */
export function errorOf(failure: FailureName, path?: string, retryAfterMs?: number) {
  const { code, words } = failures[failure]
  return {
    message: words,
    code: numbers[code] ?? -32_603,
    data: { code, httpStatus: statuses[code] ?? 500, ...(path && { path }), failure, ...(retryAfterMs && { retryAfterMs }) },
  }
}
