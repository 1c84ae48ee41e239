import { useCallback, useEffect, useRef, useState } from 'react'
import { type ChatClient, type ChatFailure, type PublicRoom, readFailure } from '../../sdk'

/** Public rooms that match, a page at a time; null until the first page has come. */
export function usePublicRooms(client: ChatClient, query: string) {
  const [rooms, setRooms] = useState<readonly PublicRoom[] | null>(null)
  const [cursor, setCursor] = useState<string | null>(null)
  const [failure, setFailure] = useState<ChatFailure | null>(null)
  const latest = useRef(0)

  const load = useCallback(
    async (after: string | null) => {
      latest.current++
      const call = latest.current
      setFailure(null)
      try {
        const page = await client.rooms.browse.query({ query, cursor: after })
        if (call !== latest.current) return
        setRooms((known) => (after && known ? [...known, ...page.rooms] : page.rooms))
        setCursor(page.cursor)
      } catch (error) {
        if (call === latest.current) setFailure(readFailure(error))
      }
    },
    [client, query],
  )

  useEffect(() => void load(null), [load])

  return { rooms, hasMore: cursor !== null, failure, loadMore: () => void load(cursor), retry: () => void load(rooms ? cursor : null) }
}
