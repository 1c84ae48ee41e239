import type { NewPasskeyRequest, PasskeyRequest } from '../../sdk'

/** Whether this page, in this browser, can use passkeys of a domain. Call it in the browser only. */
export function canUsePasskeys(domain: string | null): boolean {
  const { hostname } = location
  const isOurs = domain !== null && (hostname === domain || hostname.endsWith(`.${domain}`))
  return isOurs && isSecureContext && typeof PublicKeyCredential === 'function'
}

/** Lets the person choose one of their passkeys and confirm it. Rejects with words for them. */
export async function choosePasskey(request: PasskeyRequest) {
  const { startAuthentication } = await import('@simplewebauthn/browser')
  return { ...(await startAuthentication({ optionsJSON: request }).catch(explain)), clientExtensionResults: {} }
}

/** Lets the person make a passkey. Rejects with words for them. */
export async function makePasskey(request: NewPasskeyRequest) {
  const { startRegistration } = await import('@simplewebauthn/browser')
  return { ...(await startRegistration({ optionsJSON: request }).catch(explain)), clientExtensionResults: {} }
}

const reasons: Record<string, string> = {
  NotAllowedError: 'No passkey was chosen, or it took too long.',
  AbortError: 'No passkey was chosen, or it took too long.',
  InvalidStateError: 'This device already has a passkey for your account.',
  SecurityError: "Passkeys don't work at this address.",
  NotSupportedError: "This device can't make a passkey with a PIN, fingerprint or face.",
}

function explain(error: unknown): never {
  const { name, cause } = error as Error
  const causeName = (cause as Error | undefined)?.name
  throw new Error(reasons[name] ?? reasons[causeName ?? ''] ?? "Your browser couldn't use a passkey.", { cause: error })
}
