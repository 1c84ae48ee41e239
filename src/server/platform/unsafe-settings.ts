import type { Settings } from './settings-schema'

export interface Problem {
  /** The variable. */
  name: string
  /** What is wrong, and what to do. Never the value, which may be a secret. */
  words: string
}

/** Finds settings that are valid by themselves but unsafe or useless together. */
export function findUnsafe(settings: Settings, env: Record<string, string | undefined>): Problem[] {
  return [
    ...findUnsafeAddresses(settings),
    ...findMissing(settings),
    ...findUnsafeIssuers(settings, env),
    ...findUnsafeHooks(settings),
    ...findSharedSecrets(settings),
  ]
}

/** Whether only this machine is reached by this host name or address, as it stands in a URL or in HOST. */
export function isLoopback(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^::ffff:7f[0-9a-f]{2}:/.test(name)
  )
}

/** http and ws show passwords, cookies and messages to everybody on the way. */
function isPlain(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return ['http:', 'ws:'].includes(protocol) && !isLoopback(hostname)
}

function findUnsafeAddresses(settings: Settings): Problem[] {
  const { HOST, PUBLIC_URL, REALTIME_URL, ALLOWED_ORIGINS = [], CORS_ORIGINS } = settings
  const problems: Problem[] = []
  const secure = PUBLIC_URL?.startsWith('https:') ?? false
  if (PUBLIC_URL && isPlain(PUBLIC_URL)) {
    problems.push({
      name: 'PUBLIC_URL',
      words:
        'starts with http:// but is not on this machine, so passwords would travel in plain text; put a proxy with TLS in front of Roomline and use its https:// address',
    })
  }
  if (!isLoopback(HOST) && !secure) {
    problems.push({
      name: 'HOST',
      words: `can be reached from other machines, but PUBLIC_URL ${PUBLIC_URL ? 'starts with http://' : 'is not set'}, so passwords would travel in plain text; set PUBLIC_URL to the https:// address of a proxy with TLS, or unset HOST`,
    })
  }
  for (const [name, origins] of Object.entries({ ALLOWED_ORIGINS, CORS_ORIGINS })) {
    if (secure && origins.some((origin) => origin.startsWith('http:'))) {
      problems.push({ name, words: 'must list only https:// origins, because PUBLIC_URL starts with https://' })
    } else if (origins.some(isPlain)) {
      problems.push({ name, words: 'lists an http:// origin that is not on this machine; use https://' })
    }
  }
  if (CORS_ORIGINS.some((origin) => ownOrigins(settings).includes(origin))) {
    problems.push({
      name: 'CORS_ORIGINS',
      words:
        "lists an origin of Roomline's own web app (PUBLIC_URL or ALLOWED_ORIGINS), whose pages would be signed out; list only the origins of others",
    })
  }
  if (secure && REALTIME_URL && new URL(REALTIME_URL).protocol === 'ws:') {
    problems.push({ name: 'REALTIME_URL', words: 'must start with wss://, because PUBLIC_URL starts with https://' })
  } else if (REALTIME_URL && isPlain(REALTIME_URL)) {
    problems.push({ name: 'REALTIME_URL', words: 'starts with ws:// but is not on this machine; use wss://' })
  }
  return problems
}

/** The origins whose pages call with our cookie. */
export function ownOrigins({ PUBLIC_URL, ALLOWED_ORIGINS, WEB_PORT }: Settings): readonly string[] {
  return ALLOWED_ORIGINS ?? withLoopback(PUBLIC_URL ?? `http://localhost:${WEB_PORT}`)
}

/** People use localhost and 127.0.0.1 alike, but for browsers they are two origins. */
function withLoopback(publicUrl: string): string[] {
  const url = new URL(publicUrl)
  if (url.hostname !== 'localhost') return [url.origin]
  url.hostname = '127.0.0.1'
  return [publicUrl, url.origin]
}

function findMissing(settings: Settings): Problem[] {
  const problems: Problem[] = []
  if (settings.DATABASE_URL && settings.AUTH_SECRET.length === 0) {
    problems.push({
      name: 'AUTH_SECRET',
      words: 'must be set when DATABASE_URL is, to 32 bytes or more; create one with `openssl rand -base64 48`',
    })
  }
  const together = [
    ['AUTH_JWKS_URL', 'AUTH_ISSUER', 'AUTH_AUDIENCE'],
    ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'],
  ] as const
  for (const names of together) {
    const given = names.filter((name) => settings[name] !== undefined)
    if (given.length === 0) continue
    for (const name of names) {
      if (settings[name] === undefined)
        problems.push({ name, words: `must be set too when ${given.join(' and ')} ${given.length > 1 ? 'are' : 'is'}` })
    }
  }
  return problems
}

function findUnsafeIssuers(settings: Settings, env: Record<string, string | undefined>): Problem[] {
  const problems: Problem[] = []
  for (const name of ['AUTH_JWKS_URL', 'OIDC_ISSUER'] as const) {
    const url = settings[name]
    if (!url) continue
    if (isPlain(url))
      problems.push({ name, words: 'must start with https://: whoever changes its answers on the way can sign in as anybody' })
    if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
      problems.push({
        name: 'NODE_TLS_REJECT_UNAUTHORIZED',
        words: `must not be 0 when ${name} is set: certificates would not be checked; use NODE_EXTRA_CA_CERTS for a certificate authority of your own`,
      })
    }
  }
  return problems
}

function findUnsafeHooks({ HOOKS_TO_LOOPBACK, HOST, PUBLIC_URL }: Settings): Problem[] {
  const isOpen = !isLoopback(HOST) || (PUBLIC_URL !== undefined && !isLoopback(new URL(PUBLIC_URL).hostname))
  if (!HOOKS_TO_LOOPBACK || !isOpen) return []
  return [
    {
      name: 'HOOKS_TO_LOOPBACK',
      words: 'is for development: with it, moderators of rooms could have this machine call services that only it can reach; unset it',
    },
  ]
}

function findSharedSecrets({ AUTH_SECRET, APP_TOKEN_SECRETS, METRICS_TOKEN, OIDC_CLIENT_SECRET }: Settings): Problem[] {
  const shares = (values: readonly (string | undefined)[], secrets: readonly string[]) =>
    values.some((value) => value !== undefined && secrets.includes(value))
  const others = Object.entries({ METRICS_TOKEN, OIDC_CLIENT_SECRET })
  return [
    ...[...others.map(([name, value]) => ({ name, values: [value] })), { name: 'APP_TOKEN_SECRETS', values: APP_TOKEN_SECRETS }]
      .filter(({ values }) => shares(values, AUTH_SECRET))
      .map(({ name }) => ({ name, words: 'must not be one of AUTH_SECRET: whoever knows that can sign in as anybody' })),
    ...others
      .filter(([, value]) => shares([value], APP_TOKEN_SECRETS))
      .map(([name]) => ({ name, words: "must not be one of APP_TOKEN_SECRETS: whoever knows that can sign in as any of the app's users" })),
  ]
}
