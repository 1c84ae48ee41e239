/**
 * The rules that server, SDK and web app share. This file imports nothing, so everything may import it, and the browser
 * bundle gets no schema library with it.
 */

/** Lengths are in characters as `countCharacters` counts them. */
export const limits = {
  username: { min: 2, max: 32 },
  displayName: 64,
  status: 140,
  avatarPath: 500,
  password: { min: 8, max: 128 },
  /** A password that is only compared may be longer than one that may be chosen. */
  typedPassword: 1_024,
  typedUsername: 256,

  roomId: 64,
  roomName: 60,
  roomTopic: 250,
  banReason: 250,
  /** Ids of sessions and invitations. */
  id: 64,
  inviteToken: 128,
  cursor: 1_000,

  messageText: 4_000,
  clientId: { min: 8, max: 64 },
  quote: 200,
  emoji: 40,
  /** Different emoji on one message. */
  emojiPerMessage: 20,
  /** People named for one emoji; all are counted. */
  reactorsNamed: 50,
  mentionsPerMessage: 50,

  /** Pinned messages of one room. */
  pinsPerRoom: 100,
  /** Members of the largest room that shows who has read how far. */
  readersShown: 20,

  timeZone: 64,
  /** People asked for by username at once. */
  peopleNamed: 100,
  peopleQuery: 64,
  roomQuery: 60,
  messageQuery: 500,
  /** A time as text. */
  time: 40,

  historyPage: { usual: 50, max: 100 },
  searchPage: { usual: 30, max: 100 },
  peoplePage: { usual: 20, max: 50 },
  membersPage: 100,
  auditPage: 50,
  roomsPage: 50,

  /** People added while a room is created. */
  firstMembers: 100,
  /** People in a direct room besides its creator. */
  directPeople: 8,
  slowModeSeconds: 3_600,
  muteMinutes: { usual: 60, max: 525_600 },
  inviteHours: { usual: 168, max: 8_760 },
  inviteUses: 10_000,
  serverName: 60,

  /** Bots of one person. */
  botsPerPerson: 20,
  hookName: 48,
  /** In either direction. */
  hooksPerRoom: 20,
  hookToken: 128,
  hookUrl: 2_048,
  idempotencyKey: 255,
  /** A logo as a data URL, in characters: 96 KiB of image. */
  logoDataUrl: 135_000,

  /** Passkeys of one person. */
  passkeys: 20,
  passkeyName: 60,
  /** In base64url, of the most that authenticators send. */
  credentialId: 1_366,
  clientData: 4_096,
  authenticatorData: 4_096,
  attestation: 12_288,
  passkeySignature: 2_048,
  confirmation: 256,
  ticket: 128,
  /** A code of an authenticator app, or a recovery code. */
  typedCode: 64,

  /** People named in one presence event. */
  presenceNamed: 200,

  /** How an app names one of its users. */
  appUserId: 255,
  /** Rooms in one token of an app's user. */
  roomsPerToken: 50,
} as const

/** What the token of an app's user says of itself, so that nobody can take it for another kind of token. */
export const appToken = {
  issuer: 'urn:roomline:app',
  audience: 'urn:roomline:server',
  type: 'roomline-app+jwt',
  /** Of one that was signed out, or of somebody who may no longer use the app, this is the longest that it works. */
  maxSeconds: 24 * 60 * 60,
} as const

/** Usernames of an app's users start with this, and nobody else's. */
export const appUsernamePrefix = 'app-'

/** The largest seq, version and count: Postgres' integer. */
export const maxInteger = 2 ** 31 - 1

/** The longest delay of a JavaScript timer. A longer one fires at once. */
export const maxTimerMs = 2 ** 31 - 1

/** Code points, as Postgres' char_length counts them: an emoji of one code point counts as 1 although its `length` is 2. */
export function countCharacters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/** The text, or its first `max` characters and an ellipsis. */
export function cutText(text: string, max: number): string {
  // A character has at most two UTF-16 units: a long text need not be taken apart as a whole.
  const characters = [...text.slice(0, 2 * (max + 1))]
  return characters.length > max ? `${characters.slice(0, max).join('')}…` : text
}

