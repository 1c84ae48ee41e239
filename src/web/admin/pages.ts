import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { type ChatFailure, readFailure } from '../../sdk'

export interface Pages<Page> {
  /** Null until the first one is loaded. */
  pages: readonly Page[] | null
  hasMore: boolean
  failure: ChatFailure | null
  loadMore(): void
  /** Reads all shown pages again. */
  reload(): Promise<unknown>
  retry(): void
}

/** A list that comes in pages. While another question is asked, the answer to the one before stays. */
export function usePages<Page extends { cursor: string | null }>(
  queryKey: readonly unknown[],
  read: (cursor: string | null) => Promise<Page>,
): Pages<Page> {
  const { data, error, hasNextPage, isFetchNextPageError, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam: cursor }) => read(cursor),
    initialPageParam: null as string | null,
    getNextPageParam: ({ cursor }) => cursor,
    placeholderData: keepPreviousData,
  })
  return {
    pages: data?.pages ?? null,
    hasMore: hasNextPage,
    failure: error && readFailure(error),
    loadMore: () => void fetchNextPage(),
    reload: () => refetch(),
    retry: () => void (isFetchNextPageError ? fetchNextPage() : refetch()),
  }
}
