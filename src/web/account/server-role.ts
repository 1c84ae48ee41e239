import { useCallback, useEffect } from 'react'
import type { Chat, ConnectionStatus, ServerRole } from '../../sdk'
import { useAnswer } from '../ui/answer'
import { useLastKnown } from '../ui/last-known'

/** The person's role on the server. Asked again with each new connection and whenever the page gets the focus: it may have changed. */
export function useServerRole(client: Chat | null, { state }: ConnectionStatus, initial: ServerRole): ServerRole {
  const isConnected = state === 'connected'
  const read = useCallback(async () => (client ? (await client.trpc.users.me.query()).role : initial), [client, initial])
  const { value, reload } = useAnswer(client && isConnected ? read : null)
  useEffect(() => {
    const check = () => document.visibilityState === 'visible' && isConnected && reload()
    addEventListener('visibilitychange', check)
    return () => removeEventListener('visibilitychange', check)
  }, [isConnected, reload])
  return useLastKnown(value) ?? initial
}