/** How much of a message is shown where another one quotes it. */
export const cutQuote = (text: string): string => cutText(text, limits.quote)

/** The cookie that tells the next page who has signed out of this browser, so that it deletes what it keeps for them. */
export const signedOutCookie = 'signed-out'

const usernamePattern = /^[a-z0-9_.-]{2,32}$/

/** Whether a name could be somebody's username. Usernames are compared and stored in lowercase. */
export const isUsername = (name: string): boolean => usernamePattern.test(name)

/** A username as people type it, in the form in which it is stored and compared. */
export const foldUsername = (typed: string): string => typed.trim().toLowerCase()

/** Usernames of deleted accounts start with this. */
export const deletedUsernamePrefix = 'deleted-'

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export const isUuid = (value: string): boolean => uuidPattern.test(value)

/**
 * The id of a public room, made from its name: letters and digits of any script with hyphens between them.
 * @example toSlug('Über uns!') // "über-uns"
 * @returns "" when the name has neither a letter nor a digit
 */
export const toSlug = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')

/**
 * Whether this is a time as the server writes it: ISO 8601 in UTC, with milliseconds. Only of years that Postgres and
 * JavaScript write alike.
 */
export const isUtcTime = (value: string): boolean =>
  /^[12]\d{3}-/.test(value) && Number.isFinite(Date.parse(value)) && new Date(value).toISOString() === value

/** The order of a room list: the room with the newest message first, rooms of the same time by name. */
export function compareRooms(a: ListedRoom, b: ListedRoom): number {
  // ISO 8601 times in UTC have one length, so they sort as text.
  return compare(b.lastMessage?.time ?? '', a.lastMessage?.time ?? '') || a.name.localeCompare(b.name) || compare(a.id, b.id)
}

interface ListedRoom {
  id: string
  name: string
  lastMessage: { time: string } | null
}

const compare = (a: string, b: string) => Number(a > b) - Number(a < b)

/** Lowest rank first. Guests see only the rooms they are in. */
export const serverRoles = ['guest', 'bot', 'member', 'admin'] as const
/** Lowest rank first. */
export const roomRoles = ['member', 'moderator', 'owner'] as const

/** What somebody may do on the whole server. */
export type ServerRole = (typeof serverRoles)[number]
/** What a member may do in a room. */
export type RoomRole = (typeof roomRoles)[number]

/** Somebody's roles; `room` is null when they are not in the room. */
export interface Roles {
  server: ServerRole
  room: RoomRole | null
}

export const hasServerRole = (role: ServerRole, least: ServerRole): boolean => serverRoles.indexOf(role) >= serverRoles.indexOf(least)

export const hasRoomRole = (role: RoomRole | null, least: RoomRole): boolean =>
  role !== null && roomRoles.indexOf(role) >= roomRoles.indexOf(least)

/** Whether somebody may do in a room what its moderators may do. Admins may, in the room or not. */
export const isModerator = ({ server, room }: Roles): boolean => server === 'admin' || hasRoomRole(room, 'moderator')

/**
 * Whether somebody may mute, remove or ban this person: admins and owners everybody, moderators all but admins, owners and
 * other moderators.
 */
export function outranks(actor: Roles, subject: Roles): boolean {
  if (actor.server === 'admin' || actor.room === 'owner') return true
  return actor.room === 'moderator' && subject.server !== 'admin' && !hasRoomRole(subject.room, 'moderator')
}

/** A path on this site, to go to after signing in. Anything that could lead to another site becomes "/". */
export function toOwnPath(value: string): string {
  if (!value.startsWith('/') || !URL.canParse(value, 'http://here')) return '/'
  const { origin, pathname, search } = new URL(value, 'http://here')
  // "/..//there" resolves to "//there", which is another site.
  return origin === 'http://here' && !pathname.startsWith('//') ? `${pathname}${search}` : '/'
}
