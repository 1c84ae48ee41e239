import { createHash } from 'node:crypto'
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import { decodeAttestationObject, decodeClientDataJSON, isoCBOR } from '@simplewebauthn/server/helpers'
import { Failure } from '../../contract/failures'
import type { NewPasskeyAnswer, NewPasskeyRequest, PasskeyAnswer, PasskeyRequest } from '../../contract/security'
import type { User } from '../../contract/session'
import type { PasskeyStore, PasskeyUse, StoredPasskey, UsablePasskey } from './passkey-store'
import type { RelyingParty } from './relying-party'
import type { TimedTokens } from './timed-tokens'

/** How long a browser may take. A sign-in page offers passkeys for as long as it is open, and asks again in time. */
const challengeMs = 5 * 60_000

/** EdDSA, ECDSA with P-256, RSA: what authenticators have. */
const algorithms = [-8, -7, -257]

const transports = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']

/** Everybody who signs in is asked the same, whoever they are. */
const signInPurpose = 'sign in with a passkey'

interface PasskeysParts {
  store: PasskeyStore
  tokens: TimedTokens
  /** Null where passkeys cannot work. */
  relyingParty: RelyingParty | null
}

/** A passkey always verifies its user, so it counts as two factors: something they have, and their PIN, face or finger. */
export interface Passkeys {
  /** The domain that they belong to; null where they cannot work. */
  domain: string | null
  /** @throws {Failure} PASSKEYS_UNAVAILABLE */
  askToSignIn(): Promise<PasskeyRequest>
  /** @throws {Failure} INVALID_PASSKEY, the same whatever is wrong; PASSKEYS_UNAVAILABLE */
  verifySignIn(answer: PasskeyAnswer): Promise<{ user: User; credentialId: string }>
  /** @param purpose what the person is going to do: only an answer for the same is accepted */
  askOwner(userId: string, purpose: string): Promise<PasskeyRequest>
  /** @throws {Failure} INVALID_PASSKEY, PASSKEYS_UNAVAILABLE */
  verifyOwner(userId: string, purpose: string, answer: PasskeyAnswer): Promise<void>
  /** @throws {Failure} PASSKEYS_UNAVAILABLE */
  askForNew(user: User, purpose: string): Promise<NewPasskeyRequest>
  /** @throws {Failure} INVALID_PASSKEY, PASSKEY_TAKEN, TOO_MANY_PASSKEYS, PASSKEYS_UNAVAILABLE */
  addNew(owner: { userId: string; ip: string }, purpose: string, name: string, answer: NewPasskeyAnswer): Promise<StoredPasskey>
}

