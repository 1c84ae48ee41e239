import { z } from 'zod'

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
  databaseUrl: string | undefined
  redisUrl: string | undefined
  dataDir: string
  /** Newest first: the first signs, all verify. Empty when none is set. */
  authSecrets: readonly string[]
  logLevel: (typeof logLevels)[number]
  trustProxyHops: number
  maxConnectionsPerUser: number
  maxConnectionsPerIp: number
  maxSubscriptionsPerConnection: number
  sendsPerMinute: number
  loginsPerMinute: number
  registrationsPerHour: number
  /** Who may make an account, if the operator decides it; otherwise admins do. */
  registration: 'open' | 'invite' | 'closed' | undefined
  /** The bearer token for reading `/metrics` from anywhere but loopback. */
  metricsToken: string | undefined
}

/** Names the wrong variables and what to do. The process exits with this message. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port number from 0 to 65535')
  .transform(Number)
  .refine((value) => value <= 65_535, 'must be a port number from 0 to 65535')
const count = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number; 0 means no limit')
  .transform(Number)

function urlWith(...protocols: string[]) {
  return z.string().refine(
    (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
    // `abort`: the checks that follow parse the URL.
    { error: `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`, abort: true },
  )
}

const origin = urlWith('http:', 'https:')
  .refine((value) => ['/', ''].includes(new URL(value).pathname), 'must be an origin: scheme, host and port, without a path')
  .transform((value) => new URL(value).origin)

const notYet = (what: string) => z.undefined(`${what} is not supported yet: unset the variable`)

const environment = z.object({
  WEB_PORT: port.default(3000),
  REALTIME_PORT: port.default(3001),
  HOST: z
    .string()
    .regex(/^[\w.:-]{1,255}$/, 'must be an address or a host name')
    .default('127.0.0.1'),
  PUBLIC_URL: origin.optional(),
  REALTIME_URL: urlWith('ws:', 'wss:').optional(),
  ALLOWED_ORIGINS: z
    .string()
    .transform((list) => list.split(',').map((entry) => entry.trim()))
    .pipe(z.array(origin).min(1))
    .optional(),
  DATABASE_URL: urlWith('postgres:', 'postgresql:').optional(),
  REDIS_URL: urlWith('redis:', 'rediss:').optional(),
  REDIS_CLUSTER: notYet('cluster mode'),
  DATA_DIR: z.string().min(1).default('.data'),
  AUTH_SECRET: z
    .string()
    .transform((list) => list.split(',').map((entry) => entry.trim()))
    .refine(
      (secrets) => secrets.every((secret) => Buffer.byteLength(secret) >= 32),
      'each secret must have 32 bytes or more; create one with `openssl rand -base64 48`',
    )
    .default([]),
  AUTH_JWKS_URL: notYet("accepting an outside issuer's tokens"),
  AUTH_ISSUER: notYet("accepting an outside issuer's tokens"),
  AUTH_AUDIENCE: notYet("accepting an outside issuer's tokens"),
  LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info'),
  TRUST_PROXY: count.default(0),
  MAX_CONNECTIONS_PER_USER: count.default(20),
  MAX_CONNECTIONS_PER_IP: count.default(100),
  MAX_SUBSCRIPTIONS_PER_CONNECTION: count.default(50),
  SENDS_PER_MINUTE: count.default(120),
  LOGINS_PER_MINUTE: count.default(10),
  REGISTRATIONS_PER_HOUR: count.default(30),
  REGISTRATION: z.enum(['open', 'invite', 'closed'], 'must be open, invite or closed').optional(),
  METRICS_TOKEN: z.string().max(512, 'must have at most 512 characters').optional(),
})

/**
 * Turns the environment into a Config. An empty variable counts as unset, because compose files and shells pass those.
 * @throws {ConfigError} naming every wrong variable, never its value, which may be a secret.
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const values = Object.fromEntries(Object.keys(environment.shape).map((name) => [name, env[name] === '' ? undefined : env[name]]))
  const parsed = environment.safeParse(values)
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${String(issue.path[0])}: ${issue.message}`)
    throw new ConfigError(`The configuration is invalid:\n${[...new Set(lines)].join('\n')}\n.env.example explains each variable.`)
  }
  const value = parsed.data
  if (value.DATABASE_URL && value.AUTH_SECRET.length === 0) {
    throw new ConfigError(
      'The configuration is invalid:\n  AUTH_SECRET: must be set when DATABASE_URL is, to 32 bytes or more; create one with `openssl rand -base64 48`',
    )
  }
  const publicUrl = value.PUBLIC_URL ?? `http://localhost:${value.WEB_PORT}`
  return {
    webPort: value.WEB_PORT,
    realtimePort: value.REALTIME_PORT,
    host: value.HOST,
    publicUrl,
    realtimeUrl: value.REALTIME_URL,
    allowedOrigins: value.ALLOWED_ORIGINS ?? withLoopback(publicUrl),
    databaseUrl: value.DATABASE_URL,
    redisUrl: value.REDIS_URL,
    dataDir: value.DATA_DIR,
    authSecrets: value.AUTH_SECRET,
    logLevel: value.LOG_LEVEL,
    trustProxyHops: value.TRUST_PROXY,
    maxConnectionsPerUser: value.MAX_CONNECTIONS_PER_USER,
    maxConnectionsPerIp: value.MAX_CONNECTIONS_PER_IP,
    maxSubscriptionsPerConnection: value.MAX_SUBSCRIPTIONS_PER_CONNECTION,
    sendsPerMinute: value.SENDS_PER_MINUTE,
    loginsPerMinute: value.LOGINS_PER_MINUTE,
    registrationsPerHour: value.REGISTRATIONS_PER_HOUR,
    registration: value.REGISTRATION,
    metricsToken: value.METRICS_TOKEN,
  }
}

/** The services that a part needs when it is started on its own. @throws {ConfigError} when one is missing */
export function requireServices(config: Config): { databaseUrl: string; redisUrl: string } {
  const missing = [!config.databaseUrl && 'DATABASE_URL', !config.redisUrl && 'REDIS_URL'].filter((name) => name !== false)
  if (!config.databaseUrl || !config.redisUrl) {
    throw new ConfigError(
      `The configuration is invalid:\n${missing.map((name) => `  ${name}: is required to start a part on its own`).join('\n')}\n\`npm start\` includes its own Postgres and Redis.`,
    )
  }
  return { databaseUrl: config.databaseUrl, redisUrl: config.redisUrl }
}

/** People use localhost and 127.0.0.1 alike, but for browsers they are two origins. */
function withLoopback(publicUrl: string): string[] {
  const url = new URL(publicUrl)
  if (url.hostname !== 'localhost') return [url.origin]
  url.hostname = '127.0.0.1'
  return [publicUrl, url.origin]
}

/** Whether this URL only works on the machine itself. */
export const isLoopbackUrl = (url: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(new URL(url).hostname)
