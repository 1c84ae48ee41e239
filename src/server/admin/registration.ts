import { Failure } from '../../contract/failures'
import type { Admit } from '../auth/session-store'
import { announceToRoom } from '../bus/announce'
import type { RoomNews } from '../bus/news-bus'
import type { Config } from '../platform/config'
import type { Querying } from '../platform/database'
import { isLoopback } from '../platform/unsafe-settings'
import { countInviteUse } from '../rooms/invite-links'
import { joinByInvite } from '../rooms/joining'
import type { ReadMessages } from '../rooms/locked-room'
import { changeLocked } from '../rooms/room-lock'
import { writeAudit } from './audit-log'
import { hashLinkToken } from './link-tokens'
import type { AdminNeeds } from './needs'
import { countServerInviteUse } from './server-invites'
import { readSettings } from './settings'
import { isSetupToken } from './setup-link'

/** What somebody who wants an account has to show for it. */
export interface Entitlement {
  /** The token of an invitation to the server or to a room. */
  invite?: string | undefined
  setup?: string | undefined
  /** The address that it comes from, for the audit log. */
  ip?: string | null
}

export interface RegistrationParts {
  bus: AdminNeeds['bus']
  server: AdminNeeds['server'] & Pick<Config, 'authSecrets'>
  readMessages: ReadMessages
}

/** What somebody becomes, and the room that they join by their invitation. */
type Admission = { role: 'admin' | 'member' | 'guest'; room?: string }

/** Who may make an account. */
export interface Registration {
  /** @returns what decides in the transaction that creates the person, and what announces it after the commit */
  begin(entitlement: Entitlement): { admit: Admit; announce(): void }
}

export function createRegistration({ bus, server, readMessages }: RegistrationParts): Registration {
  return {
    begin: ({ invite, setup, ip = null }) => {
      let joined: { room: string; news: RoomNews[] } | null = null
      return {
        admit: async (transaction, isFirst) => {
          joined = null
          const { role, room } = isFirst ? admitFirst(server, setup) : await admitAnother(transaction, server, { invite, setup })
          return {
            role,
            welcome: async ({ id: actorId }) => {
              const by = isFirst ? 'first account' : invite === undefined ? 'open registration' : 'invitation'
              await writeAudit(transaction, { kind: 'account.registered', actorId, subjectId: actorId, ip, detail: { by, role } })
              if (room === undefined || invite === undefined) return
              const change = { readMessages, right: 'rooms.acceptInvite', roomId: room, actorId, ip } as const
              const { news } = await changeLocked(transaction, change, async (locked) => {
                // Everybody is in the first room already.
                if (locked.actor.room === null) await joinByInvite(locked, invite)
                else await countInviteUse(locked, invite)
              })
              joined = { room, news }
            },
          }
        },
        announce: () => {
          if (joined) announceToRoom({ bus }, joined.room, joined.news)
        },
      }
    },
  }
}

/** Whoever can reach a server that others cannot reach may begin. @throws {Failure} SETUP_NEEDED */
function admitFirst({ publicUrl, authSecrets }: RegistrationParts['server'], setup: string | undefined): Admission {
  const mayBegin = setup === undefined ? isLoopback(new URL(publicUrl).hostname) : isSetupToken(setup, authSecrets)
  if (!mayBegin) throw new Failure('SETUP_NEEDED')
  return { role: 'admin' }
}

/** @throws {Failure} REGISTRATION_CLOSED, INVITATION_NEEDED, INVITE_NOT_FOUND */
async function admitAnother(
  transaction: Querying,
  server: RegistrationParts['server'],
  { invite, setup }: Entitlement,
): Promise<Admission> {
  const { registration } = await readSettings(transaction, server)
  if (registration === 'closed') throw new Failure('REGISTRATION_CLOSED')
  // The setup link is for the first account only.
  if (setup !== undefined) throw new Failure('INVITE_NOT_FOUND')
  if (invite !== undefined) return (await countServerInviteUse(transaction, invite)) ?? (await findRoomInvite(transaction, invite))
  if (registration === 'invite') throw new Failure('INVITATION_NEEDED')
  return { role: 'member' }
}

/** Its use is counted when they join. A guest can only invite guests. @throws {Failure} INVITE_NOT_FOUND */
async function findRoomInvite(transaction: Querying, token: string): Promise<Admission> {
  const { rows } = await transaction.query<Admission>(
    `SELECT i.room_id AS room, CASE u.role WHEN 'guest' THEN 'guest' ELSE 'member' END AS role
     FROM invites i JOIN users u ON u.id = i.created_by WHERE i.token_hash = $1`,
    [hashLinkToken(token)],
  )
  const [found] = rows
  if (!found) throw new Failure('INVITE_NOT_FOUND')
  return found
}
