import { createWSClient, type TRPCLink, wsLink } from '@trpc/client'
import { protocol } from '../../contract/failures'
import { maxTimerMs } from '../../contract/rules'
import type { AppRouter } from '../../server/router'
import { type ChatFailure, readFailure } from '../chat-error'
import { pause } from '../waits'
import type { Credentials } from './credentials'
import { DialFailure, type Dialled, dial } from './dial'
import type { WebSocketClass } from './raw-socket'
import { createReconnectDelays } from './reconnect'
import { explainFailure } from './server-address'
import type { ConnectionStatus, Ended } from './status'
import type { Timings } from './timings'
import { onWakeUp } from './wake-ups'
import { type SocketClosed, type SocketHost, WatchedSocket } from './watched-socket'

export interface ConnectLoopOptions {
  url: string
  credentials: Credentials
  Socket: WebSocketClass
  timings: Timings
}

/** Keeps a client connected until it ends. A client that is reopened gets a new one. */
export interface ConnectLoop {
  link: TRPCLink<AppRouter>
  end(ended: Ended): void
  /** Resolves when its sockets are closed: a second after `end` at the latest. */
  closed(): Promise<unknown>
}

interface ConnectLoopHost {
  /** Whether the client was ever connected. Then there is a realtime server, whatever answers at its address for now. */
  wasConnected(): boolean
  /** The id of the user that the session must belong to; undefined before the first session. */
  userId(): string | undefined
  /** The server has accepted the session of this user. */
  onSignedIn(userId: string): void
  onStatus(status: ConnectionStatus): void
  onEnd(ended: Ended): void
}

export const firstAttempt = { attempt: 1, nextTryAt: null as number | null, lastError: null as ChatFailure | null }
const connected: ConnectionStatus = { state: 'connected' }

