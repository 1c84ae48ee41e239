import { Failure } from '../../contract/failures'
import type { JobHandler } from '../jobs/job-worker'
import { botErasureName } from '../people/bot-erasure'
import { eraseBotAccount } from './bot-accounts'

/** The job that `erasureOf` adds. */
export const createHookBotErasure = (parts: Parameters<typeof eraseBotAccount>[0]): JobHandler => ({
  name: botErasureName,
  run: async (payload) => {
    const { botId } = payload as { botId: string }
    await eraseBotAccount(parts, { begin: async () => botId }).catch((error: unknown) => {
      // It was erased by an earlier run.
      if (!(error instanceof Failure && error.failure === 'USER_NOT_FOUND')) throw error
    })
  },
})
