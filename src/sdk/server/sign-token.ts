import { appToken, limits } from '../../contract/rules'

/** One of your app's users, as Roomline shows them. */
export interface AppUser {
  /** Your app's own id of them: 1 to 255 characters. The same id is always the same person, and nobody else of Roomline. */
  id: string
  /** The name that others see. Roomline adds to it when somebody else there has it already. */
  name: string
  /** The address of a picture, with https. */
  avatar?: string
  /**
   * The ids of rooms, public or private, that they are made a member of when they sign in; 50 at most. Rooms that do not exist,
   * are archived or have banned them are left out, and they stay in rooms that are not named. By default, somebody new starts
   * in `general`.
   */
  rooms?: readonly string[]
  /** How long the token is good for, in seconds: 1 to 86,400. Default: 900. Clients ask for a new one before it ends. */
  expiresInS?: number
}

const usualSeconds = 15 * 60

/** @returns a function that signs tokens @throws Error when the secret is too short */
export function createTokenSigner(secret: string): (user: AppUser) => Promise<string> {
  const bytes = new TextEncoder().encode(secret)
  if (bytes.length < 32) throw new Error("createServer: the secret must be one of Roomline's APP_TOKEN_SECRETS, with 32 bytes or more.")
  let key: Promise<CryptoKey> | null = null
  return async (user) => {
    key ??= crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    const signed = `${encode({ alg: 'HS256', typ: appToken.type })}.${encode(claimsOf(user))}`
    const signature = await crypto.subtle.sign('HMAC', await key, new TextEncoder().encode(signed))
    return `${signed}.${toBase64Url(new Uint8Array(signature))}`
  }
}

/** @throws TypeError naming what is wrong with the user */
function claimsOf({ id, name, avatar, rooms, expiresInS = usualSeconds }: AppUser) {
  const require = (holds: boolean, words: string) => {
    if (!holds) throw new TypeError(`tokenFor: ${words}`)
  }
  require(typeof id === 'string' && id !== '' && id.length <= limits.appUserId, `id must have 1 to ${limits.appUserId} characters`)
  require(typeof name === 'string' && name.trim() !== '', 'name must not be empty')
  require(avatar === undefined || /^https:\/\//.test(avatar), 'avatar must start with https://')
  require(rooms === undefined ||
    (rooms.length <= limits.roomsPerToken &&
      rooms.every((room) => typeof room === 'string' && room !== '')), `rooms must be at most ${limits.roomsPerToken} ids`)
  require(expiresInS >= 1 && expiresInS <= appToken.maxSeconds, `expiresInS must be from 1 to ${appToken.maxSeconds}`)
  const iat = Math.floor(Date.now() / 1_000)
  return {
    ...{ iss: appToken.issuer, aud: appToken.audience, sub: id, name },
    ...(avatar !== undefined && { avatar }),
    ...(rooms !== undefined && { rooms: [...new Set(rooms)] }),
    // With an id each token is another one: a new one must not be the one that was just signed out.
    ...{ iat, exp: iat + Math.floor(expiresInS), jti: crypto.randomUUID() },
  }
}

const encode = (value: object) => toBase64Url(new TextEncoder().encode(JSON.stringify(value)))

const toBase64Url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')
