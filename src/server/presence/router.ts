import { Failure } from '../../contract/failures'
import { presenceUpdateInput } from '../../contract/presence'
import { inRoom, router, signedInProcedure } from '../trpc'
import { followPresence } from './follow-presence'

export const presenceRouter = router({
  onChange: inRoom.subscription(async ({ ctx, input, signal }) => {
    const { connection, user } = ctx.caller
    if (!connection) throw new Failure('METHOD_NOT_ALLOWED')
    const release = connection.openSubscription()
    const subscription = ctx.parts.presence.watch(input.room, user.id)
    const stop = () => {
      subscription.close()
      release()
    }
    // A generator that is stopped before its first read does not run its `finally`.
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
    return followPresence(subscription, () => connection.untilReadable(), stop)
  }),

  update: signedInProcedure.input(presenceUpdateInput).mutation(({ ctx, input }) => {
    const { connection } = ctx.caller
    if (!connection) throw new Failure('METHOD_NOT_ALLOWED')
    connection.setAway(input.away)
    return { away: input.away }
  }),
})
