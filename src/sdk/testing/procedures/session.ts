import { noInput } from '../../../contract/fields'
import { query, type TestProcedures } from '../procedure'
import { toTime, toUser } from '../world'

export const sessionProcedures = {
  me: query(noInput, ({ world, account, uid, sessionId, expiresAt }) => ({
    ...{ user: toUser(account), uid, sessionId, expiresAt: toTime(expiresAt), serverTime: toTime(world.clock.now()) },
  })),
} satisfies TestProcedures<'session'>
