import type { Me } from '../../contract/session'
import { noInput, router, signedInProcedure } from '../trpc'

export const sessionRouter = router({
  me: signedInProcedure.input(noInput).query(({ ctx: { caller } }): Me => {
    return {
      user: caller.user,
      uid: caller.uid,
      sessionId: caller.sessionId,
      expiresAt: caller.expiresAt.toISOString(),
      serverTime: new Date().toISOString(),
    }
  }),
})
