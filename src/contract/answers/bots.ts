import * as z from 'zod'
import { userShape } from './session'
import { countShape, timeShape } from './shapes'

export const botAccountShape = z
  .object({
    user: userShape,
    owner: z.string().nullable(),
    createdAt: timeShape,
    lastSeenAt: timeShape.nullable(),
    disabledAt: timeShape.nullable(),
    isActive: z.boolean().describe('Whether its token works.'),
  })
  .meta({ id: 'BotAccount' })

export const botWithTokenShape = z
  .object({ user: userShape, token: z.string().describe('Begins with `rlb_`, and does not expire.') })
  .meta({ id: 'BotWithToken' })

export const hookShape = z
  .object({ id: z.string(), room: z.string(), name: z.string(), user: userShape, by: z.string().nullable(), createdAt: timeShape })
  .meta({ id: 'Hook', description: 'An address at which programs write in a room.' })

export const outgoingHookShape = z
  .object({
    id: z.string(),
    room: z.string(),
    name: z.string(),
    url: z.string(),
    by: z.string().nullable(),
    createdAt: timeShape,
    failing: z.object({ error: z.string(), tries: countShape, nextTryAt: timeShape.nullable() }).nullable(),
    stoppedAt: timeShape.nullable().describe('Since when nothing is posted any more, because it has failed too often.'),
  })
  .meta({ id: 'OutgoingHook', description: 'An address that what people write in a room is posted to.' })
