import type { TRPCClient } from '@trpc/client'
import type { AppRouter } from '../server/router'

/** Every procedure of the server, typed by the server itself. */
export type Calls = Pick<TRPCClient<AppRouter>, 'session' | 'users' | 'rooms' | 'chat' | 'presence'>
