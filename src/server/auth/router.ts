import type { Me } from '../../contract/session'
import { router, signedInProcedure } from '../trpc'

export const sessionRouter = router({
  me: signedInProcedure.query(({ ctx: { caller } }): Me => {
    return {
      user: caller.user,
      uid: caller.uid,
      sessionId: caller.sessionId,
      expiresAt: caller.expiresAt.toISOString(),
      serverTime: new Date().toISOString(),
    }
  }),
})
