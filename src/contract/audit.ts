/**
 * Everything that the audit log records. The part before the dot groups what belongs together, so that a filter by `room`
 * finds every act in rooms.
 */
export const auditKinds = [
  // Getting in, and failing to.
  'signIn.succeeded',
  'signIn.failed',
  'signIn.locked',
  'signIn.newDevice',

  // What people do to their own account.
  'account.registered',
  'account.signedOut',
  'account.sessionsEnded',
  'account.passwordChanged',
  'account.passwordReset',
  'account.secondFactorAdded',
  'account.secondFactorRemoved',
  'account.recoveryCodeUsed',
  'account.passkeyAdded',
  'account.passkeyRemoved',
  'account.deleted',

  // Calls that a role on the server does not allow.
  'access.refused',

  'admin.disabled',
  'admin.enabled',
  'admin.roleSet',
  'admin.resetLinkMade',
  'admin.sessionsEnded',
  'admin.secondFactorsRemoved',
  'admin.personCreated',
  'admin.personDeleted',
  'admin.settingsUpdated',
  'admin.inviteCreated',
  'admin.inviteRevoked',
  'admin.roomDeleted',
  'admin.roomExported',

  'room.created',
  'room.updated',
  'room.archived',
  'room.restored',
  'room.roleSet',
  'room.invited',
  'room.removed',
  'room.banned',
  'room.unbanned',
  'room.muted',
  'room.unmuted',
  'room.inviteCreated',
  'room.inviteRevoked',
  'room.inviteAccepted',
  'room.messageRemoved',
  'room.hookCreated',
  'room.hookRemoved',

  'bot.created',
  'bot.rotated',
  'bot.removed',
] as const

export type AuditKind = (typeof auditKinds)[number]

export const auditGroups = ['signIn', 'account', 'access', 'admin', 'room', 'bot'] as const

/** One entry of the audit log. It outlives the people and rooms that it names. */
export interface AuditEntry {
  /** Rises with every entry. */
  id: string
  /** ISO 8601. */
  at: string
  kind: AuditKind
  /** Who did it; null when nobody was signed in, or the operator did it from the command line. */
  actor: AuditPerson | null
  /** Whom it was done to, if anybody. */
  subject: AuditPerson | null
  room: { id: string; name: string | null } | null
  /** The address it came from; null where there was none. */
  ip: string | null
  /** What else there is to know, for example `{ role: 'admin' }`. Never a secret, never the text of a message. */
  detail: Record<string, unknown>
}

export interface AuditPerson {
  id: string
  /** Null when that account was deleted. */
  username: string | null
}
