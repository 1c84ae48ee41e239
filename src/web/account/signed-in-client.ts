import { useEffect, useRef, useState } from 'react'
import { type ChatClient, createChatClient, createIndexedDbOutbox } from '../../sdk'
import type { Visitor } from './visitor'

export type SignedInClient =
  | { state: 'starting'; client: null }
  | { state: 'ready'; client: ChatClient }
  /** The realtime server keeps turning away a session that the web server believes in. */
  | { state: 'turned-away'; client: null }

/**
 * A chat client for this browser's session. When the server says that the session is over, another tab may have renewed
 * it meanwhile: it is tried once more, and then it is time to sign in.
 */
export function useSignedInClient({ realtimeUrl, username }: Visitor): SignedInClient & { onSignOut(): void } {
  const [current, setCurrent] = useState<SignedInClient>({ state: 'starting', client: null })
  const isSigningOut = useRef(false)

  useEffect(() => {
    let gone = false
    let stop = () => {}
    connect(true)
    return () => {
      gone = true
      stop()
    }

    function connect(mayTryAgain: boolean) {
      const client = createChatClient({ url: realtimeUrl, outbox: createIndexedDbOutbox(username) })
      let accepted = false
      void client.session.me.query().then(
        () => (accepted = true),
        () => {},
      )
      const off = client.status.subscribe(() => {
        // The page is on its way to the sign-in form already.
        if (client.status.get().state !== 'signed-out' || isSigningOut.current) return
        void renewSession().then((renewed) => {
          if (gone) return
          if (!renewed) return leaveForLogin()
          stop()
          if (mayTryAgain || accepted) return connect(false)
          setCurrent({ state: 'turned-away', client: null })
        })
      })
      stop = () => {
        off()
        void client.close()
      }
      setCurrent({ state: 'ready', client })
    }
  }, [realtimeUrl, username])

  return {
    ...current,
    onSignOut: () => {
      isSigningOut.current = true
    },
  }
}

const dayMs = 24 * 60 * 60_000
const renewBelowMs = 6 * dayMs

/** Renews the session when less than six of its seven days are left: now, and once a day while the page stays open. */
export function useRenewal(expiresAt: string) {
  useEffect(() => {
    let until = Date.parse(expiresAt)
    const renew = async () => {
      if (until - Date.now() >= renewBelowMs) return
      const renewed = await fetch('/api/refresh', { method: 'POST' }).catch(() => null)
      if (renewed?.ok) until = Date.parse(((await renewed.json()) as { expiresAt: string }).expiresAt)
    }
    void renew()
    const timer = setInterval(renew, dayMs)
    return () => clearInterval(timer)
  }, [expiresAt])
}

/** @returns whether there is a session, as soon as the web server says either */
async function renewSession(): Promise<boolean> {
  for (;;) {
    const response = await fetch('/api/refresh', { method: 'POST' }).catch(() => null)
    if (response?.ok) return true
    if (response?.status === 401) return false
    await new Promise((resolve) => setTimeout(resolve, 3_000))
  }
}

function leaveForLogin() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname)}`)
}
