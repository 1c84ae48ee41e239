import * as z from 'zod'
import { countShape, timeShape } from './shapes'

export const passkeyShape = z
  .object({ id: z.string(), name: z.string(), created: timeShape, lastUsed: timeShape.nullable(), synced: z.boolean() })
  .meta({ id: 'Passkey' })

export const securityInfoShape = z
  .object({
    hasPassword: z.boolean(),
    passkeys: z.array(passkeyShape),
    passkeyDomain: z.string().nullable(),
    twoStep: z.object({ since: timeShape, recoveryCodesLeft: countShape }).nullable(),
  })
  .meta({ id: 'SecurityInfo' })

const descriptor = z.object({ id: z.string(), type: z.string(), transports: z.array(z.string()).optional() })
const preference = z.enum(['discouraged', 'preferred', 'required'])

export const passkeyRequestShape = z
  .object({
    challenge: z.string(),
    rpId: z.string().optional(),
    timeout: countShape.optional(),
    userVerification: preference.optional(),
    allowCredentials: z.array(descriptor).optional(),
  })
  .meta({ id: 'PasskeyRequest', description: 'The argument of `PublicKeyCredential.parseRequestOptionsFromJSON`.' })

export const newPasskeyRequestShape = z
  .object({
    rp: z.object({ id: z.string().optional(), name: z.string() }),
    user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
    challenge: z.string(),
    pubKeyCredParams: z.array(z.object({ alg: z.int(), type: z.literal('public-key') })),
    timeout: countShape.optional(),
    excludeCredentials: z.array(descriptor).optional(),
    authenticatorSelection: z
      .object({ residentKey: preference.optional(), requireResidentKey: z.boolean().optional(), userVerification: preference.optional() })
      .optional(),
    attestation: z.enum(['direct', 'enterprise', 'indirect', 'none']).optional(),
    hints: z.array(z.enum(['security-key', 'client-device', 'hybrid'])).optional(),
    extensions: z.object({ credProps: z.boolean().optional() }).optional(),
  })
  .meta({ id: 'NewPasskeyRequest', description: 'The argument of `PublicKeyCredential.parseCreationOptionsFromJSON`.' })

export const confirmationShape = z.object({ confirmation: z.string(), expiresAt: timeShape }).meta({ id: 'Confirmation' })

export const authenticatorSetupShape = z
  .object({ secret: z.string().describe('In base32.'), uri: z.string().describe('The same as an `otpauth:` address.') })
  .meta({ id: 'AuthenticatorSetup' })

export const recoveryCodesShape = z.object({ recoveryCodes: z.array(z.string()) }).meta({ id: 'RecoveryCodes' })
