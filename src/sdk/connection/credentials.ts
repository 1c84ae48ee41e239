import type { Me } from '../../contract/session'
import { ChatError, failureNamed, readFailure } from '../chat-error'
import { unrefTimer } from '../clock'
import type { Timings } from './timings'

/** How a client signs in: with a token or a function that returns one. Null: there is no session. */
export type Auth = string | (() => string | null | Promise<string | null>)

/** The token of the current session, and how to get the next one. */
export interface Credentials {
  /** Whether the session can be renewed: by the `auth` function, or by the browser's cookie. */
  isRenewable: boolean
  /**
   * The token for the next attempt to connect; null to rely on the cookie.
   * @throws {ChatError} when there is no token: for good, unless the failure says `retry`
   */
  read(): Promise<string | null>
  /** The server has accepted the last token. @returns milliseconds until the session should be renewed; null for never */
  onAccepted(me: Pick<Me, 'expiresAt' | 'serverTime'>): number | null
  /**
   * The server has rejected the last token.
   * @param afterConnect whether it did so on an open connection, by ending the session
   * @returns whether to try again with a new token
   */
  onRejected(afterConnect: boolean): boolean
  /** Requests a new token. @returns whether it differs from the current one */
  renew(): Promise<boolean>
  /** Forgets that a token was rejected. */
  reset(): void
}

/** A session that ends sooner than this is not renewed. */
const minRenewableMs = 1_000

export function createCredentials(auth: Auth | undefined, timings: Pick<Timings, 'authMs' | 'clock' | 'renewBeforeMs'>): Credentials {
  const { clock } = timings
  const getToken = typeof auth === 'function' ? auth : null
  let token = typeof auth === 'string' ? auth : null
  let hasToken = !getToken
  let wasRejected = false
  /** The token of the current connection. */
  let acceptedToken: string | null = null
  /** In milliseconds since the epoch by the local clock, as `expiresAt` is. */
  let renewAt = Number.POSITIVE_INFINITY
  let expiresAt = Number.POSITIVE_INFINITY

  async function requestToken(): Promise<string | null> {
    if (!getToken) return token
    let timer: unknown
    const timedOut = new Promise<never>((_, reject) => {
      timer = clock.setTimeout(
        () => reject(new ChatError(failureNamed('TIMED_OUT', { words: "The auth function didn't return in time." }))),
        timings.authMs,
      )
      unrefTimer(timer)
    })
    try {
      return await Promise.race([getToken(), timedOut])
    } catch (error) {
      const failure = readFailure(error)
      // The function may have failed because the network is down, which says nothing about the session.
      throw new ChatError(failure.name === 'UNKNOWN' ? { ...failure, retry: true } : failure, { cause: error })
    } finally {
      clock.clear(timer)
    }
  }

  function setToken(next: string | null) {
    if (wasRejected && next === token) throw new ChatError(failureNamed('UNAUTHORIZED'))
    token = next
    hasToken = true
    renewAt = expiresAt = Number.POSITIVE_INFINITY
  }

  return {
    isRenewable: getToken !== null || auth === undefined,
    read: async () => {
      if (!hasToken) setToken(await requestToken())
      else if (clock.now() >= renewAt) {
        const next = await requestToken().catch((error: unknown) => {
          if (clock.now() < expiresAt && readFailure(error).retry) return token
          throw error
        })
        if (next !== token && (next !== null || clock.now() >= expiresAt)) setToken(next)
      }
      return token
    },
    onAccepted: (me) => {
      wasRejected = false
      acceptedToken = token
      const leftMs = Date.parse(me.expiresAt) - Date.parse(me.serverTime)
      if (!Number.isFinite(leftMs)) return null
      const renewInMs = leftMs - Math.min(timings.renewBeforeMs, leftMs / 2)
      expiresAt = clock.now() + leftMs
      renewAt = clock.now() + renewInMs
      return leftMs < minRenewableMs ? null : renewInMs
    },
    onRejected: (afterConnect) => {
      if (!getToken) return false
      // There is a newer one already.
      if (afterConnect && token !== acceptedToken) return true
      if (wasRejected) return false
      wasRejected = true
      hasToken = false
      return true
    },
    renew: async () => {
      if (!getToken) return true
      const next = await requestToken()
      // The current session goes on until it expires.
      if (next === token || next === null) return false
      setToken(next)
      return true
    },
    reset: () => {
      wasRejected = false
      hasToken = !getToken
    },
  }
}
