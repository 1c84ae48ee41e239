import { Failure } from '../../contract/failures'
import type { JobHandler, NewJob } from '../jobs/job-worker'
import { eraseBotAccount } from './bot-accounts'

const jobName = 'erase bot of hook'

/**
 * Deletes the account of a hook's bot. It is added in the transaction that removes the hook, because the bot's rooms have to be
 * locked in their order, and the hook's room is locked already.
 */
export const erasureOf = (botId: string): NewJob => ({ job: jobName, key: botId, payload: { botId } })

export const createHookBotErasure = (parts: Parameters<typeof eraseBotAccount>[0]): JobHandler => ({
  name: jobName,
  run: async (payload) => {
    const { botId } = payload as { botId: string }
    await eraseBotAccount(parts, { begin: async () => botId }).catch((error: unknown) => {
      // It was erased by an earlier run.
      if (!(error instanceof Failure && error.failure === 'USER_NOT_FOUND')) throw error
    })
  },
})
