import { setTimeout as delay } from 'node:timers/promises'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { Failure } from '../../contract/failures'
import type { Log } from '../platform/log'

/** After this, the keys are read again, while the old ones stay in use until that has worked. */
const freshMs = 5 * 60_000
/** The keys are read no more often than this, and after a failure with the longer pause. */
const pauseMs = 1_000
const failurePauseMs = 2_000
const timeoutMs = 3_000
const maxBytes = 256 * 1024

/**
 * The keys of an outside issuer, read when a token needs them: one request at a time, each in bounded time, so that an issuer
 * that is slow or away holds nobody up for longer.
 * @returns a function that finds the key of a token. @throws {Failure} UNAVAILABLE while the keys cannot be read
 */
export function createIssuerKeys(url: string, log: Log): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | null = null
  let readAt = Number.NEGATIVE_INFINITY
  let triedAt = Number.NEGATIVE_INFINITY
  let failed = false
  let reading: Promise<void> | null = null

  async function read() {
    try {
      keys = createLocalJWKSet(await fetchKeys(url))
      readAt = performance.now()
      failed = false
    } catch (error) {
      if (!failed) log.warn({ error: (error as Error).message }, 'could not read the keys at AUTH_JWKS_URL')
      failed = true
    }
    triedAt = performance.now()
  }
  const refresh = (): Promise<void> => {
    reading ??= read().finally(() => {
      reading = null
    })
    return reading
  }
  const mayTry = () => reading !== null || performance.now() - triedAt >= (failed ? failurePauseMs : pauseMs)

  /** A reading that begins after this call: only then does a missing key say something. All who wait for one share it. */
  let next: Promise<void> | null = null
  const readAgain = (): Promise<void> => {
    next ??= (async () => {
      await reading
      await delay(Math.max(0, triedAt + pauseMs - performance.now()))
      next = null
      await refresh()
    })()
    return next
  }

  return async (header, token) => {
    if (!keys && mayTry()) await refresh()
    if (!keys) throw new Failure('UNAVAILABLE')
    if (performance.now() - readAt > freshMs && mayTry()) void refresh()
    try {
      return await keys(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      // The issuer may have begun to sign with a new key.
      if (!failed || mayTry()) await readAgain()
      if (failed) throw new Failure('UNAVAILABLE')
      return keys(header, token)
    }
  }
}

async function fetchKeys(url: string): Promise<JSONWebKeySet> {
  const signal = AbortSignal.timeout(timeoutMs)
  const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json, application/jwk-set+json' } })
  if (response.status !== 200) throw new Error(`the answer has status ${response.status}`)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as JSONWebKeySet
}
