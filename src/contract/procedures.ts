import * as z from 'zod'
import * as admin from './admin'
import * as adminAnswers from './answers/admin'
import * as bots from './answers/bots'
import * as messages from './answers/message'
import * as people from './answers/people'
import * as presence from './answers/presence'
import * as rooms from './answers/room'
import * as security from './answers/security'
import * as sessions from './answers/session'
import { countShape, cursorShape, positionShape } from './answers/shapes'
import * as botInputs from './bots'
import { noInput } from './fields'
import * as messageInputs from './message'
import * as peopleInputs from './people'
import { presenceUpdateInput } from './presence'
import * as roomInputs from './room'
import * as securityInputs from './security'
import { revokeSessionInput } from './session'

/** A procedure as other programs see it. The server never checks an answer against its schema: that would cost time with each message. */
export interface ProcedureContract {
  type: 'query' | 'mutation' | 'subscription'
  /** One line for people. */
  about: string
  input: z.ZodType
  /** The answer; of a subscription, each event. */
  output: z.ZodType
}

const query = <Output extends z.ZodType>(about: string, input: z.ZodType, output: Output) =>
  ({ type: 'query', about, input, output }) satisfies ProcedureContract
const mutation = <Output extends z.ZodType>(about: string, input: z.ZodType, output: Output) =>
  ({ type: 'mutation', about, input, output }) satisfies ProcedureContract
const subscription = <Output extends z.ZodType>(about: string, input: z.ZodType, output: Output) =>
  ({ type: 'subscription', about, input, output }) satisfies ProcedureContract

const revoked = z.object({ revoked: countShape })
const room = z.object({ room: z.string() })
const id = z.object({ id: z.string() })
const roomAndUser = z.object({ room: z.string(), user: sessions.userShape })

