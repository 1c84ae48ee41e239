import type { Me } from '../../contract/session'
import { ChatError, failureNamed, readFailure } from '../chat-error'
import type { Timings } from './timings'

/** How a client shows who it is: a token, a function that gives one, or nothing where the browser sends its cookie. */
export type Auth = string | (() => string | null | Promise<string | null>)

/** The current token, and how to get the next one. */
export interface Credentials {
  isRenewable: boolean
  /**
   * The token for the next attempt to connect; null where there is none to send.
   * @throws {ChatError} when there is no token to be had: for good, unless the failure says `retry`
   */
  read(): Promise<string | null>
  /** The server has accepted what was read last. @returns milliseconds until the session should be renewed; null for never */
  accepted(me: Pick<Me, 'expiresAt' | 'serverTime'>): number | null
  /**
   * The server has refused the token that was read last or, `ofConnection`, ended the session of the connection.
   * @returns whether it is worth reading another
   */
  refused(ofConnection: boolean): boolean
  /** Asks for a new token. @returns whether it differs from the current one */
  renew(): Promise<boolean>
  /** Forgets what was refused. */
  reset(): void
}

/** A session that ends sooner than this is no longer renewed. */
const shortestMs = 1_000

export function createCredentials(auth: Auth | undefined, timings: Pick<Timings, 'authMs' | 'renewBeforeMs'>): Credentials {
  const ask = typeof auth === 'function' ? auth : null
  let token = typeof auth === 'string' ? auth : null
  let isKnown = !ask
  let wasRefused = false
  /** The one that the connection was accepted with. */
  let acceptedToken: string | null = null
  /** In milliseconds since the epoch, by this machine's clock. */
  let renewAt = Number.POSITIVE_INFINITY
  let expiresAt = Number.POSITIVE_INFINITY

  async function askAnew(): Promise<string | null> {
    if (!ask) return token
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new ChatError(failureNamed('TIMED_OUT', { words: 'The auth function did not return in time.' }))),
        timings.authMs,
      )
      // In Node, nobody's waiting keeps a client's process alive that has ended.
      if (typeof timer === 'object') (timer as { unref?(): void }).unref?.()
    })
    try {
      return await Promise.race([ask(), late])
    } catch (error) {
      const failure = readFailure(error)
      // A bug, or a network that is down, says nothing about the session.
      throw new ChatError(failure.name === 'UNKNOWN' ? { ...failure, retry: true } : failure, { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }

  function take(next: string | null) {
    if (wasRefused && next === token) throw new ChatError(failureNamed('UNAUTHORIZED'))
    token = next
    isKnown = true
    renewAt = expiresAt = Number.POSITIVE_INFINITY
  }

  return {
    isRenewable: ask !== null || auth === undefined,
    read: async () => {
      if (!isKnown) take(await askAnew())
      else if (Date.now() >= renewAt) {
        const next = await askAnew().catch((error: unknown) => {
          if (Date.now() < expiresAt && readFailure(error).retry) return token
          throw error
        })
        if (next !== token && (next !== null || Date.now() >= expiresAt)) take(next)
      }
      return token
    },
    accepted: (me) => {
      wasRefused = false
      acceptedToken = token
      const leftMs = Date.parse(me.expiresAt) - Date.parse(me.serverTime)
      if (!Number.isFinite(leftMs)) return null
      const renewInMs = leftMs - Math.min(timings.renewBeforeMs, leftMs / 2)
      expiresAt = Date.now() + leftMs
      renewAt = Date.now() + renewInMs
      return leftMs < shortestMs ? null : renewInMs
    },
    refused: (ofConnection) => {
      if (!ask) return false
      // Its successor is there already.
      if (ofConnection && token !== acceptedToken) return true
      if (wasRefused) return false
      wasRefused = true
      isKnown = false
      return true
    },
    renew: async () => {
      if (!ask) return true
      const next = await askAnew()
      // What is there holds until it ends.
      if (next === token || next === null) return false
      take(next)
      return true
    },
    reset: () => {
      wasRefused = false
      isKnown = !ask
    },
  }
}
