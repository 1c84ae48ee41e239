import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { isoCBOR } from '@simplewebauthn/server/helpers'
import type { NewPasskeyAnswer, NewPasskeyRequest, PasskeyAnswer, PasskeyRequest } from '../../src/contract/security'

/** What a browser and an authenticator say, for tests that say something wrong. */
export interface AuthenticatorOptions {
  origin?: string
  rpId?: string
  /** Whether the person has shown a PIN, a finger or a face. */
  verifiesUser?: boolean
  counter?: number
  challenge?: string
  crossOrigin?: boolean
  type?: string
}

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest()
const base64url = (data: Uint8Array) => Buffer.from(data).toString('base64url')

/** An authenticator with one discoverable ES256 key: real signatures, no browser. */
export class SoftwareAuthenticator {
  readonly id = randomBytes(32)
  userHandle = 'AAAA'
  counter = 0
  readonly #keys: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

  /** Makes its passkey. @param statement an attestation statement, which nobody asked for */
  make(request: NewPasskeyRequest, options: AuthenticatorOptions & { statement?: { fmt: string; attStmt: Map<string, unknown> } } = {}) {
    this.userHandle = request.user.id
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' })
    const publicKey = isoCBOR.encode(
      new Map<number, number | Uint8Array>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Uint8Array.from(Buffer.from(x, 'base64url'))],
        [-3, Uint8Array.from(Buffer.from(y, 'base64url'))],
      ]),
    )
    const length = Buffer.alloc(2)
    length.writeUInt16BE(this.id.length)
    const credential = Buffer.concat([Buffer.alloc(16), length, this.id, publicKey])
    const authData = Uint8Array.from(this.#data({ rpId: request.rp.id ?? '', ...options }, 0x40, credential))
    const { fmt = 'none', attStmt = new Map() } = options.statement ?? {}
    const attestation = new Map<string, unknown>([
      ['fmt', fmt],
      ['attStmt', attStmt],
      ['authData', authData],
    ])
    return {
      id: base64url(this.id),
      rawId: base64url(this.id),
      type: 'public-key',
      response: {
        clientDataJSON: clientData('webauthn.create', request.challenge, options),
        attestationObject: base64url(isoCBOR.encode(attestation as Parameters<typeof isoCBOR.encode>[0])),
        transports: ['internal', 'hybrid'],
      },
    } satisfies NewPasskeyAnswer
  }

  /** Signs a challenge with its passkey. */
  answer(request: PasskeyRequest, options: AuthenticatorOptions = {}) {
    this.counter = options.counter ?? this.counter + 1
    const data = this.#data({ rpId: request.rpId ?? '', ...options }, 0)
    const clientDataJSON = clientData('webauthn.get', request.challenge, options)
    const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, 'base64url'))])
    return {
      id: base64url(this.id),
      rawId: base64url(this.id),
      type: 'public-key',
      response: {
        clientDataJSON,
        authenticatorData: base64url(data),
        signature: base64url(createSign('sha256').update(signed).sign(this.#keys.privateKey)),
        userHandle: this.userHandle,
      },
    } satisfies PasskeyAnswer
  }

  #data({ rpId = '', verifiesUser = true }: AuthenticatorOptions, flags: number, credential = Buffer.alloc(0)): Buffer {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.counter)
    return Buffer.concat([sha256(rpId), Buffer.from([flags | 0x01 | (verifiesUser ? 0x04 : 0)]), counter, credential])
  }
}

function clientData(type: string, challenge: string, options: AuthenticatorOptions): string {
  const { origin = 'http://localhost:3000', crossOrigin = false } = options
  return base64url(
    Buffer.from(JSON.stringify({ type: options.type ?? type, challenge: options.challenge ?? challenge, origin, crossOrigin })),
  )
}
