import { useInfiniteQuery } from '@tanstack/react-query'
import { type Chat, type ChatFailure, type Member, readFailure } from '../../sdk'

export interface MemberPages {
  /** Owners first, then moderators; null until they are loaded. */
  members: readonly Member[] | null
  hasMore: boolean
  failure: ChatFailure | null
  loadMore(): void
  reload(): void
}

/** A room's members who match the query, one page at a time. */
export function useMemberPages(client: Chat, room: string, query = ''): MemberPages {
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
