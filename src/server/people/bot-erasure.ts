import type { NewJob } from '../jobs/job-worker'

/** The name of the job that deletes the account of a hook's bot. */
export const botErasureName = 'erase bot of hook'

/**
 * Deletes the account of a hook's bot. It is added in the transaction that removes the hook, because the bot's rooms have to be
 * locked in their order, and the hook's room is locked already.
 */
export const erasureOf = (botId: string): NewJob => ({ job: botErasureName, key: botId, payload: { botId } })
