import * as z from 'zod'
import { timeShape } from './shapes'

export const userShape = z
  .object({ id: z.string(), username: z.string(), displayName: z.string(), avatar: z.string().nullable() })
  .meta({ id: 'User', description: 'A person as everybody sees them.' })

export const meShape = z
  .object({
    user: userShape,
    uid: z.string().nullable().describe('The id of this connection, as in `Message.uid`; null over plain HTTP.'),
    sessionId: z.string(),
    expiresAt: timeShape,
    serverTime: timeShape,
  })
  .meta({ id: 'Me' })

export const sessionInfoShape = z
  .object({
    id: z.string(),
    device: z.string().nullable().describe('The user agent; null when it sent none.'),
    ip: z.string().nullable(),
    method: z.enum(['password', 'password and code', 'password and recovery code', 'passkey', 'oidc', 'token', 'bot']),
    newDevice: z.boolean(),
    created: timeShape,
    lastSeen: timeShape,
    current: z.boolean().describe('Whether this call was made with it.'),
  })
  .meta({ id: 'SessionInfo' })
