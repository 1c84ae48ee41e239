import { adminRouter } from './admin/router'
import { sessionRouter } from './auth/router'
import { botsRouter, hooksRouter } from './bots/router'
import { chatRouter } from './chat/router'
import { usersRouter } from './people/router'
import { presenceRouter } from './presence/router'
import { roomsRouter } from './rooms/router'
import { securityRouter } from './security/router'
import { router } from './trpc'

export const appRouter = router({
  session: sessionRouter,
  security: securityRouter,
  users: usersRouter,
  rooms: roomsRouter,
  chat: chatRouter,
  presence: presenceRouter,
  bots: botsRouter,
  hooks: hooksRouter,
  admin: adminRouter,
})

/** The type of the whole API of the realtime server. Clients import this, and nothing else from the server. */
export type AppRouter = typeof appRouter
