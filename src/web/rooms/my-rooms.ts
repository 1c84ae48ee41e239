import { useCallback, useEffect, useRef, useState } from 'react'
import { type ChatClient, type ChatFailure, type ConnectionStatus, type Room, readFailure } from '../../sdk'

export interface MyRooms {
  /** The one with the newest talk first; null until they were read. */
  rooms: readonly Room[] | null
  failure: ChatFailure | null
  reload(): Promise<void>
}

/** The person's rooms, read again on every connection. */
export function useMyRooms(client: ChatClient | null, status: ConnectionStatus): MyRooms {
  const [rooms, setRooms] = useState<readonly Room[] | null>(null)
  const [failure, setFailure] = useState<ChatFailure | null>(null)
  const latest = useRef(0)

  const reload = useCallback(async () => {
    if (!client) return
    latest.current++
    const call = latest.current
    try {
      const list = await client.rooms.list.query()
      if (call !== latest.current) return
      setRooms(list)
      setFailure(null)
    } catch (error) {
      const reason = readFailure(error)
      // A new connection reads the list again by itself.
      if (call === latest.current && reason.name !== 'DISCONNECTED') setFailure(reason)
    }
  }, [client])

  useEffect(() => {
    if (status === 'connected') void reload()
  }, [status, reload])

  return { rooms, failure, reload }
}
