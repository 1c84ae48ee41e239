import * as z from 'zod'
import { limits } from './rules'
import { key, text } from './text'

/** How the caller can sign in, besides their name. Times are ISO 8601. */
export interface SecurityInfo {
  /** False for people who sign in through another service: they have no passkeys and no two-step sign-in here. */
  hasPassword: boolean
  passkeys: Passkey[]
  /** The domain that passkeys of this server belong to; null when it has none, and therefore no passkeys. */
  passkeyDomain: string | null
  /** Null while two-step sign-in is off. */
  twoStep: { since: string; recoveryCodesLeft: number } | null
}

export interface Passkey {
  id: string
  name: string
  created: string
  /** Null when it was never used. */
  lastUsed: string | null
  /** Whether a password manager may have it on other devices too. */
  synced: boolean
}

interface PasskeyDescriptor {
  id: string
  type: string
  transports?: string[]
}

type Preference = 'discouraged' | 'preferred' | 'required'

/** What `navigator.credentials.get` needs, as JSON: the argument of `PublicKeyCredential.parseRequestOptionsFromJSON`. */
export interface PasskeyRequest {
  challenge: string
  rpId?: string
  timeout?: number
  userVerification?: Preference
  /** Empty when any passkey of this domain will do. */
  allowCredentials?: PasskeyDescriptor[]
}

/** What `navigator.credentials.create` needs, as JSON: the argument of `PublicKeyCredential.parseCreationOptionsFromJSON`. */
export interface NewPasskeyRequest {
  rp: { id?: string; name: string }
  user: { id: string; name: string; displayName: string }
  challenge: string
  pubKeyCredParams: { alg: number; type: 'public-key' }[]
  timeout?: number
  excludeCredentials?: PasskeyDescriptor[]
  authenticatorSelection?: { residentKey?: Preference; requireResidentKey?: boolean; userVerification?: Preference }
  attestation?: 'direct' | 'enterprise' | 'indirect' | 'none'
  hints?: ('security-key' | 'client-device' | 'hybrid')[]
  extensions?: { credProps?: boolean }
}

/** Shows for a few minutes that the caller has confirmed who they are. Acts that could lock them out need it. */
export interface Confirmation {
  confirmation: string
  expiresAt: string
}

export interface AuthenticatorSetup {
  /** In base32, for typing it into an authenticator app. */
  secret: string
  /** The same as an `otpauth:` address, for a QR code. */
  uri: string
}

/** Shown once: the server only stores hashes. */
export interface RecoveryCodes {
  recoveryCodes: string[]
}

const base64url = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\w-]+$/, 'must be base64url')

const credentialId = base64url(limits.credentialId)
const extensions = z.record(z.string().max(64), z.unknown()).transform(() => ({}))
const attachment = z.enum(['platform', 'cross-platform']).nullish()

/** What a browser's `PublicKeyCredential` has in it after signing in, as JSON. */
export const passkeyAnswer = z.strictObject({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  response: z.strictObject({
    clientDataJSON: base64url(limits.clientData),
    authenticatorData: base64url(limits.authenticatorData),
    signature: base64url(limits.passkeySignature),
    userHandle: base64url(limits.id).nullish(),
  }),
  clientExtensionResults: extensions.optional(),
  authenticatorAttachment: attachment,
})
export type PasskeyAnswer = z.output<typeof passkeyAnswer>

/** What it has in it after a new passkey was made. */
export const newPasskeyAnswer = z.strictObject({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  response: z.strictObject({
    clientDataJSON: base64url(limits.clientData),
    attestationObject: base64url(limits.attestation),
    authenticatorData: base64url(limits.authenticatorData).optional(),
    publicKey: base64url(limits.authenticatorData).optional(),
    publicKeyAlgorithm: z.int().optional(),
    transports: z.array(z.string().max(32)).max(16).optional(),
  }),
  clientExtensionResults: extensions.optional(),
  authenticatorAttachment: attachment,
})
export type NewPasskeyAnswer = z.output<typeof newPasskeyAnswer>

const confirmation = key(1, limits.confirmation)
const passkeyName = text(1, limits.passkeyName)

export const confirmInput = z.union([
  z.strictObject({ password: z.string().max(limits.typedPassword) }),
  z.strictObject({ passkey: passkeyAnswer }),
])

export const confirmedInput = z.strictObject({ confirmation })

/** A code of an authenticator app; spaces do not count. */
export const enableTwoStepInput = z.strictObject({ code: key(1, limits.typedCode) })

export const addPasskeyInput = z.strictObject({ name: passkeyName, passkey: newPasskeyAnswer })

export const renamePasskeyInput = z.strictObject({ id: key(1, limits.id), name: passkeyName })

export const removePasskeyInput = z.strictObject({ id: key(1, limits.id), confirmation })
