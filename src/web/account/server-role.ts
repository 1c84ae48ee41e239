import type { QueryClient } from '@tanstack/react-query'
import { useQuery } from '@tanstack/react-query'
import type { Chat, ConnectionStatus, ServerRole } from '../../sdk'

/** The person's role on the server. Asked again with each new connection and whenever the page gets the focus: it may have changed. */
export function useServerRole(client: Chat | null, status: ConnectionStatus, queries: QueryClient, initial: ServerRole): ServerRole {
  const { data } = useQuery(
    {
      queryKey: ['profile', 'role'],
      queryFn: async () => (client ? (await client.trpc.users.me.query()).role : initial),
      enabled: client !== null && status.state === 'connected',
      refetchOnWindowFocus: 'always',
    },
    queries,
  )
  return data ?? initial
}
