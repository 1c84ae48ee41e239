import { useEffect } from 'react'
import type { ChatClient, ConnectionStatus } from '../../sdk'

/** Whoever has done nothing in the page for so long is away. */
const idleMs = 5 * 60_000
const signs = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'focus'] as const

/** Tells the server when nobody does anything in this tab any more, and when somebody does again. */
export function useAway(client: ChatClient | null, status: ConnectionStatus): void {
  const isConnected = status.state === 'connected'
  useEffect(() => {
    if (!client || !isConnected) return
    let isAway = false
    let timer: ReturnType<typeof setTimeout>
    const tell = (away: boolean) => {
      if (away === isAway) return
      isAway = away
      // A new connection begins as here: what is lost with this one is right again by itself.
      client.presence.update.mutate({ away }).catch(() => {})
    }
    const wait = () => {
      clearTimeout(timer)
      timer = setTimeout(() => tell(true), idleMs)
    }
    const onSign = () => {
      tell(false)
      wait()
    }
    wait()
    for (const sign of signs) addEventListener(sign, onSign, { passive: true })
    return () => {
      clearTimeout(timer)
      for (const sign of signs) removeEventListener(sign, onSign)
    }
  }, [client, isConnected])
}
