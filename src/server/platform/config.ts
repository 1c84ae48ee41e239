import type { RegistrationMode } from '../../contract/admin'
import { findMisspelt } from './misspelt-settings'
import { type logLevels, settingsSchema } from './settings-schema'
import { findUnsafe, isLoopback, ownOrigins, type Problem } from './unsafe-settings'

/** The configuration, read once from the environment by every process of Roomline. `.env.example` explains each variable. */
export interface Config {
  webPort: number
  realtimePort: number
  host: string
  /** The web app's origin as browsers see it, without a slash at the end. */
  publicUrl: string
  /** The WebSocket URL for browsers, if the operator set one. Otherwise it is derived from the page's own host. */
  realtimeUrl: string | undefined
  allowedOrigins: readonly string[]
  /** Other origins whose pages may call with a token of their own. Our cookie does not count for them. */
  corsOrigins: readonly string[]
  databaseUrl: string | undefined
  redisUrl: string | undefined
  dataDir: string
  /** Newest first: the first signs, all verify. Empty when none is set. */
  authSecrets: readonly string[]
  /** Who may register, if the operator fixed it. Otherwise the admins decide, starting from `defaultRegistration`. */
  registration: RegistrationMode | undefined
  defaultRegistration: RegistrationMode
  /** What an app signs the tokens of its own users with. Any of them is accepted. */
  appTokenSecrets: readonly string[]
  /** Whose tokens are accepted beside those of this server's own sessions. */
  outsideTokens: { jwksUrl: string; issuer: string; audience: string } | undefined
  /** Whom people can sign in with. */
  oidc: { issuer: string; clientId: string; clientSecret: string } | undefined
  logLevel: (typeof logLevels)[number]
  trustProxyHops: number
  maxConnectionsPerUser: number
  maxConnectionsPerIp: number
  maxSubscriptionsPerConnection: number
  sendsPerMinute: number
  loginsPerMinute: number
  registrationsPerHour: number
  /** Whether hooks may post to this machine, for development. */
  hooksToLoopback: boolean
  /** How long entries of the audit log are kept; 0 for ever. */
  auditRetentionDays: number
  /** The bearer token for reading `/metrics` from anywhere but loopback. */
  metricsToken: string | undefined
}

/** Names the wrong variables and what to do. The process exits with this message. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/**
 * Turns the environment into a Config. An empty variable counts as unset, because compose files and shells pass those.
 * @throws {ConfigError} naming every wrong variable, never its value, which may be a secret.
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const names = Object.keys(settingsSchema.shape)
  const parsed = settingsSchema.safeParse(Object.fromEntries(names.map((name) => [name, env[name] === '' ? undefined : env[name]])))
  const problems: Problem[] = [
    ...(parsed.error?.issues ?? []).map((issue) => ({ name: String(issue.path[0]), words: issue.message })),
    ...(parsed.success ? findUnsafe(parsed.data, env) : []),
    ...findMisspelt(env, names).map(({ name, meant }) => ({
      name,
      words: `is not one of Roomline's variables${meant ? `; did you mean ${meant}?` : ''}`,
    })),
  ]
  if (!parsed.success || problems.length > 0) throw invalid(problems, '.env.example explains each variable.')
  const value = parsed.data
  const publicUrl = value.PUBLIC_URL ?? `http://localhost:${value.WEB_PORT}`
  return {
    webPort: value.WEB_PORT,
    realtimePort: value.REALTIME_PORT,
    host: value.HOST,
    publicUrl,
    realtimeUrl: value.REALTIME_URL,
    allowedOrigins: ownOrigins(value),
    corsOrigins: value.CORS_ORIGINS,
    databaseUrl: value.DATABASE_URL,
    redisUrl: value.REDIS_URL,
    dataDir: value.DATA_DIR,
    authSecrets: value.AUTH_SECRET,
    registration: value.REGISTRATION,
    defaultRegistration: isLoopback(new URL(publicUrl).hostname) ? 'open' : 'invite',
    appTokenSecrets: value.APP_TOKEN_SECRETS,
    outsideTokens:
      value.AUTH_JWKS_URL && value.AUTH_ISSUER && value.AUTH_AUDIENCE
        ? { jwksUrl: value.AUTH_JWKS_URL, issuer: value.AUTH_ISSUER, audience: value.AUTH_AUDIENCE }
        : undefined,
    oidc:
      value.OIDC_ISSUER && value.OIDC_CLIENT_ID && value.OIDC_CLIENT_SECRET
        ? { issuer: value.OIDC_ISSUER, clientId: value.OIDC_CLIENT_ID, clientSecret: value.OIDC_CLIENT_SECRET }
        : undefined,
    logLevel: value.LOG_LEVEL,
    trustProxyHops: value.TRUST_PROXY,
    maxConnectionsPerUser: value.MAX_CONNECTIONS_PER_USER,
    maxConnectionsPerIp: value.MAX_CONNECTIONS_PER_IP,
    maxSubscriptionsPerConnection: value.MAX_SUBSCRIPTIONS_PER_CONNECTION,
    sendsPerMinute: value.SENDS_PER_MINUTE,
    loginsPerMinute: value.LOGINS_PER_MINUTE,
    registrationsPerHour: value.REGISTRATIONS_PER_HOUR,
    hooksToLoopback: value.HOOKS_TO_LOOPBACK,
    auditRetentionDays: value.AUDIT_RETENTION_DAYS,
    metricsToken: value.METRICS_TOKEN,
  }
}

/** The services that a part needs when it is started on its own. @throws {ConfigError} when one is missing */
export function requireServices(config: Config): { databaseUrl: string; redisUrl: string } {
  const missing = [!config.databaseUrl && 'DATABASE_URL', !config.redisUrl && 'REDIS_URL'].filter((name) => name !== false)
  if (!config.databaseUrl || !config.redisUrl) {
    const problems = missing.map((name) => ({ name, words: 'is required to start a part on its own' }))
    throw invalid(problems, '`npm start` includes its own Postgres and Redis.')
  }
  return { databaseUrl: config.databaseUrl, redisUrl: config.redisUrl }
}

function invalid(problems: readonly Problem[], hint: string): ConfigError {
  const lines = new Set(problems.map(({ name, words }) => `  ${name}: ${words}`))
  return new ConfigError(`The configuration is invalid:\n${[...lines].join('\n')}\n${hint}`)
}
