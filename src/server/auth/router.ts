import { revokeSessionInput } from '../../contract/session'
import { noInput, router, signedInProcedure } from '../trpc'
import { listSessions, revokeOtherSessions, revokeOwnSession, showMe } from './own-sessions'

export const sessionRouter = router({
  me: signedInProcedure.input(noInput).query(({ ctx }) => showMe(ctx)),
  list: signedInProcedure.input(noInput).query(({ ctx }) => listSessions(ctx)),
  revoke: signedInProcedure.input(revokeSessionInput).mutation(({ ctx, input }) => revokeOwnSession(ctx, input.sessionId)),
  revokeOthers: signedInProcedure.input(noInput).mutation(({ ctx }) => revokeOtherSessions(ctx)),
})
