import { useEffect } from 'react'
import type { Chat, ConnectionStatus } from '../../sdk'

/** Without input for this long, the user is away. */
const idleMs = 5 * 60_000
const inputEvents = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'focus'] as const

/** Tells the server when the user stops using this tab, and when they use it again. */
export function useAway(client: Chat | null, status: ConnectionStatus): void {
  const isConnected = status.state === 'connected'
  useEffect(() => {
    if (!client || !isConnected) return
    let isAway = false
    let timer: ReturnType<typeof setTimeout>
    const report = (away: boolean) => {
      if (away === isAway) return
      isAway = away
      // A failure needs no handling: a new connection starts as not away, and so does this effect.
      client.trpc.presence.update.mutate({ away }).catch(() => {})
    }
    const restartTimer = () => {
      clearTimeout(timer)
      timer = setTimeout(() => report(true), idleMs)
    }
    const onInput = () => {
      report(false)
      restartTimer()
    }
    restartTimer()
    for (const type of inputEvents) addEventListener(type, onInput, { passive: true })
    return () => {
      clearTimeout(timer)
      for (const type of inputEvents) removeEventListener(type, onInput)
    }
  }, [client, isConnected])
}
