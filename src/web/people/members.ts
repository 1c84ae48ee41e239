import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef } from 'react'
import { type Chat, type ChatFailure, type Member, type Room, readFailure } from '../../sdk'

export interface Members {
  /** Owners first, then moderators; null until they are loaded. */
  members: readonly Member[] | null
  hasMore: boolean
  failure: ChatFailure | null
  loadMore(): void
  reload(): void
}

/** A room's members who match the query, one page at a time. */
export function useMembers(client: Chat, room: string, query = ''): Members {
  const { data, error, hasNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['members', room, query],
    queryFn: ({ pageParam: cursor }) => client.trpc.rooms.members.query({ room, query, cursor }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ cursor }) => cursor,
  })
  return {
    members: data?.pages.flatMap(({ members }) => members) ?? null,
    hasMore: hasNextPage,
    failure: error && readFailure(error),
    loadMore: () => void fetchNextPage(),
    reload: () => void refetch(),
  }
}

/** How many members the room has; null until that is known. A query of its own: the list may have many pages to read again. */
export function useMemberCount(client: Chat, room: string): number | null {
  const { data } = useQuery({
    queryKey: ['members', room, null],
    queryFn: async () => (await client.trpc.rooms.members.query({ room })).count,
  })
  return data ?? null
}

/** @returns a function that reads again whatever is shown of the room's members */
export function useReloadMembers(room: string): () => void {
  const queries = useQueryClient()
  return useCallback(() => void queries.invalidateQueries({ queryKey: ['members', room] }), [queries, room])
}

/** Calls `reload` some time after the key has changed, and only once for all the changes in between. */
export function useReloadAfter(key: string, delayMs: number, reload: () => void) {
  const seen = useRef(key)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const latest = useRef(reload)
  latest.current = reload
  useEffect(() => {
    if (seen.current === key) return
    seen.current = key
    timer.current ??= setTimeout(() => {
      timer.current = null
      latest.current()
    }, delayMs)
  }, [key, delayMs])
  useEffect(
    () => () => {
      if (timer.current) clearTimeout(timer.current)
    },
    [],
  )
}

/** Changes when a line about the room's people or settings is added, and when the viewer's own membership changes. */
export function membershipKeyOf({ id, role, mutedUntil, lastMessage }: Room): string {
  return [id, role, mutedUntil, lastMessage && lastMessage.kind !== 'text' ? lastMessage.seq : ''].join(' ')
}
