import { useEffect, useReducer } from 'react'
import type { Chat } from '../chat'
import { useChat, useIsServer } from './chat-provider'
import { findOrOpen, type Kept } from './kept-handles'

/**
 * What is open under a key in the nearest chat, opened if needed, and kept open while the component is mounted.
 * @param key null to open nothing
 * @returns null on a server, and without a key
 */
export function useKept<Handle extends { close(): void }>(key: string | null, open: (chat: Chat) => Handle): Kept<Handle> | null {
  const chat = useChat()
  const isServer = useIsServer()
  const kept = isServer || key === null ? null : findOrOpen(chat, key, open)
  const [, renderAgain] = useReducer((count: number) => count + 1, 0)
  useEffect(() => {
    if (!kept?.isClosed) return kept?.retain()
    // It took so long until this was shown that it was given up.
    renderAgain()
  }, [kept])
  return kept
}
