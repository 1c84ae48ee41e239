export type { FailureName } from '../contract/failures'
export type { FirstPage, HistoryPage, LineDetail, Message, MessageKind, SearchHit, SearchPage, ThreadPage } from '../contract/message'
export type { Person, Profile } from '../contract/people'
export type { PersonPresence, PresenceState } from '../contract/presence'
export type {
  Ban,
  Invite,
  InvitedRoom,
  LastMessage,
  Member,
  NotificationLevel,
  PostingPolicy,
  PublicRoom,
  Room,
  RoomKind,
  RoomListEvent,
} from '../contract/room'
export type { RoomRole, ServerRole } from '../contract/rules'
export type {
  AuthenticatorSetup,
  Confirmation,
  NewPasskeyRequest,
  Passkey,
  PasskeyRequest,
  RecoveryCodes,
  SecurityInfo,
} from '../contract/security'
export type { Me, SessionInfo, SignInMethod, User } from '../contract/session'
export type { AppRouter } from '../server/router'
export type { Procedures } from './calls'
export { type Chat, type ChatConnection, type ChatOptions, createChat } from './chat'
export { ChatError, type ChatFailure, type ChatFailureName, readFailure } from './chat-error'
export type { Clock } from './clock'
export type { Auth } from './connection/credentials'
export type { WebSocketClass, WebSocketLike } from './connection/raw-socket'
export type { ConnectionStatus } from './connection/status'
export type { Sending } from './outbox'
export { createIndexedDbOutbox, createMemoryOutbox, type OutboxStorage, type Unsent } from './outbox-storage'
export type { ChatPeople } from './people'
export type { PresenceHandle, PresenceView } from './presence'
export type { Answered, ChatRoom, RoomOptions, RoomSearchOptions, SendOptions } from './room'
export type { MembershipChange, RoomEvent } from './room-events'
export type { RoomListHandle, RoomListState } from './room-list'
export type { RoomTimeline } from './room-timeline'
export type { RoomListener, RoomState } from './room-window'
export type { ChatRooms, NewRoom } from './rooms'
export { finishSignIn, type SignedIn, signIn } from './sign-in'
export type { Store } from './store'
export type { ThreadHandle, ThreadState } from './thread'
