import type { AuthNeeds } from './auth/needs'
import type { CallContext } from './caller'
import type { ChatNeeds } from './chat/needs'
import type { PeopleNeeds } from './people/needs'
import type { Limit } from './platform/limits'
import type { PresenceNeeds } from './presence/needs'
import type { RoomsNeeds } from './rooms/needs'
import type { SecurityNeeds } from './security/needs'

/** What every procedure needs, before its operation runs. */
interface ProcedureNeeds {
  limits: { acts: Limit; lookUps: Limit }
}

/** The needs of all features together. Operations never see it: each takes only the needs of its own feature. */
export type Context = CallContext<ProcedureNeeds & AuthNeeds & SecurityNeeds & PeopleNeeds & RoomsNeeds & ChatNeeds & PresenceNeeds>
