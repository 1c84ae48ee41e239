import path from 'node:path'
import { z } from 'zod'
import { registrationModes } from '../../contract/admin'
import { findWeakness } from './secret-strength'

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** More proxies than anybody has in a row. Each one too many lets clients choose the address that they are counted under. */
const mostProxies = 8

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
    (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol) && !/\s/.test(value),
    // `abort`: the checks that follow parse the URL.
    { error: `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`, abort: true },
  )
}

function urlWithoutPassword(...protocols: string[]) {
  return urlWith(...protocols).refine(
    (value) => new URL(value).username === '' && new URL(value).password === '',
    'must not contain a username or password',
  )
}

/** A URL that is shown to browsers. */
function publicUrl(...protocols: string[]) {
  return urlWithoutPassword(...protocols)
    .refine((value) => !/[?#]/.test(value), 'must not have a query (?) or a fragment (#)')
    .refine((value) => !new URL(value).hostname.includes('*'), 'must name one host: wildcards (*) are not supported')
}

const origin = publicUrl('http:', 'https:')
  .refine((value) => ['/', ''].includes(new URL(value).pathname), 'must be an origin: scheme, host and port, without a path')
  .transform((value) => new URL(value).origin)

/** Origins of others, which never get our cookie. */
const otherOrigin = z
  .string()
  .refine((value) => value !== '*', { error: 'must list each origin by itself: with * every page on the web could call', abort: true })
  .pipe(origin)

const originList = (each: z.ZodType<string, string>) =>
  z
    .string()
    .transform((list) => list.split(',').map((entry) => entry.trim()))
    .pipe(z.array(each).min(1))

const secretList = z
  .string()
  .transform((list) => list.split(',').map((entry) => entry.trim()))
  .superRefine((secrets, context) => {
    const problem = findSecretProblem(secrets)
    if (problem) context.addIssue(`${problem}; create one with \`openssl rand -base64 48\``)
  })

function findSecretProblem(secrets: readonly string[]): string | undefined {
  if (secrets.includes('')) return 'has an empty entry: list one or more secrets, separated by commas'
  if (secrets.some((secret) => Buffer.byteLength(secret) < 32)) return 'each secret must have 32 bytes or more'
  if (new Set(secrets).size < secrets.length) return 'lists the same secret twice: each entry must be another one'
  if (secrets.length > 10) return 'lists more than 10 secrets: remove those that nothing is signed with any more'
  const weakness = secrets.map((secret) => findWeakness(secret, 20)).find((each) => each !== undefined)
  return weakness && `a secret ${weakness}`
}

const metricsToken = z
  .string()
  .regex(/^[\x21-\x7e]{16,512}$/, 'must have 16 to 512 characters, letters, digits and punctuation; create one with `openssl rand -hex 24`')
  .refine((token) => !findWeakness(token, 10), {
    error: ({ input }) => `${findWeakness(String(input), 10)}; create one with \`openssl rand -hex 24\``,
  })

/** Folders of the system, and those that hold everybody's. */
const systemFolders = [
  '/',
  ...'bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys tmp usr var'.split(' ').map((name) => `/${name}`),
]

const dataDir = z
  .string()
  .refine((folder) => !folder.includes('\0') && folder.trim() !== '', 'must be the path of a folder')
  .refine((folder) => !systemFolders.includes(path.resolve(folder)), 'must be a folder for Roomline alone, such as /var/lib/roomline')

const issuerText = z.string().regex(/^[\x21-\x7e]{1,512}$/, 'must have 1 to 512 characters, without spaces')
/** The people of an issuer belong to its name, and those of an app to one of ours. */
const issuerName = issuerText.refine(
  (value) => !/^urn:roomline:/i.test(value),
  "must not start with urn:roomline:, which is Roomline's own",
)
const identity = z.string().trim().min(1, 'must not be blank').max(512, 'must have at most 512 characters')

const days = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a number of days; 0 keeps them for ever')
  .transform(Number)

const notYet = (what: string) => z.undefined(`${what} is not supported yet: unset the variable`)

/** Every variable that Roomline reads. What makes one unsafe beside another is in unsafe-settings.ts. */
export const settingsSchema = z.object({
  WEB_PORT: port.default(3000),
  REALTIME_PORT: port.default(3001),
  HOST: z
    .string()
    .regex(/^[\w.:-]{1,255}$/, 'must be an address or a host name')
    .default('127.0.0.1'),
  PUBLIC_URL: origin.optional(),
  REALTIME_URL: publicUrl('ws:', 'wss:').optional(),
  ALLOWED_ORIGINS: originList(origin).optional(),
  CORS_ORIGINS: originList(otherOrigin).default([]),
  DATABASE_URL: urlWith('postgres:', 'postgresql:').optional(),
  DATABASE_POOL: notYet('another number of database connections'),
  REDIS_URL: urlWith('redis:', 'rediss:').optional(),
  REDIS_CLUSTER: notYet('cluster mode'),
  REDIS_SENTINELS: notYet('Sentinel'),
  REDIS_SENTINEL_NAME: notYet('Sentinel'),
  DATA_DIR: dataDir.default('.data'),
  AUTH_SECRET: secretList.default([]),
  REGISTRATION: z.enum(registrationModes, `must be one of ${registrationModes.join(', ')}`).optional(),
  APP_TOKEN_SECRETS: secretList.default([]),
  AUTH_JWKS_URL: urlWithoutPassword('http:', 'https:').optional(),
  AUTH_ISSUER: issuerName.optional(),
  AUTH_AUDIENCE: issuerText.optional(),
  OIDC_ISSUER: publicUrl('http:', 'https:').optional(),
  OIDC_CLIENT_ID: identity.optional(),
  OIDC_CLIENT_SECRET: identity.optional(),
  LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info'),
  TRUST_PROXY: z
    .string()
    .regex(/^\d{1,9}$/, `must be the number of proxies in front of Roomline, 0 to ${mostProxies}`)
    .transform(Number)
    .refine((hops) => hops <= mostProxies, `must be the number of proxies in front of Roomline, 0 to ${mostProxies}`)
    .default(0),
  MAX_CONNECTIONS_PER_USER: count.default(20),
  MAX_CONNECTIONS_PER_IP: count.default(100),
  MAX_SUBSCRIPTIONS_PER_CONNECTION: count.default(50),
  SENDS_PER_MINUTE: count.default(120),
  LOGINS_PER_MINUTE: count.default(10),
  REGISTRATIONS_PER_HOUR: count.default(30),
  UPLOADS: notYet('storing files'),
  S3_ENDPOINT: notYet('storing files'),
  S3_REGION: notYet('storing files'),
  S3_BUCKET: notYet('storing files'),
  S3_ACCESS_KEY_ID: notYet('storing files'),
  S3_SECRET_ACCESS_KEY: notYet('storing files'),
  MAX_UPLOAD_MB: notYet('storing files'),
  VAPID_PUBLIC_KEY: notYet('Web Push'),
  VAPID_PRIVATE_KEY: notYet('Web Push'),
  HOOKS_TO_LOOPBACK: z
    .enum(['0', '1'], 'must be 0 or 1')
    .transform((value) => value === '1')
    .default(false),
  AUDIT_RETENTION_DAYS: days.default(400),
  METRICS_TOKEN: metricsToken.optional(),
})

export type Settings = z.output<typeof settingsSchema>
