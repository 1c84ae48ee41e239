import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig } from '../../src/server/platform/config'

const good = 'Yk3vQpR8wZ1nTfXc7LbD0mHsJgUe5Ai2oNq9'
const other = 'b7c1f0a94e2d83569d1e7f3a0c8b25644fd2a19e'
const https = { PUBLIC_URL: 'https://chat.example' }

/** The lines of the refusal, each with the variable that it names; empty when the configuration is accepted. */
function refusals(env: Record<string, string>): string[] {
  try {
    readConfig(env)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n').filter((line) => line.startsWith('  '))
  }
}

function expectRefused(name: string, env: Record<string, string>) {
  const lines = refusals(env)
  expect(lines.map((line) => line.trim().split(':')[0])).toContain(name)
  for (const secret of ['AUTH_SECRET', 'APP_TOKEN_SECRETS', 'METRICS_TOKEN', 'OIDC_CLIENT_SECRET'].map((each) => env[each]))
    if (secret && secret.length > 3) expect(lines.join('\n')).not.toContain(secret)
}

describe('secrets', () => {
  it.each([
    ['one character', 'x'.repeat(32)],
    ['one character and another', `${'x'.repeat(31)}y`],
    ['two characters', 'ab'.repeat(20)],
    ['runs of characters', 'aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffgggggggghhhhhhhh'],
    ['zeros', '0'.repeat(64)],
    ['spaces between', 'a a a a a a a a a a a a a a a a a a'],
    ['digits in order', '12345678901234567890123456789012'],
    ['letters in order', 'abcdefghijklmnopqrstuvwxyz0123456789'],
    ['hexadecimal digits in order', '0123456789abcdef0123456789abcdef'],
    ['rows of a keyboard', 'qwertyuiopasdfghjklzxcvbnm1234567890'],
    ['a word again and again', 'secretsecretsecretsecretsecretsecret'],
    ['words again and again', 'correct-horse-correct-horse-correct-horse'],
    ['a number that counts', 'password1password2password3password4password5'],
    ['changeme', 'changeme-changeme-changeme-changeme'],
    ['CHANGE ME and noise', 'CHANGE_ME_9f8a7c6b5d4e3f2a1b0c9d8e7f6a5b4c'],
    ['please change this', 'please-change-this-to-something-long-and-random'],
    ['your secret', 'your-256-bit-secret-your-256-bit-secret'],
    ['secret goes here', 'put-a-very-long-random-secret-here-ok-0123'],
    ['replace me', 'replace_me_with_a_random_string_of_32_bytes'],
    ['supersecret', 'my-super-secret-key-for-production-use'],
    ['an empty one first', `,${good}`],
    ['an empty one last', `${good},`],
    ['an empty one between', `${good},,${other}`],
    ['a blank one', `${good},   ,${other}`],
    ['only commas', ',,'],
    ['only spaces', '   '],
    ['the same twice', `${good},${good}`],
    ['the same twice, with spaces', `${good} , ${good}`],
    ['a weak one among good ones', `${good},${'z'.repeat(40)}`],
    ['more than ten', Array.from({ length: 11 }, () => randomBytes(24).toString('hex')).join(',')],
  ])('AUTH_SECRET: %s is refused', (_, secret) => {
    expectRefused('AUTH_SECRET', { AUTH_SECRET: secret })
  })

  it('AUTH_SECRET: what machines make is accepted, and so is a long passphrase', () => {
    for (let round = 0; round < 300; round++) {
      for (const encoding of ['hex', 'base64', 'base64url'] as const)
        expect(refusals({ AUTH_SECRET: randomBytes(encoding === 'hex' ? 16 : 32).toString(encoding) })).toEqual([])
    }
    expect(refusals({ AUTH_SECRET: `${good}, ${other}` })).toEqual([])
    expect(refusals({ AUTH_SECRET: 'velvet harbour ninety oblique tractor mango sunlit' })).toEqual([])
  })

  it.each([
    'a',
    'metrics',
    'aaaaaaaaaaaaaaaaaaaaaaaa',
    'changemechangeme',
    '0123456789abcdef',
    'metricsmetricsmetrics',
    'has spaces in it 8a7f',
    'tökens-must-be-sendable-9f',
  ])('METRICS_TOKEN: %s is refused', (token) => {
    expectRefused('METRICS_TOKEN', { METRICS_TOKEN: token })
  })

  it('METRICS_TOKEN: what machines make is accepted, but not the secret that signs sessions', () => {
    for (let round = 0; round < 300; round++) expect(refusals({ METRICS_TOKEN: randomBytes(12).toString('hex') })).toEqual([])
    expectRefused('METRICS_TOKEN', { AUTH_SECRET: `${other},${good}`, METRICS_TOKEN: good })
  })
})

