import * as z from 'zod'
import { limits } from '../rules'
import { userShape } from './session'
import { countShape, timeShape } from './shapes'

const personPresence = z
  .object({ username: z.string(), state: z.enum(['here', 'away', 'offline']), lastSeen: timeShape.nullable() })
  .meta({ id: 'PersonPresence' })

const news = {
  known: z.boolean().describe('False while the server does not know who is here.'),
  count: countShape.describe('How many members are here or away.'),
  people: z.array(personPresence).max(limits.presenceNamed),
  typing: z.array(z.string()).describe('Usernames. Valid until the next event.'),
  reads: z
    .array(z.object({ username: z.string(), readSeq: countShape }))
    .optional()
    .describe('How far people have read, who have read further; never in a large room.'),
}

export const presenceEventShape = z
  .discriminatedUnion('type', [z.object({ type: z.literal('now'), ...news }), z.object({ type: z.literal('changed'), ...news })])
  .meta({ id: 'PresenceEvent', description: 'First `now`, then `changed` with what is different.' })

export const readersShape = z.object({ readers: z.array(z.object({ user: userShape, readSeq: countShape })) }).meta({ id: 'Readers' })
