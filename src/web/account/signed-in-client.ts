import { useEffect, useRef, useState } from 'react'
import { type Chat, type ChatFailure, type ConnectionStatus, createChat, createIndexedDbOutbox, type Store } from '../../sdk'
import { useStore } from '../../sdk/react'
import type { Visitor } from './visitor'

export interface SignedInClient {
  /** Null while the page is rendered on the server, and until its effects have run. */
  client: Chat | null
  /** The answers that the person's page is showing. Another person gets a new one. */
  status: ConnectionStatus
  /** The realtime server keeps rejecting a session that the web server accepts. */
  isTurnedAway: boolean
  /** Call this when the sign-out form is submitted: the page then leaves by itself, unless the person cancels that. */
  onSignOut(): void
}

/**
 * A chat client for the person this page belongs to, and for nobody else: by the time it connects, the browser's cookie
 * may be another person's. When the session ends, another tab may have started a new one. If that is the same person's,
 * the client carries on; otherwise the page reloads for the person who is signed in now.
 */
export function useSignedInClient({ id, realtimeUrl }: Visitor): SignedInClient {
  const [client, setClient] = useState<Chat | null>(null)
  const [isTurnedAway, setTurnedAway] = useState(false)
  const isSigningOut = useRef(false)

  useEffect(() => {
    const started = createChat({ url: realtimeUrl, user: id, outbox: createIndexedDbOutbox(id) })
    let isClosed = false
    let mayReopen = true
    const unsubscribe = started.connection.subscribe(() => {
      const status = started.connection.get()
      if (status.state === 'connected') mayReopen = true
      if (status.state === 'signed-out' || (status.state === 'refused' && status.reason.name === 'ANOTHER_USER')) void resume()
    })
    setClient(started)
    return () => {
      isClosed = true
      unsubscribe()
      void started.close()
    }

    async function resume() {
      const wasSigningOut = isSigningOut.current
      // The page is already leaving for the sign-in form, unless the person chose to stay when the browser asked.
      if (wasSigningOut) await pause(signOutMs)
      let person = await findSignedIn(() => isClosed)
      if (person === null && !wasSigningOut) {
        // A sign-in in another tab ends this session a moment before the browser has the new cookie.
        await pause(signInMs)
        person = await findSignedIn(() => isClosed)
      }
      if (isClosed) return
      if (person === null) return leaveForLogin(wasSigningOut ? null : location.pathname)
      if (person !== id) return location.reload()
      if (!mayReopen) return setTurnedAway(true)
      mayReopen = false
      started.connection.reopen()
    }
  }, [id, realtimeUrl])

  return {
    client,
    status: useStore(client?.connection ?? notStarted),
    isTurnedAway,
    onSignOut: () => {
      isSigningOut.current = true
    },
  }
}

const starting: ConnectionStatus = { state: 'connecting', attempt: 1, nextTryAt: null, lastError: null }
const notStarted: Store<ConnectionStatus> = { get: () => starting, subscribe: () => () => {} }

/** Whether a failure is about the whole session, which the page handles, and not about one call. */
export const isOfSession = ({ name }: ChatFailure): boolean => name === 'UNAUTHORIZED' || name === 'ANOTHER_USER' || name === 'CLOSED'

const dayMs = 24 * 60 * 60_000
const renewBelowMs = 6 * dayMs
const retryMs = 3_000
/** How long to wait for a sign-in in another tab. */
const signInMs = 1_000
/** How long the page may take to leave for the sign-in form. */
const signOutMs = 5_000

/** Renews the session when less than six of its seven days are left: now, and once a day while the page is open. */
export function useRenewal({ id, expiresAt }: Visitor) {
  useEffect(() => {
    let until = Date.parse(expiresAt)
    const renew = async () => {
      if (until - Date.now() >= renewBelowMs) return
      const renewed = await fetch('/api/refresh', { method: 'POST' }).catch(() => null)
      if (!renewed?.ok) return
      const { user, expiresAt: next } = (await renewed.json()) as { user: { id: string }; expiresAt: string }
      if (user.id !== id) return location.reload()
      until = Date.parse(next)
    }
    void renew()
    const timer = setInterval(renew, dayMs)
    return () => clearInterval(timer)
  }, [id, expiresAt])
}

/** @returns the id of the person whom the browser's cookie signs in; null when there is none, or the client was closed */
async function findSignedIn(isClosed: () => boolean): Promise<string | null> {
  while (!isClosed()) {
    const response = await fetch('/api/session', { cache: 'no-store' }).catch(() => null)
    if (response?.status === 401) return null
    const session = response?.ok ? ((await response.json().catch(() => null)) as { user: { id: string } } | null) : null
    if (session) return session.user.id
    await pause(retryMs)
  }
  return null
}

function leaveForLogin(next: string | null) {
  location.assign(next === null ? '/login' : `/login?notice=ended&next=${encodeURIComponent(next)}`)
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