describe('addresses', () => {
  it.each([
    ['HOST', { HOST: '0.0.0.0' }],
    ['HOST', { HOST: '::' }],
    ['HOST', { HOST: '0' }],
    ['HOST', { HOST: '192.168.1.20' }],
    ['HOST', { HOST: 'chat' }],
    ['HOST', { HOST: '0.0.0.0', PUBLIC_URL: 'http://localhost:3000' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'http://chat.example' }],
    ['PUBLIC_URL', { HOST: '0.0.0.0', PUBLIC_URL: 'http://192.168.1.20:3000' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'http://0.0.0.0:3000' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'http://127.0.0.1.chat.example' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'http://localhost.chat.example' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'https://me:pass@chat.example' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'https://*.chat.example' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'https://chat.example/?a=b' }],
    ['ALLOWED_ORIGINS', { ...https, ALLOWED_ORIGINS: 'https://chat.example,http://chat.example' }],
    ['ALLOWED_ORIGINS', { ...https, ALLOWED_ORIGINS: 'https://chat.example, http://localhost:3000' }],
    ['ALLOWED_ORIGINS', { ALLOWED_ORIGINS: 'http://localhost:3000,http://evil.example' }],
    ['ALLOWED_ORIGINS', { ALLOWED_ORIGINS: 'https://chat.example,' }],
    ['ALLOWED_ORIGINS', { ALLOWED_ORIGINS: '*' }],
    ['ALLOWED_ORIGINS', { ALLOWED_ORIGINS: 'null' }],
    ['CORS_ORIGINS', { CORS_ORIGINS: '*' }],
    ['CORS_ORIGINS', { CORS_ORIGINS: 'https://app.example,*' }],
    ['CORS_ORIGINS', { CORS_ORIGINS: 'null' }],
    ['CORS_ORIGINS', { CORS_ORIGINS: 'https://*.app.example' }],
    ['CORS_ORIGINS', { CORS_ORIGINS: 'https://app.example/chat' }],
    ['CORS_ORIGINS', { CORS_ORIGINS: 'app.example' }],
    ['CORS_ORIGINS', { CORS_ORIGINS: 'https://app.example,' }],
    ['CORS_ORIGINS', { CORS_ORIGINS: 'https://me:pass@app.example' }],
    ['CORS_ORIGINS', { CORS_ORIGINS: 'ws://app.example' }],
    ['CORS_ORIGINS', { CORS_ORIGINS: 'http://app.example' }],
    ['CORS_ORIGINS', { ...https, CORS_ORIGINS: 'http://app.example' }],
    ['CORS_ORIGINS', { ...https, CORS_ORIGINS: 'http://localhost:5173' }],
    ['CORS_ORIGINS', { ...https, CORS_ORIGINS: 'https://app.example, https://chat.example' }],
    ['CORS_ORIGINS', { CORS_ORIGINS: 'http://127.0.0.1:3000' }],
    ['CORS_ORIGINS', { ALLOWED_ORIGINS: 'https://a.example', CORS_ORIGINS: 'https://a.example' }],
    ['APP_TOKEN_SECRETS', { APP_TOKEN_SECRETS: 'too-short' }],
    ['APP_TOKEN_SECRETS', { APP_TOKEN_SECRETS: `${good},` }],
    ['APP_TOKEN_SECRETS', { APP_TOKEN_SECRETS: `${good}, ${good}` }],
    ['APP_TOKEN_SECRETS', { APP_TOKEN_SECRETS: 'changeme-changeme-changeme-changeme' }],
    ['APP_TOKEN_SECRETS', { APP_TOKEN_SECRETS: `${other}, ${good}`, AUTH_SECRET: good }],
    ['METRICS_TOKEN', { APP_TOKEN_SECRETS: good, METRICS_TOKEN: good }],
    ['AUTH_ISSUER', { AUTH_JWKS_URL: 'https://id.example/jwks', AUTH_ISSUER: 'urn:roomline:app', AUTH_AUDIENCE: 'roomline' }],
    ['REALTIME_URL', { ...https, REALTIME_URL: 'ws://chat.example/trpc' }],
    ['REALTIME_URL', { ...https, REALTIME_URL: 'WS://localhost:3001/trpc' }],
    ['REALTIME_URL', { REALTIME_URL: 'ws://chat.example/trpc' }],
    ['REALTIME_URL', { ...https, REALTIME_URL: 'wss://me:pass@chat.example/trpc' }],
    ['REALTIME_URL', { ...https, REALTIME_URL: 'wss://chat.example/trpc?token=1' }],
    ['TRUST_PROXY', { TRUST_PROXY: '99' }],
    ['TRUST_PROXY', { TRUST_PROXY: '9' }],
    ['TRUST_PROXY', { TRUST_PROXY: 'true' }],
    ['DATA_DIR', { DATA_DIR: '/' }],
    ['DATA_DIR', { DATA_DIR: '/srv/../etc/' }],
    ['DATA_DIR', { DATA_DIR: '/tmp' }],
    ['DATA_DIR', { DATA_DIR: '  ' }],
    ['AUTH_ISSUER', { AUTH_JWKS_URL: 'https://id.example/jwks', AUTH_AUDIENCE: 'roomline' }],
    ['AUTH_AUDIENCE', { AUTH_JWKS_URL: 'https://id.example/jwks', AUTH_ISSUER: 'https://id.example' }],
    ['AUTH_JWKS_URL', { AUTH_ISSUER: 'https://id.example' }],
    ['AUTH_JWKS_URL', { AUTH_JWKS_URL: 'http://id.example/jwks', AUTH_ISSUER: 'https://id.example', AUTH_AUDIENCE: 'roomline' }],
    ['AUTH_JWKS_URL', { AUTH_JWKS_URL: 'https://a:b@id.example/jwks', AUTH_ISSUER: 'https://id.example', AUTH_AUDIENCE: 'roomline' }],
    ['OIDC_CLIENT_SECRET', { OIDC_ISSUER: 'https://id.example', OIDC_CLIENT_ID: 'roomline' }],
    ['OIDC_ISSUER', { OIDC_ISSUER: 'http://id.example', OIDC_CLIENT_ID: 'roomline', OIDC_CLIENT_SECRET: 'of-the-client' }],
    ['OIDC_CLIENT_SECRET', { OIDC_ISSUER: 'https://id.example', OIDC_CLIENT_ID: 'roomline', OIDC_CLIENT_SECRET: good, AUTH_SECRET: good }],
    [
      'NODE_TLS_REJECT_UNAUTHORIZED',
      { OIDC_ISSUER: 'https://id.example', OIDC_CLIENT_ID: 'roomline', OIDC_CLIENT_SECRET: 'x1', NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    ],
    ['REGISTRATION', { REGISTRATION: 'yes' }],
  ])('%s is named in the refusal of %j', (name, env) => {
    expectRefused(name, env as Record<string, string>)
  })

  it.each([
    { HOST: '::1', PUBLIC_URL: 'http://[::1]:3000' },
    { HOST: '127.0.0.2', PUBLIC_URL: 'http://chat.localhost:3000' },
    { HOST: '0.0.0.0', ...https, REALTIME_URL: 'wss://chat.example/trpc', TRUST_PROXY: '2' },
    { HOST: '::', ...https, ALLOWED_ORIGINS: 'https://chat.example, https://www.chat.example' },
    { REALTIME_URL: 'ws://localhost:4001/trpc', ALLOWED_ORIGINS: 'http://localhost:3000' },
    { CORS_ORIGINS: 'http://localhost:5173, http://127.0.0.1:5173' },
    { ...https, CORS_ORIGINS: 'https://app.example,https://app.example:8443' },
    { ...https, AUTH_SECRET: good, APP_TOKEN_SECRETS: other },
    { DATA_DIR: '/var/lib/roomline' },
    { DATA_DIR: '/data' },
    { AUTH_JWKS_URL: 'http://127.0.0.1:9000/jwks?v=2', AUTH_ISSUER: 'http://127.0.0.1:9000', AUTH_AUDIENCE: 'roomline' },
    { OIDC_ISSUER: 'https://id.example/realms/team', OIDC_CLIENT_ID: 'roomline', OIDC_CLIENT_SECRET: 'of-the-client' },
    { REGISTRATION: 'closed', NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  ])('%j is accepted', (env) => {
    expect(refusals(env as unknown as Record<string, string>)).toEqual([])
  })

  it('registration is open to begin with only where the web app is on this machine', () => {
    expect(readConfig({})).toMatchObject({ registration: undefined, defaultRegistration: 'open' })
    expect(readConfig(https)).toMatchObject({ registration: undefined, defaultRegistration: 'invite' })
    expect(readConfig({ ...https, REGISTRATION: 'open' })).toMatchObject({ registration: 'open' })
  })
})

describe('misspelt variables', () => {
  it.each([
    ['ALOWED_ORIGINS', 'ALLOWED_ORIGINS'],
    ['ALLOWED_ORIGIN', 'ALLOWED_ORIGINS'],
    ['ALLOWED_ORGINS', 'ALLOWED_ORIGINS'],
    ['ALLOWEDORIGINS', 'ALLOWED_ORIGINS'],
    ['SENDS_PER_MIN', 'SENDS_PER_MINUTE'],
    ['SEND_PER_MINUTE', 'SENDS_PER_MINUTE'],
    ['LOGIN_PER_MINUTE', 'LOGINS_PER_MINUTE'],
    ['REGISTRATION_PER_HOUR', 'REGISTRATIONS_PER_HOUR'],
    ['MAX_CONNECTION_PER_IP', 'MAX_CONNECTIONS_PER_IP'],
    ['CONNECTIONS_PER_USER', 'MAX_CONNECTIONS_PER_USER'],
    ['WEBPORT', 'WEB_PORT'],
    ['WEB_PROT', 'WEB_PORT'],
    ['web_port', 'WEB_PORT'],
    ['REALTIME_PORTS', 'REALTIME_PORT'],
    ['REAL_TIME_PORT', 'REALTIME_PORT'],
    ['PUBLIC_URI', 'PUBLIC_URL'],
    ['PUBILC_URL', 'PUBLIC_URL'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['REDIS_URI', 'REDIS_URL'],
    ['DATADIR', 'DATA_DIR'],
    ['AUTH_SECRETS', 'AUTH_SECRET'],
    ['AUTH_SECRET_FILE', 'AUTH_SECRET'],
    ['ROOMLINE_AUTH_SECRET', 'AUTH_SECRET'],
    ['TRUSTED_PROXY', 'TRUST_PROXY'],
    ['TRUST_PROXIES', 'TRUST_PROXY'],
    ['METRIC_TOKEN', 'METRICS_TOKEN'],
    ['LOG_LEVLE', 'LOG_LEVEL'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['REGISTRATIONS', 'REGISTRATION'],
    ['OIDC_CLIENT_SECERT', 'OIDC_CLIENT_SECRET'],
    ['AUTH_JWK_URL', 'AUTH_JWKS_URL'],
    ['HSOT', 'HOST'],
  ])('%s is refused with "did you mean %s?"', (name, meant) => {
    expect(refusals({ [name]: 'x' })).toEqual([expect.stringMatching(`^  ${name}: .*did you mean ${meant}\\?`)])
  })

  it.each(['OIDC_SCOPES', 'MAX_CONNECTIONS_PER_ROOM', 'SENDS_PER_DAY'])('%s, which only Roomline could have, is refused', (name) => {
    expect(refusals({ [name]: 'x' })).toEqual([expect.stringContaining(`  ${name}: `)])
  })

  it("other programs' variables are left alone", () => {
    const values = { WEBSITE_PORT: '80', ROOMLINE_WEB_PORT: 'tcp://10.0.0.7:3000', TERM: 'xterm' }
    expect(refusals({ ...Object.fromEntries(foreign.split(/\s+/).map((name) => [name, 'x'])), ...values })).toEqual([])
    expect(refusals(process.env as Record<string, string>)).toEqual([])
  })
})

it.each(['launch/main.ts', 'server/main.ts', 'web-server/main.ts'])('%s: an unsafe configuration ends with exit code 1', (file) => {
  const started = spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(new URL(`../../src/${file}`, import.meta.url))], {
    env: {
      NODE_ENV: 'production',
      PATH: process.env.PATH,
      AUTH_SECRET: 'x'.repeat(32),
      TRUST_PROXY: '99',
      METRICS_TOKEN: 'a',
      SENDS_PER_MIN: '5',
    },
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect(started.status).toBe(1)
  for (const name of ['AUTH_SECRET', 'TRUST_PROXY', 'METRICS_TOKEN', 'SENDS_PER_MIN']) expect(started.stderr).toContain(`  ${name}: `)
})

/** Of shells, desktops, editors, containers, CI, clouds, package managers, databases and other servers. */
const foreign = `PATH HOME PWD OLDPWD SHELL USER LOGNAME USERNAME HOSTNAME HOSTTYPE MACHTYPE OSTYPE PORT PORTS HOSTS VHOST TERM TERM_PROGRAM
  COLORTERM LANG LANGUAGE LC_ALL LC_CTYPE TZ EDITOR VISUAL PAGER LESS LS_COLORS SHLVL PS1 IFS HISTFILE HISTSIZE MAIL DISPLAY XAUTHORITY
  XDG_DATA_DIRS XDG_DATA_HOME XDG_CONFIG_DIRS XDG_CONFIG_HOME XDG_RUNTIME_DIR XDG_SESSION_ID DBUS_SESSION_BUS_ADDRESS SSH_AUTH_SOCK
  SSH_CLIENT SSH_CONNECTION SSH_TTY SUDO_USER SUDO_COMMAND SYSTEMD_EXEC_PID INVOCATION_ID JOURNAL_STREAM NOTIFY_SOCKET LISTEN_FDS
  LISTEN_PID MANAGERPID RUNTIME_DIRECTORY STATE_DIRECTORY CACHE_DIRECTORY LOGS_DIRECTORY CREDENTIALS_DIRECTORY WATCHDOG_USEC
  TMPDIR TMP TEMP NODE_ENV NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED NODE_VERSION YARN_VERSION NVM_DIR
  NVM_BIN npm_config_registry npm_config_cache npm_config_proxy npm_package_name npm_lifecycle_event npm_execpath NPM_TOKEN INIT_CWD
  COREPACK_HOME NEXT_TELEMETRY_DISABLED NEXT_PUBLIC_URL NEXT_RUNTIME NEXTAUTH_URL NEXTAUTH_SECRET AUTH_URL AUTH_TRUST_HOST AUTH_TOKEN
  OAUTH_SECRET OAUTH_ISSUER HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy no_proxy all_proxy FTP_PROXY CI CI_JOB_TOKEN
  CI_COMMIT_SHA GITHUB_ACTIONS GITHUB_TOKEN GITHUB_SERVER_URL GITHUB_API_URL GITHUB_WORKSPACE RUNNER_OS RUNNER_TEMP RUNNER_TOOL_CACHE
  ACTIONS_RUNTIME_URL ACTIONS_ID_TOKEN_REQUEST_URL GITLAB_CI BUILD_ID BUILD_NUMBER JENKINS_URL DYNO HEROKU_APP_NAME REDIS_TLS_URL
  DATABASE_HOST DATABASE_USER DATABASE_NAME DATABASE_PASSWORD REDIS_HOST REDIS_PORT REDIS_PASSWORD REDIS_USER PGHOST PGPORT PGUSER
  PGPASSWORD PGDATABASE PGDATA PGSSLMODE POSTGRES_USER POSTGRES_PASSWORD POSTGRES_DB POSTGRES_URL MYSQL_URL MONGO_URL S3_BUCKET_NAME
  AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_EXECUTION_ENV AWS_WEB_IDENTITY_TOKEN_FILE
  GOOGLE_APPLICATION_CREDENTIALS GCP_PROJECT K_SERVICE K_REVISION AZURE_CLIENT_ID AZURE_CLIENT_SECRET AZURE_TENANT_ID WEBSITES_PORT
  WEBSITE_HOSTNAME FLY_APP_NAME FLY_REGION RAILWAY_PUBLIC_DOMAIN RAILWAY_ENVIRONMENT RENDER_EXTERNAL_URL VERCEL_URL KUBERNETES_PORT
  KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT KUBERNETES_PORT_443_TCP_ADDR WEB_SERVICE_HOST WEB_SERVICE_PORT WEB_PORT_3000_TCP
  WEB_PORT_3000_TCP_PORT REALTIME_SERVICE_PORT_WS OIDC_SERVICE_HOST OIDC_PORT_443_TCP_ADDR POD_NAME POD_IP POD_NAMESPACE CONTAINER_NAME
  DOCKER_HOST DOCKER_BUILDKIT container VIRTUAL_HOST VIRTUAL_PORT LETSENCRYPT_HOST BIND ADDRESS LISTEN WEB_CONCURRENCY WEB_MEMORY
  RAILS_ENV SECRET_KEY_BASE SECRET_KEY JWT_SECRET SESSION_SECRET COOKIE_SECRET APP_URL APP_PORT APP_HOST BASE_URL SITE_URL API_URL
  API_TOKEN SERVER_PORT SERVER_NAME SENTRY_DSN OTEL_EXPORTER_OTLP_ENDPOINT OTEL_LOG_LEVEL RUST_LOG DEBUG LOG_FORMAT LOG_FILE LOG_DIR
  VERBOSE SMTP_HOST SMTP_URL MAIL_FROM PROMETHEUS_TOKEN CHROMIUM_PATH CHROME_BIN PLAYWRIGHT_BROWSERS_PATH VITEST VITEST_POOL_ID JAVA_HOME
  GOPATH CARGO_HOME PYTHONPATH VIRTUAL_ENV CONDA_PREFIX SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE GIT_SSL_CAINFO GIT_AUTHOR_NAME
  VSCODE_IPC_HOOK VSCODE_PID COMPUTERNAME USERPROFILE APPDATA LOCALAPPDATA ProgramFiles SystemRoot ComSpec NUMBER_OF_PROCESSORS
  PRISMA_SCHEMA_ENGINE_BINARY MAX_OLD_SPACE MAX_CONNECTIONS MAX_WORKERS DATA_PATH DATA_SOURCE PUBLIC_DIR PUBLIC_IP AUTH_USER CLIENT_ID
  CLIENT_SECRET CLIENT_IP CLUSTER_NAME _`
