import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { type Chat, type ChatFailure, readFailure, type SearchHit } from '../../sdk'
import { useDebounced } from '../ui/debounced'
import { isSearch, type SearchLimits, searchInputOf } from './search-filters'

export interface FoundMessages {
  /** The newest first; null while nothing is searched for, and before the first answer. */
  hits: readonly SearchHit[] | null
  isSearching: boolean
  hasMore: boolean
  /** How many pages there are. A page may be empty though more follow. */
  pages: number
  failure: ChatFailure | null
  loadMore(): void
  retry(): void
}

const keptMs = 10 * 60_000

/** Searches while somebody types. The answers are kept for a while, so that Back leads to the list as it was. */
export function useFoundMessages(client: Chat, text: string, limits: SearchLimits): FoundMessages {
  const query = useDebounced(text, 250)
  const isAsked = isSearch(query, limits)
  const input = searchInputOf(query, limits)
  const { data, error, hasNextPage, isFetching, isFetchingNextPage, isFetchNextPageError, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['message-search', input],
    queryFn: ({ pageParam: cursor }) => client.trpc.chat.search.query({ ...input, ...(cursor !== null && { cursor }) }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ cursor }) => cursor,
    placeholderData: keepPreviousData,
    enabled: isAsked,
    gcTime: keptMs,
    staleTime: keptMs,
  })
  const isShown = isAsked && isSearch(text, limits)
  return {
    hits: isShown && data ? data.pages.flatMap(({ hits }) => hits) : null,
    isSearching: isSearch(text, limits) && (isFetching || query !== text),
    hasMore: isShown && hasNextPage,
    pages: data?.pages.length ?? 0,
    failure: isShown && error ? readFailure(error) : null,
    loadMore: () => {
      if (!isFetchingNextPage) void fetchNextPage()
    },
    retry: () => void (isFetchNextPageError ? fetchNextPage() : refetch()),
  }
}