/** Every procedure with its input and its answer. The router is held to it by its types and by a test. */
export const procedureContracts = {
  'session.me': query('Who is signed in on this connection, and until when.', noInput, sessions.meShape),
  'session.list': query("The caller's sessions, the current one first.", noInput, z.array(sessions.sessionInfoShape)),
  'session.revoke': mutation("Ends one of the caller's sessions.", revokeSessionInput, z.object({ sessionId: z.string() })),
  'session.revokeOthers': mutation("Ends all the caller's sessions except the current one.", noInput, revoked),

  'security.show': query('How the caller can sign in.', noInput, security.securityInfoShape),
  'security.askToConfirm': mutation('Starts confirming with a passkey.', noInput, security.passkeyRequestShape),
  'security.confirm': mutation(
    'Confirms with a password or a passkey that it is the caller.',
    securityInputs.confirmInput,
    security.confirmationShape,
  ),
  'security.startPasskey': mutation('Starts adding a passkey.', securityInputs.confirmedInput, security.newPasskeyRequestShape),
  'security.addPasskey': mutation('Adds the passkey that a browser has made.', securityInputs.addPasskeyInput, security.passkeyShape),
  'security.renamePasskey': mutation('Renames a passkey.', securityInputs.renamePasskeyInput, security.passkeyShape),
  'security.removePasskey': mutation('Removes a passkey.', securityInputs.removePasskeyInput, id),
  'security.startTwoStep': mutation('Starts to turn on two-step sign-in.', securityInputs.confirmedInput, security.authenticatorSetupShape),
  'security.enableTwoStep': mutation(
    'Turns it on, with a code of the app.',
    securityInputs.enableTwoStepInput,
    security.recoveryCodesShape,
  ),
  'security.disableTwoStep': mutation('Turns it off.', securityInputs.confirmedInput, z.object({ disabled: z.literal(true) })),
  'security.renewRecoveryCodes': mutation('Replaces the recovery codes.', securityInputs.confirmedInput, security.recoveryCodesShape),

  'users.me': query('The caller, with their own settings.', noInput, people.profileShape),
  'users.search': query(
    'People by a part of their name.',
    peopleInputs.searchPeopleInput,
    z.object({ users: z.array(people.personShape), cursor: z.null() }),
  ),
  'users.get': query('One person.', peopleInputs.personInput, people.personShape),
  'users.named': query('The names and pictures of several people.', peopleInputs.namedPeopleInput, z.array(sessions.userShape)),
  'users.update': mutation("Changes the caller's profile.", peopleInputs.updateProfileInput, people.profileShape),
  'users.changePassword': mutation('Changes the password, and ends all other sessions.', peopleInputs.changePasswordInput, revoked),
  'users.deleteAccount': mutation("Deletes the caller's account.", peopleInputs.deleteAccountInput, z.object({ deleted: z.literal(true) })),

  'rooms.list': query("The caller's rooms, the one with the newest message first.", noInput, z.array(rooms.roomShape)),
  'rooms.get': query("One of the caller's rooms, archived ones too.", roomInputs.roomInput, rooms.roomShape),
  'rooms.onChange': subscription("The caller's room list, kept current.", noInput, rooms.roomListEventShape),
  'rooms.browse': query('Public rooms.', roomInputs.browseInput, z.object({ rooms: z.array(rooms.publicRoomShape), cursor: cursorShape })),
  'rooms.create': mutation('Makes a room.', roomInputs.createRoomInput, rooms.roomShape),
  'rooms.direct': mutation('Finds or makes the direct room of exactly these people.', roomInputs.directInput, rooms.roomShape),
  'rooms.join': mutation('Joins a public room.', roomInputs.roomInput, rooms.roomShape),
  'rooms.leave': mutation('Leaves a room.', roomInputs.roomInput, room),
  'rooms.members': query(
    'The members of a room.',
    roomInputs.membersInput,
    z.object({ members: z.array(rooms.memberShape), cursor: cursorShape, count: countShape }),
  ),
  'rooms.setNotify': mutation('Sets what the caller is notified of.', roomInputs.notifyInput, rooms.roomShape),
  'rooms.setFavorite': mutation("Keeps a room at the top of the caller's list, or no longer.", roomInputs.favoriteInput, rooms.roomShape),
  'rooms.invite': mutation('Makes somebody a member at once.', roomInputs.memberInput, rooms.memberShape),
  'rooms.showInvite': query('What an invitation link leads to.', roomInputs.inviteTokenInput, rooms.invitedRoomShape),
  'rooms.acceptInvite': mutation('Joins with an invitation link.', roomInputs.inviteTokenInput, rooms.roomShape),
  'rooms.createInvite': mutation(
    'Makes an invitation link. Its token is shown once.',
    roomInputs.createInviteInput,
    rooms.inviteShape.extend({ token: z.string() }),
  ),
  'rooms.invites': query(
    'The invitations that can still be used.',
    roomInputs.roomInput,
    z.object({ invites: z.array(rooms.inviteShape) }),
  ),
  'rooms.revokeInvite': mutation('Ends an invitation.', roomInputs.revokeInviteInput, id),
  'rooms.remove': mutation('Removes a member.', roomInputs.memberInput, roomAndUser),
  'rooms.ban': mutation('Removes somebody and keeps them out.', roomInputs.banInput, roomAndUser),
  'rooms.unban': mutation('Lifts a ban.', roomInputs.memberInput, roomAndUser),
  'rooms.bans': query('Who is banned.', roomInputs.roomInput, z.object({ bans: z.array(rooms.banShape) })),
  'rooms.mute': mutation('Keeps a member from writing for a while.', roomInputs.muteInput, rooms.memberShape),
  'rooms.unmute': mutation('Lets a member write again.', roomInputs.memberInput, rooms.memberShape),
  'rooms.setRole': mutation('Changes the role of a member.', roomInputs.setRoleInput, rooms.memberShape),
  'rooms.update': mutation('Changes name, topic or rules.', roomInputs.updateRoomInput, rooms.changedRoomShape),
  'rooms.archive': mutation('Archives a room, or restores it.', roomInputs.archiveRoomInput, rooms.changedRoomShape),

  'chat.send': mutation(
    'Stores a message. The same clientId gives the same message, whenever it is sent again.',
    messageInputs.sendInput,
    messages.messageShape,
  ),
  'chat.onMessage': subscription(
    'Every change of a room: after `lastEventId`, or from now on.',
    messageInputs.followInput,
    messages.messageEventShape,
  ),
  'chat.history': query('A page of messages.', messageInputs.historyInput, messages.historyPageShape),
  'chat.thread': query('A thread: its first message and the answers.', messageInputs.threadInput, messages.threadPageShape),
  'chat.at': query('The first message at or after a time.', messageInputs.atInput, z.object({ seq: positionShape.nullable() })),
  'chat.pins': query('The pinned messages.', roomInputs.roomInput, z.object({ messages: z.array(messages.messageShape) })),
  'chat.readers': query('Who has read how far, in a small room.', roomInputs.roomInput, presence.readersShape),
  'chat.search': query('Messages of all rooms of the caller, the newest first.', messageInputs.searchInput, messages.searchPageShape),
  'chat.edit': mutation("Changes the text of one's own message.", messageInputs.editInput, messages.messageShape),
  'chat.remove': mutation('Removes a message. Its place stays.', messageInputs.messageInput, messages.messageShape),
  'chat.react': mutation('Adds a reaction.', messageInputs.reactInput, messages.messageShape),
  'chat.unreact': mutation('Takes a reaction back.', messageInputs.reactInput, messages.messageShape),
  'chat.pin': mutation('Pins a message.', messageInputs.messageInput, messages.messageShape),
  'chat.unpin': mutation('Unpins a message.', messageInputs.messageInput, messages.messageShape),
  'chat.markRead': mutation('Moves the read mark forward.', messageInputs.markReadInput, rooms.roomShape),
  'chat.markUnread': mutation('Moves the read mark back, before a message.', messageInputs.messageInput, rooms.roomShape),
  'chat.typing': mutation('Tells the room that the caller is typing.', roomInputs.roomInput, room),

  'bots.create': mutation('Makes a bot of the caller. Its token is shown once.', botInputs.createBotInput, bots.botWithTokenShape),
  'bots.list': query(
    "The caller's bots; for admins, all.",
    botInputs.listBotsInput,
    z.object({ bots: z.array(bots.botAccountShape), cursor: cursorShape }),
  ),
  'bots.rotate': mutation('Replaces the token of a bot.', botInputs.botInput, bots.botWithTokenShape),
  'bots.remove': mutation('Deletes a bot.', botInputs.botInput, z.object({ username: z.string() })),
  'hooks.create': mutation(
    'Makes an address at which programs write in a room. It is shown once.',
    botInputs.createHookInput,
    bots.hookShape.extend({ url: z.string() }),
  ),
  'hooks.createOutgoing': mutation(
    'Posts what people write in a room to an address, signed. The secret is shown once.',
    botInputs.createOutgoingHookInput,
    bots.outgoingHookShape.extend({ secret: z.string() }),
  ),
  'hooks.list': query(
    'The hooks of a room.',
    roomInputs.roomInput,
    z.object({ hooks: z.array(bots.hookShape), outgoing: z.array(bots.outgoingHookShape) }),
  ),
  'hooks.remove': mutation('Removes a hook.', botInputs.removeHookInput, id),

  'presence.onChange': subscription('Who is here and who types.', roomInputs.roomInput, presence.presenceEventShape),
  'presence.update': mutation('Says whether the person is idle on this connection.', presenceUpdateInput, z.object({ away: z.boolean() })),

  'admin.people': query('Everybody with an account.', admin.adminPeopleInput, adminAnswers.adminPeopleShape),
  'admin.disable': mutation('Disables an account.', admin.adminPersonInput, adminAnswers.adminPersonShape),
  'admin.enable': mutation('Enables it again.', admin.adminPersonInput, adminAnswers.adminPersonShape),
  'admin.setRole': mutation("Changes somebody's role on the server.", admin.adminSetRoleInput, adminAnswers.adminPersonShape),
  'admin.resetLink': mutation('Makes a one-time link for a new password.', admin.adminPersonInput, adminAnswers.resetLinkShape),
  'admin.removeSecondFactors': mutation('Turns off two-step sign-in for somebody.', admin.adminPersonInput, adminAnswers.adminPersonShape),
  'admin.endSessions': mutation('Signs somebody out everywhere.', admin.adminPersonInput, adminAnswers.adminPersonShape),
  'admin.deletePerson': mutation('Deletes an account.', admin.adminPersonInput, z.object({ username: z.string() })),
  'admin.settings': query("The server's settings.", noInput, adminAnswers.serverSettingsShape),
  'admin.updateSettings': mutation('Changes them.', admin.updateSettingsInput, adminAnswers.serverSettingsShape),
  'admin.createInvite': mutation(
    'Makes an invitation to the server. Its token is shown once.',
    admin.createServerInviteInput,
    adminAnswers.serverInviteShape.extend({ token: z.string(), url: z.string() }),
  ),
  'admin.invites': query(
    'The invitations that can still be used.',
    noInput,
    z.object({ invites: z.array(adminAnswers.serverInviteShape) }),
  ),
  'admin.revokeInvite': mutation('Ends an invitation.', admin.revokeServerInviteInput, id),
  'admin.audit': query('The audit log, newest first.', admin.auditInput, adminAnswers.auditPageShape),
  'admin.rooms': query('All rooms but the direct ones.', admin.adminRoomsInput, adminAnswers.adminRoomListShape),
  'admin.deleteRoom': mutation('Deletes a room with all its messages.', admin.adminRoomInput, room),
  'admin.connections': query('The newest open connections.', admin.adminConnectionsInput, adminAnswers.adminConnectionsShape),
} as const satisfies Record<string, ProcedureContract>

export type ProcedurePath = keyof typeof procedureContracts
