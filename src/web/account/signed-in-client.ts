import { useEffect, useRef, useState } from 'react'
import { type ChatClient, type ChatFailure, type ConnectionStatus, createChatClient, createIndexedDbOutbox, type Store } from '../../sdk'
import { useStore } from '../../sdk/react'
import type { Visitor } from './visitor'

export interface SignedInClient {
  /** Null until the page has come to life. */
  client: ChatClient | null
  status: ConnectionStatus
  /** The realtime server keeps turning away a session that the web server believes in. */
  isTurnedAway: boolean
  /** The page is about to sign its person out: it leaves by itself, unless they stay after all. */
  onSignOut(): void
}

/**
 * A chat client for the person that this page belongs to, and for nobody else: the browser's cookie may be another
 * person's by the time it connects. When the session is over, another tab may have started a new one: then the client
 * goes on if it is the same person's. Otherwise the page reloads for the person who is signed in now.
 */
export function useSignedInClient({ id, realtimeUrl }: Visitor): SignedInClient {
  const [client, setClient] = useState<ChatClient | null>(null)
  const [isTurnedAway, setTurnedAway] = useState(false)
  const isSigningOut = useRef(false)

  useEffect(() => {
    const started = createChatClient({ url: realtimeUrl, user: id, outbox: createIndexedDbOutbox(id) })
    let gone = false
    let mayReopen = true
    const off = started.status.subscribe(() => {
      const status = started.status.get()
      if (status.state === 'connected') mayReopen = true
      if (status.state === 'signed-out' || (status.state === 'refused' && status.reason.name === 'ANOTHER_USER')) void comeBack()
    })
    setClient(started)
    return () => {
      gone = true
      off()
      void started.close()
    }

    async function comeBack() {
      const wasSigningOut = isSigningOut.current
      // The page is on its way to the sign-in form already, unless its person stayed when the browser asked.
      if (wasSigningOut) await pause(signOutMs)
      let person = await findSignedIn(() => gone)
      if (person === null && !wasSigningOut) {
        // Somebody may just be signing in in another tab: that ends this session a moment before the browser has the new one.
        await pause(signInMs)
        person = await findSignedIn(() => gone)
      }
      if (gone) return
      if (person === null) return leaveForLogin(wasSigningOut ? null : location.pathname)
      if (person !== id) return location.reload()
      if (!mayReopen) return setTurnedAway(true)
      mayReopen = false
      started.reopen()
    }
  }, [id, realtimeUrl])

  return {
    client,
    status: useStore(client?.status ?? notStarted),
    isTurnedAway,
    onSignOut: () => {
      isSigningOut.current = true
    },
  }
}

const starting: ConnectionStatus = { state: 'connecting', attempt: 1, nextTryAt: null, lastError: null }
const notStarted: Store<ConnectionStatus> = { get: () => starting, subscribe: () => () => {} }

/** Whether it is about the session as a whole, which the page sees to, and not about what was asked. */
export const isOfSession = ({ name }: ChatFailure): boolean => name === 'UNAUTHORIZED' || name === 'ANOTHER_USER' || name === 'CLOSED'

const dayMs = 24 * 60 * 60_000
const renewBelowMs = 6 * dayMs
const againMs = 3_000
/** How long the answer to a sign-in may take to arrive. */
const signInMs = 1_000
/** How long a page may take to leave for the sign-in form. */
const signOutMs = 5_000

/** Renews the session when less than six of its seven days are left: now, and once a day while the page stays open. */
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

/** @returns the id of the person that the browser's cookie signs in; null when it signs in nobody, or nobody asks any more */
async function findSignedIn(isGone: () => boolean): Promise<string | null> {
  while (!isGone()) {
    const response = await fetch('/api/session', { cache: 'no-store' }).catch(() => null)
    if (response?.status === 401) return null
    const session = response?.ok ? ((await response.json().catch(() => null)) as { user: { id: string } } | null) : null
    if (session) return session.user.id
    await pause(againMs)
  }
  return null
}

function leaveForLogin(next: string | null) {
  location.assign(next === null ? '/login' : `/login?next=${encodeURIComponent(next)}`)
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
