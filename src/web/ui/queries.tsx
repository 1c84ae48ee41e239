import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import type { ComponentType } from 'react'
import type { Chat } from '../../sdk'
import { onMembersChange } from '../people/member-count'

/** Answers are forgotten as soon as nothing shows them. The SDK reconnects and retries: a failure here is final. */
export const createQueries = () =>
  new QueryClient({
    defaultOptions: {
      queries: { gcTime: 0, retry: false, networkMode: 'always', refetchOnReconnect: false, refetchOnWindowFocus: false },
    },
  })

/** One person must not see another's answers. */
const queriesByClient = new WeakMap<Chat, QueryClient>()

function queriesOf(client: Chat): QueryClient {
  const known = queriesByClient.get(client)
  if (known) return known
  const queries = createQueries()
  onMembersChange((room) => void queries.invalidateQueries({ queryKey: ['members', room] }))
  queriesByClient.set(client, queries)
  return queries
}

/**
 * A part of the page that may use queries. Only parts that are loaded when they are opened have them: what a room shows from
 * the start is an `Answer`, which needs no library.
 */
export function withQueries<Props extends { client: Chat }>(Part: ComponentType<Props>): ComponentType<Props> {
  return function WithQueries(props) {
    return (
      <QueryClientProvider client={queriesOf(props.client)}>
        <Part {...props} />
      </QueryClientProvider>
    )
  }
}
