import * as z from 'zod'
import { serverRoles } from '../rules'
import { userShape } from './session'

export const personShape = userShape
  .extend({
    status: z.string(),
    role: z.enum(serverRoles),
    timeZone: z.string().nullable().describe('Like "Europe/Madrid"; null when they do not share it.'),
  })
  .meta({ id: 'Person', description: 'A person as other people see them.' })

export const profileShape = personShape
  .extend({ hideLastSeen: z.boolean(), hideReads: z.boolean() })
  .meta({ id: 'Profile', description: 'The signed-in person, with the settings that only they can see.' })
