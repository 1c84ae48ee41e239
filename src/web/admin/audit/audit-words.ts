import type { AuditEntry, AuditKind, AuditPerson, auditGroups } from '../../../contract/audit'
import { describeDevice } from '../../account/session-list'

/** What somebody did, as the end of a sentence that begins with their name. `{person}` and `{room}` stand for whom and where. */
export const auditWords: Record<AuditKind, string> = {
  'signIn.succeeded': 'signed in',
  'signIn.failed': 'failed to sign in as {person}',
  'signIn.locked': 'was locked out after too many failed attempts as {person}',
  'signIn.newDevice': 'signed in from a new device',

  'account.registered': 'created their account',
  'account.signedOut': 'signed out',
  'account.sessionsEnded': 'ended sessions of their own',
  'account.passwordChanged': 'changed their password',
  'account.passwordReset': 'chose a new password with a reset link',
  'account.secondFactorAdded': 'added an authenticator app',
  'account.secondFactorRemoved': 'removed their authenticator app',
  'account.recoveryCodeUsed': 'signed in with a recovery code',
  'account.passkeyAdded': 'added a passkey',
  'account.passkeyRemoved': 'removed a passkey',
  'account.deleted': 'deleted their account',

  'access.refused': "tried something that their role doesn't allow",

  'admin.disabled': "disabled {person}'s account",
  'admin.enabled': "enabled {person}'s account",
  'admin.roleSet': 'changed the role of {person}',
  'admin.resetLinkMade': 'made a password reset link for {person}',
  'admin.sessionsEnded': 'signed {person} out everywhere',
  'admin.secondFactorsRemoved': "removed {person}'s two-step sign-in and passkeys",
  'admin.personCreated': "created {person}'s account",
  'admin.personDeleted': "deleted {person}'s account",
  'admin.settingsUpdated': "changed the server's settings",
  'admin.inviteCreated': 'created an invitation to the server',
  'admin.inviteRevoked': 'revoked an invitation to the server',
  'admin.roomDeleted': 'deleted {room}',
  'admin.roomExported': 'exported {room}',

  'room.created': 'created {room}',
  'room.updated': 'changed the settings of {room}',
  'room.archived': 'archived {room}',
  'room.restored': 'restored {room}',
  'room.roleSet': 'changed the role of {person} in {room}',
  'room.invited': 'added {person} to {room}',
  'room.removed': 'removed {person} from {room}',
  'room.banned': 'banned {person} from {room}',
  'room.unbanned': 'unbanned {person} in {room}',
  'room.muted': 'muted {person} in {room}',
  'room.unmuted': 'unmuted {person} in {room}',
  'room.inviteCreated': 'created an invitation link to {room}',
  'room.inviteRevoked': 'revoked an invitation link to {room}',
  'room.inviteAccepted': 'joined {room} with an invitation link',
  'room.messageRemoved': 'removed a message of {person} in {room}',
  'room.hookCreated': 'created a hook in {room}',
  'room.hookRemoved': 'removed a hook from {room}',

  'bot.created': 'created the bot {person}',
  'bot.rotated': 'gave the bot {person} another token',
  'bot.removed': 'removed the bot {person}',
}

export const groupNames: Record<(typeof auditGroups)[number], string> = {
  signIn: 'Signing in',
  account: 'Own accounts',
  access: 'Refusals',
  admin: 'Acts of admins',
  room: 'Acts in rooms',
  bot: 'Bots',
}

/** A kind as a choice in a list: "Disabled somebody's account". */
export function kindWords(kind: AuditKind): string {
  const words = auditWords[kind].replace('{person}', 'somebody').replace('{room}', 'a room')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Who did it. */
export function actorWords({ actor, kind }: Pick<AuditEntry, 'actor' | 'kind'>): string {
  if (actor) return nameOf(actor)
  // Only from the command line can somebody act as an admin without an account.
  return kind.startsWith('admin.') ? 'The operator' : 'Somebody'
}

export function describeAct({ kind, subject, room, detail }: Pick<AuditEntry, 'kind' | 'subject' | 'room' | 'detail'>): string {
  const typedName = typeof detail.username === 'string' ? `@${detail.username}` : 'an unknown username'
  return auditWords[kind]
    .replace('{person}', () => (subject ? nameOf(subject) : typedName))
    .replace('{room}', () => room?.name ?? (typeof detail.name === 'string' ? detail.name : 'a deleted room'))
}

/** What else the entry says: "from member, to admin". */
export function detailWords(detail: AuditEntry['detail']): string {
  return (
    Object.entries(detail)
      .filter(([name, value]) => value !== null && value !== '' && !unspoken.has(name))
      // The database keeps no order.
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, value]) => `${spaced(name)} ${valueWords(name, value)}`)
      .join(', ')
  )
}

/** Ids, and what the sentence has said already. */
const unspoken = new Set(['username', 'invite', 'session', 'passkey', 'newDevice', 'hook'])

function valueWords(name: string, value: unknown): string {
  if (name === 'device') return describeDevice(String(value)).words
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const spaced = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

const nameOf = ({ username }: AuditPerson) => (username ? `@${username}` : 'a deleted user')
