import type { SignInMethod } from '../../contract/session'

/** How somebody has shown who they are. The act that made it has checked it; the session's start checks that it still holds. */
export type Proof =
  /** The hash that the password was checked against: an old password must not get anybody in. */
  | { kind: 'password'; passwordHash: string; secondFactor?: SecondFactor }
  /** A passkey that verified its user is two factors in one. */
  | { kind: 'passkey'; credentialId: string }
  | { kind: 'oidc'; issuer: string; secondFactor?: SecondFactor }

export type SecondFactor = 'code' | 'recovery code'

/** What the sessions list and the audit log say of it. */
export const methodOf = (proof: Proof): SignInMethod =>
  proof.kind === 'password' && proof.secondFactor ? `password and ${proof.secondFactor}` : proof.kind
