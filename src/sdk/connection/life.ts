import { createWSClient, type TRPCLink, wsLink } from '@trpc/client'
import type { AppRouter } from '../../server/router'
import { type ChatFailure, readFailure } from '../chat-error'
import { pause } from '../waits'
import type { Credentials } from './credentials'
import { DialFailure, type Dialled, dial } from './dial'
import { createReconnectDelays } from './reconnect'
import { explain } from './server-address'
import type { ConnectionStatus, Ended } from './status'
import type { Timings } from './timings'
import { onWakeUp } from './wake-ups'
import { type SocketClosed, type SocketHost, WatchedSocket } from './watched-socket'

export interface LifeOptions {
  url: string
  credentials: Credentials
  Socket: typeof WebSocket
  timings: Timings
}

/** A connection from its first attempt to its end. */
export interface Life {
  link: TRPCLink<AppRouter>
  end(ended: Ended): void
  /** Resolves when its sockets are closed: a second after its end at the latest. */
  left(): Promise<unknown>
}

interface Watcher {
  /** Whether the client was ever connected. If so, there is a realtime server, whatever answers in its place for now. */
  wasConnected(): boolean
  /** The id of the user whose session it must be; undefined before the first. */
  person(): string | undefined
  /** The server has accepted this user's session. */
  onPerson(id: string): void
  show(status: ConnectionStatus): void
  onEnd(ended: Ended): void
}

export const firstAttempt = { attempt: 1, nextTryAt: null as number | null, lastError: null as ChatFailure | null }
const connected: ConnectionStatus = { state: 'connected' }
/** The longest delay that a timer takes. */
const longestTimerMs = 2 ** 31 - 1