/** Connects, and connects again whenever the connection is lost, until it is ended or rejected for good. */
export function startConnectLoop(
  { url, credentials, Socket, timings }: ConnectLoopOptions,
  { wasConnected, userId, onSignedIn, onStatus, onEnd }: ConnectLoopHost,
): ConnectLoop {
  const ended = new AbortController()
  const { signal } = ended
  const { clock } = timings
  const delays = createReconnectDelays(clock.elapsed)
  /** The last one is in use; those before it are being replaced. */
  const open: WatchedSocket[] = []
  let progress = firstAttempt
  /** Why the last attempt failed or the last connection was lost; null when the next attempt may start at once. */
  let lastFailure: { turnedAway: boolean; retryAfterMs?: number } | null = null
  let closed: Promise<unknown> = Promise.resolve()
  let stopWaiting = () => {}
  /** Whether the connection was lost while its replacement was waiting for the next attempt: the delay is then chosen again. */
  let wasLostMeanwhile = false
  let renewal: unknown

  const stopWakeUps = onWakeUp((answerWithinMs) => {
    for (const socket of open) socket.probe(answerWithinMs)
    stopWaiting()
  })

  const updateStatus = (change: Partial<typeof firstAttempt> = {}) => {
    progress = { ...progress, ...change }
    if (!signal.aborted) onStatus(open.length > 0 ? connected : { state: 'connecting', ...progress })
  }

  function end(status: Ended) {
    if (signal.aborted) return
    ended.abort()
    clock.clear(renewal)
    stopWakeUps()
    stopWaiting()
    closed = Promise.all(open.map((socket) => socket.closeQuietly()))
    onEnd(status)
  }

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = clock.setTimeout(done, ms)
      stopWaiting = done
      function done() {
        clock.clear(timer)
        resolve()
      }
    })
  }

  async function connect(): Promise<Dialled> {
    while (!signal.aborted) {
      if (lastFailure) {
        do {
          wasLostMeanwhile = false
          const pauseMs = Math.max(delays.next(lastFailure.turnedAway), lastFailure.retryAfterMs ?? 0)
          updateStatus({ nextTryAt: clock.now() + pauseMs })
          await wait(pauseMs)
        } while (wasLostMeanwhile && !signal.aborted)
        updateStatus({ nextTryAt: null })
      }
      if (signal.aborted) break
      try {
        return await attempt()
      } catch (error) {
        if (!signal.aborted) await handleFailure(error)
      }
    }
    // Never settles: after a failure, the tRPC client of this loop would connect again.
    return new Promise(() => {})
  }

  async function attempt(): Promise<Dialled> {
    const token = await credentials.read()
    signal.throwIfAborted()
    const user = userId()
    const params = { protocol: String(protocol.current), ...(token !== null && { token }), ...(user !== undefined && { user }) }
    const giveUp = new AbortController()
    const onAbort = () => giveUp.abort(signal.reason)
    signal.addEventListener('abort', onAbort)
    // Some web servers never answer an upgrade request for a path they do not know.
    const slow = wasConnected() ? undefined : clock.setTimeout(() => void findReason(giveUp), timings.explainAfterMs)
    try {
      return await dial({ url, params, Socket, timings, signal: giveUp.signal })
    } finally {
      clock.clear(slow)
      signal.removeEventListener('abort', onAbort)
      giveUp.abort()
    }
  }

  async function findReason(giveUp: AbortController) {
    const { failure, isFinal } = await explainFailure(url, null, { clock, timeoutMs: timings.explainMs, signal: giveUp.signal })
    if (!isFinal) return
    // A proxy may answer a plain request with anything and still pass the socket on.
    if (failure.name === 'NOT_ROOMLINE') await pause(clock, timings.explainGraceMs, giveUp.signal)
    giveUp.abort(new DialFailure(failure, 'refused'))
  }

  /** Ends the loop, or prepares another attempt after a pause. */
  async function handleFailure(error: unknown) {
    if (!(error instanceof DialFailure)) return handleAuthFailure(error)
    let { failure } = error
    let turnedAway = error.reached === 'socket' && isTurningAway(failure)
    if (error.reached === 'http' || (error.reached === 'nothing' && failure.name !== 'TIMED_OUT')) {
      const why = await explainFailure(url, error.status, { clock, timeoutMs: timings.explainMs, signal })
      if (signal.aborted) return
      if (why.isFinal && !wasConnected()) return end({ state: 'refused', reason: why.failure })
      failure = why.failure
      turnedAway = why.turnedAway
    } else if (endIfFinal(failure)) return
    prepareRetry(failure, turnedAway)
  }

  function handleAuthFailure(error: unknown) {
    const reason = readFailure(error)
    if (reason.retry) prepareRetry(reason, true)
    else end({ state: 'signed-out', reason })
  }

  function prepareRetry(failure: ChatFailure, turnedAway: boolean) {
    lastFailure = { turnedAway, ...(failure.retryAfterMs && { retryAfterMs: failure.retryAfterMs }) }
    updateStatus({ attempt: progress.attempt + 1, lastError: failure })
  }

  /** Ends the loop if the reason is final. @returns whether it was */
  function endIfFinal(reason: ChatFailure, afterConnect = false): boolean {
    if (reason.retry || reason.name === 'TOO_BIG') return false
    if (reason.name === 'UNAUTHORIZED') {
      if (credentials.onRejected(afterConnect)) return false
      end({ state: 'signed-out', reason })
    } else end({ state: 'refused', reason })
    return true
  }

  function onOpen(socket: WatchedSocket, { me }: Dialled) {
    if (signal.aborted) return void socket.closeQuietly()
    onSignedIn(me.user.id)
    open.push(socket)
    lastFailure = null
    delays.onOpen()
    updateStatus(firstAttempt)
    renewIn(credentials.onAccepted(me))
  }

  function onClosed(socket: WatchedSocket, { failure }: SocketClosed) {
    const isInUse = socket === open.at(-1)
    open.splice(open.indexOf(socket), 1)
    // When a replaced socket ends, its successor is in use already.
    if (!isInUse || signal.aborted || endIfFinal(failure, true)) return
    lastFailure = { turnedAway: isTurningAway(failure) }
    updateStatus({ ...firstAttempt, lastError: failure })
    delays.onLost()
    wasLostMeanwhile = true
    stopWaiting()
  }

  function renewIn(ms: number | null) {
    clock.clear(renewal)
    if (ms === null || !credentials.isRenewable) return
    renewal = clock.setTimeout(() => (ms > maxTimerMs ? renewIn(ms - maxTimerMs) : void renew(0)), Math.min(ms, maxTimerMs))
  }

  async function renew(attempt: number) {
    try {
      const isNew = await credentials.renew()
      if (signal.aborted) return
      if (isNew) open.at(-1)?.handOver()
      else if (attempt < maxRenewals) renewAgain(attempt)
    } catch (error) {
      if (signal.aborted) return
      const reason = readFailure(error)
      if (reason.retry) renewAgain(attempt)
      else end({ state: 'signed-out', reason })
    }
  }

  function renewAgain(attempt: number) {
    clock.clear(renewal)
    renewal = clock.setTimeout(() => void renew(attempt + 1), Math.min(1_000 * 2 ** attempt, 30_000))
  }

  const host: SocketHost = { timings, connect, onOpen, onClosed }
  class HostedSocket extends WatchedSocket {
    constructor() {
      super(host)
    }
  }
  const client = createWSClient({ url, WebSocket: HostedSocket as unknown as typeof WebSocket, retryDelayMs: () => 0 })
  return { link: wsLink({ client }), end, closed: () => closed }
}

/** How often to request a token again when the function returns the same one. */
const maxRenewals = 20

const isTurningAway = ({ name }: ChatFailure) => name !== 'DISCONNECTED' && name !== 'TIMED_OUT'