export function createPasskeys({ store, tokens, relyingParty }: PasskeysParts): Passkeys {
  const requireParty = (): RelyingParty => {
    if (!relyingParty) throw new Failure('PASSKEYS_UNAVAILABLE')
    return relyingParty
  }
  const newChallenge = (purpose: string) => toBytes(tokens.make(purpose, challengeMs).token)
  const credentialsOf = async (userId: string) =>
    (await store.listCredentials(userId)).map((each) => ({ id: each.credentialId.toString('base64url'), transports: each.transports }))
  const ask = (purpose: string, allowCredentials: { id: string; transports: string[] }[]) =>
    generateAuthenticationOptions({
      rpID: requireParty().id,
      challenge: newChallenge(purpose),
      allowCredentials,
      userVerification: 'required',
      timeout: challengeMs,
    })

  async function verify(purpose: string, answer: PasskeyAnswer, userId?: string): Promise<User> {
    const party = requireParty()
    const passkey = await store.findUsable(toBytes(answer.id))
    const isTheirs = passkey && (userId === undefined || passkey.user.id === userId)
    const use = isTheirs ? await nullWhenBroken(() => check(party, purpose, passkey, answer)) : null
    if (!passkey || !use || !(await store.noteUse(passkey.id, use))) throw new Failure('INVALID_PASSKEY')
    return passkey.user
  }

  async function check(party: RelyingParty, purpose: string, passkey: UsablePasskey, answer: PasskeyAnswer): Promise<PasskeyUse | null> {
    const { challenge, crossOrigin } = decodeClientDataJSON(answer.response.clientDataJSON)
    const expiresAt = tokens.findExpiry(challenge, purpose)
    const { userHandle } = answer.response
    if (!expiresAt || crossOrigin || (userHandle && userHandle !== toHandle(passkey.user.id))) return null
    const { authenticatorAttachment: _, ...response } = answer
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        ...response,
        response: { ...response.response, userHandle: userHandle ?? undefined },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: party.origins,
      expectedRPID: party.id,
      requireUserVerification: true,
      credential: { id: answer.id, publicKey: Uint8Array.from(passkey.publicKey), counter: passkey.counter },
    })
    if (!verified) return null
    const { newCounter, credentialBackedUp } = authenticationInfo
    return { challengeHash: hashOf(challenge), expiresAt, counter: newCounter, synced: credentialBackedUp }
  }

  async function checkNew(party: RelyingParty, purpose: string, answer: NewPasskeyAnswer) {
    const { challenge, crossOrigin } = decodeClientDataJSON(answer.response.clientDataJSON)
    const expiresAt = tokens.findExpiry(challenge, purpose)
    if (!expiresAt || crossOrigin) return null
    const { id, rawId, type, response } = answer
    const { registrationInfo } = await verifyRegistrationResponse({
      response: {
        ...{ id, rawId, type, clientExtensionResults: {} },
        response: { clientDataJSON: response.clientDataJSON, attestationObject: withoutStatement(response.attestationObject) },
      },
      expectedChallenge: challenge,
      expectedOrigin: party.origins,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    })
    if (!registrationInfo || registrationInfo.credential.id !== id) return null
    return { info: registrationInfo, challengeHash: hashOf(challenge), expiresAt }
  }

  return {
    domain: relyingParty?.id ?? null,
    askToSignIn: async () => ask(signInPurpose, []),
    verifySignIn: async (answer) => ({ user: await verify(signInPurpose, answer), credentialId: answer.id }),
    askOwner: async (userId, purpose) => ask(purpose, await credentialsOf(userId)),
    verifyOwner: async (userId, purpose, answer) => void (await verify(purpose, answer, userId)),

    askForNew: async (user, purpose) =>
      generateRegistrationOptions({
        rpName: 'Roomline',
        rpID: requireParty().id,
        userID: toBytes(toHandle(user.id)),
        userName: user.username,
        userDisplayName: user.displayName,
        challenge: newChallenge(purpose),
        timeout: challengeMs,
        attestationType: 'none',
        excludeCredentials: await credentialsOf(user.id),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        supportedAlgorithmIDs: algorithms,
      }),

    addNew: async ({ userId, ip }, purpose, name, answer) => {
      const party = requireParty()
      const checked = await nullWhenBroken(() => checkNew(party, purpose, answer))
      if (!checked) throw new Failure('INVALID_PASSKEY')
      const { credential, credentialBackedUp } = checked.info
      const added = await store.add(
        {
          ...{ userId, name, counter: credential.counter, synced: credentialBackedUp },
          credentialId: toBytes(credential.id),
          publicKey: credential.publicKey,
          transports: [...new Set(answer.response.transports)].filter((each) => transports.includes(each)),
        },
        checked,
        ip,
      )
      if (typeof added === 'string') throw new Failure(added)
      return added
    },
  }
}

/**
 * An attestation object without the maker's statement about the authenticator. We ask for none, and checking one that came
 * all the same would read certificates, and fetch from addresses in them.
 */
function withoutStatement(attestationObject: string): string {
  const authData = decodeAttestationObject(toBytes(attestationObject)).get('authData')
  const parts = new Map<string, unknown>([
    ['fmt', 'none'],
    ['attStmt', new Map()],
    ['authData', authData],
  ])
  return Buffer.from(isoCBOR.encode(parts as Parameters<typeof isoCBOR.encode>[0])).toString('base64url')
}

/** The library throws for whatever is wrong with what a client sent. */
const nullWhenBroken = <Value>(work: () => Promise<Value>): Promise<Value | null> => work().catch(() => null)

/** What a passkey says of whom it signs in: the bytes of their id. */
const toHandle = (userId: string) => Buffer.from(userId.replaceAll('-', ''), 'hex').toString('base64url')

const toBytes = (base64url: string) => Uint8Array.from(Buffer.from(base64url, 'base64url'))

const hashOf = (challenge: string) => createHash('sha256').update(challenge).digest()