/** Connects, and reconnects whenever the connection is lost, until it is ended or refused for good. */
export function startLife(
  { url, credentials, Socket, timings }: LifeOptions,
  { wasConnected, person, onPerson, show, onEnd }: Watcher,
): Life {
  const ending = new AbortController()
  const { signal } = ending
  const delays = createReconnectDelays()
  /** The newest is last: the client lives on that one; the others are retired. */
  const open: WatchedSocket[] = []
  let progress = firstAttempt
  /** How the last attempt failed, or the last connection ended; null when the next attempt may start at once. */
  let setback: { turnedAway: boolean; retryAfterMs?: number } | null = null
  let left: Promise<unknown> = Promise.resolve()
  let stopWaiting = () => {}
  /** The connection that still served while others were tried is lost: what was waited for meanwhile counts no more. */
  let mustHurry = false
  let renewal: ReturnType<typeof setTimeout> | undefined

  const stopWakeUps = onWakeUp((answerWithinMs) => {
    for (const socket of open) socket.probe(answerWithinMs)
    stopWaiting()
  })

  const update = (change: Partial<typeof firstAttempt> = {}) => {
    progress = { ...progress, ...change }
    if (!signal.aborted) show(open.length > 0 ? connected : { state: 'connecting', ...progress })
  }

  function end(ended: Ended) {
    if (signal.aborted) return
    ending.abort()
    clearTimeout(renewal)
    stopWakeUps()
    stopWaiting()
    left = Promise.all(open.map((socket) => socket.leave()))
    onEnd(ended)
  }

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      stopWaiting = done
      function done() {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async function connect(): Promise<Dialled> {
    while (!signal.aborted) {
      if (setback) {
        do {
          mustHurry = false
          const pauseMs = Math.max(delays.next(setback.turnedAway), setback.retryAfterMs ?? 0)
          update({ nextTryAt: Date.now() + pauseMs })
          await wait(pauseMs)
        } while (mustHurry && !signal.aborted)
        update({ nextTryAt: null })
      }
      if (signal.aborted) break
      try {
        return await attempt()
      } catch (error) {
        if (!signal.aborted) await judge(error)
      }
    }
    // The tRPC client of a life that has ended is abandoned. Told of a failure, it would connect again.
    return new Promise(() => {})
  }

  async function attempt(): Promise<Dialled> {
    const token = await credentials.read()
    signal.throwIfAborted()
    const user = person()
    const params = { ...(token !== null && { token }), ...(user !== undefined && { user }) }
    const giveUp = new AbortController()
    const onAbort = () => giveUp.abort(signal.reason)
    signal.addEventListener('abort', onAbort)
    // Some web servers never answer an upgrade that they do not know.
    const slow = wasConnected() ? undefined : setTimeout(() => void askWhy(giveUp), timings.explainAfterMs)
    try {
      return await dial({ url, params: Object.keys(params).length > 0 ? params : null, Socket, timings, signal: giveUp.signal })
    } finally {
      clearTimeout(slow)
      signal.removeEventListener('abort', onAbort)
      giveUp.abort()
    }
  }

  async function askWhy(giveUp: AbortController) {
    const { failure, isFinal } = await explain(url, null, { timeoutMs: timings.explainMs, signal: giveUp.signal })
    if (!isFinal) return
    // A proxy may answer a plain request with anything, and pass the socket on all the same.
    if (failure.name === 'NOT_ROOMLINE') await pause(timings.explainGraceMs, giveUp.signal)
    giveUp.abort(new DialFailure(failure, 'refused'))
  }

  /** Decides what a failed attempt means: the end, or another attempt after a pause. */
  async function judge(error: unknown) {
    if (!(error instanceof DialFailure)) return judgeAuth(error)
    let { failure } = error
    let turnedAway = error.reached === 'socket' && isTurningAway(failure)
    if (error.reached === 'http' || (error.reached === 'nothing' && failure.name !== 'TIMED_OUT')) {
      const why = await explain(url, error.status, { timeoutMs: timings.explainMs, signal })
      if (signal.aborted) return
      if (why.isFinal && !wasConnected()) return end({ state: 'refused', reason: why.failure })
      failure = why.failure
      turnedAway = why.turnedAway
    } else if (isOver(failure)) return
    fail(failure, turnedAway)
  }

  function judgeAuth(error: unknown) {
    const reason = readFailure(error)
    if (reason.retry) fail(reason, true)
    else end({ state: 'signed-out', reason })
  }

  function fail(failure: ChatFailure, turnedAway: boolean) {
    setback = { turnedAway, ...(failure.retryAfterMs && { retryAfterMs: failure.retryAfterMs }) }
    update({ attempt: progress.attempt + 1, lastError: failure })
  }

  /** Ends this life if the reason is final. @returns whether it was */
  function isOver(reason: ChatFailure, ofConnection = false): boolean {
    if (reason.retry || reason.name === 'TOO_BIG') return false
    if (reason.name === 'UNAUTHORIZED') {
      if (credentials.refused(ofConnection)) return false
      end({ state: 'signed-out', reason })
    } else end({ state: 'refused', reason })
    return true
  }

  function onOpen(socket: WatchedSocket, { me }: Dialled) {
    if (signal.aborted) return void socket.leave()
    onPerson(me.user.id)
    open.push(socket)
    setback = null
    delays.onOpen()
    update(firstAttempt)
    renewIn(credentials.accepted(me))
  }

  function onClosed(socket: WatchedSocket, { failure }: SocketClosed) {
    const isOurs = socket === open.at(-1)
    open.splice(open.indexOf(socket), 1)
    // The end of a retired socket says nothing about the one that replaced it.
    if (!isOurs || signal.aborted || isOver(failure, true)) return
    setback = { turnedAway: isTurningAway(failure) }
    update({ ...firstAttempt, lastError: failure })
    delays.onLost()
    mustHurry = true
    stopWaiting()
  }

  function renewIn(ms: number | null) {
    clearTimeout(renewal)
    if (ms === null || !credentials.isRenewable) return
    renewal = setTimeout(() => (ms > longestTimerMs ? renewIn(ms - longestTimerMs) : void renew(0)), Math.min(ms, longestTimerMs))
  }

  async function renew(attempt: number) {
    try {
      const isNew = await credentials.renew()
      if (signal.aborted) return
      if (isNew) open.at(-1)?.handOver()
      else if (attempt < longestRenewal) renewAgain(attempt)
    } catch (error) {
      if (signal.aborted) return
      const reason = readFailure(error)
      if (reason.retry) renewAgain(attempt)
      else end({ state: 'signed-out', reason })
    }
  }

  function renewAgain(attempt: number) {
    clearTimeout(renewal)
    renewal = setTimeout(() => void renew(attempt + 1), Math.min(1_000 * 2 ** attempt, 30_000))
  }

  const host: SocketHost = { timings, connect, onOpen, onClosed }
  class HostedSocket extends WatchedSocket {
    constructor() {
      super(host)
    }
  }
  const client = createWSClient({ url, WebSocket: HostedSocket as unknown as typeof WebSocket, retryDelayMs: () => 0 })
  return { link: wsLink({ client }), end, left: () => left }
}

/** How often to ask again when the function keeps returning the same token. */
const longestRenewal = 20

const isTurningAway = ({ name }: ChatFailure) => name !== 'DISCONNECTED' && name !== 'TIMED_OUT'
