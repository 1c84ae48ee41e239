import { useCallback, useEffect, useRef, useState } from 'react'
import { type ChatClient, type ChatFailure, type Member, type Room, readFailure } from '../../sdk'

export interface Members {
  /** Owners first, then moderators; null until they have come. */
  members: readonly Member[] | null
  /** How many there are in all; null until they have come. */
  count: number | null
  hasMore: boolean
  failure: ChatFailure | null
  loadMore(): void
  /** Reads again what was read. */
  reload(): void
}

type Page = { members: Member[]; cursor: string | null; count: number }

/** Who is in a room, a page at a time. */
export function useMembers(client: ChatClient, room: string, query = ''): Members {
  const of = `${room} ${query}`
  const [found, setFound] = useState<(Page & { of: string }) | null>(null)
  const [failure, setFailure] = useState<ChatFailure | null>(null)
  const latest = useRef(0)
  const current = found?.of === of ? found : null
  const known = useRef(current)
  known.current = current

  const read = useCallback(
    async (before: Page, atLeast: number) => {
      latest.current++
      const call = latest.current
      try {
        let { members, cursor, count } = before
        do {
          const page: Page = await client.rooms.members.query({ room, query, cursor })
          if (call !== latest.current) return
          members = [...members, ...page.members]
          cursor = page.cursor
          count = page.count
        } while (cursor !== null && members.length < atLeast)
        setFound({ members, cursor, count, of: `${room} ${query}` })
        setFailure(null)
      } catch (error) {
        if (call === latest.current) setFailure(readFailure(error))
      }
    },
    [client, room, query],
  )
  const reload = useCallback(() => void read(nobody, known.current?.members.length ?? 0), [read])

  useEffect(() => {
    setFailure(null)
    void read(nobody, 0)
  }, [read])

  return {
    members: current?.members ?? null,
    count: current?.count ?? null,
    hasMore: current !== null && current.cursor !== null,
    failure,
    loadMore: () => void read(current ?? nobody, (current?.members.length ?? 0) + 1),
    reload,
  }
}

const nobody: Page = { members: [], cursor: null, count: 0 }

/** Calls `reload` a while after the key has changed, and once for all changes within it. */
export function useReloadAfter(key: string, pauseMs: number, reload: () => void) {
  const seen = useRef(key)
  const waiting = useRef<ReturnType<typeof setTimeout> | null>(null)
  const call = useRef(reload)
  call.current = reload
  useEffect(() => {
    if (seen.current === key) return
    seen.current = key
    waiting.current ??= setTimeout(() => {
      waiting.current = null
      call.current()
    }, pauseMs)
  }, [key, pauseMs])
  useEffect(
    () => () => {
      if (waiting.current) clearTimeout(waiting.current)
    },
    [],
  )
}

/** Changes with what the room's own lines tell, and with the viewer's standing in it. */
export function lineKeyOf({ id, role, mutedUntil, lastMessage }: Room): string {
  return [id, role, mutedUntil, lastMessage && lastMessage.kind !== 'text' ? lastMessage.seq : ''].join(' ')
}
