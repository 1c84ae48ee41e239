import type { TRPCClient } from '@trpc/client'
import type { AppRouter } from '../server/router'

/** The procedures of the server with the types of its own router. */
export type Procedures = Pick<
  TRPCClient<AppRouter>,
  'session' | 'security' | 'users' | 'rooms' | 'chat' | 'presence' | 'bots' | 'hooks' | 'admin'
>
