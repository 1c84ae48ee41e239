import type { ConnectionSurvey } from './admin/connection-survey'
import type { AdminNeeds } from './admin/needs'
import type { RefusedCalls } from './admin/refused-calls'
import type { AuthNeeds } from './auth/needs'
import type { BotsNeeds } from './bots/needs'
import type { CallContext } from './caller'
import type { ChatNeeds } from './chat/needs'
import type { CallLimits } from './fairness/call-limits'
import type { PeopleNeeds } from './people/needs'
import type { PresenceNeeds } from './presence/needs'
import type { RoomsNeeds } from './rooms/needs'
import type { SecurityNeeds } from './security/needs'

/** What every procedure needs, before its operation runs. */
interface ProcedureNeeds {
  limits: CallLimits
  refusedCalls: Pick<RefusedCalls, 'note'>
}

/** The needs of all features together. Operations never see it: each takes only the needs of its own feature. */
export type Context = CallContext<
  ProcedureNeeds &
    AuthNeeds &
    SecurityNeeds &
    PeopleNeeds &
    RoomsNeeds &
    ChatNeeds &
    PresenceNeeds &
    BotsNeeds &
    AdminNeeds & { survey: ConnectionSurvey }
>
