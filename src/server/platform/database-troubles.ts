import { ConfigError } from './config'

/** Why the database cannot take a call that is itself in order: until an operator has mended it, or it recovers by itself. */
export type DatabaseTrouble = 'down' | 'refused' | 'read-only' | 'full' | 'overloaded' | 'not migrated' | 'damaged' | 'not durable'

/** What an operator reads in the log when it begins. */
export const troubleAdvice: Record<DatabaseTrouble, string> = {
  down: 'the database cannot be reached: check that Postgres is running and that DATABASE_URL leads to it',
  refused: 'the database refuses us: check the user, the password and the name in DATABASE_URL, and what that user may do',
  'read-only': 'the database is read-only: point DATABASE_URL at the primary, or end its recovery, or unset default_transaction_read_only',
  full: "the database's disk is full: free some space, or make it bigger",
  overloaded: 'the database is out of connections or memory: raise its limits, or run fewer processes',
  'not migrated': 'the database lacks a table, a column or a function that this version needs: run `npm run db:migrate`',
  damaged: 'the database cannot read or write its files: look at its own log and at its disk',
  'not durable': 'the database acknowledges commits before they are on disk: set synchronous_commit = on for it',
}

const troubleOfCode: Record<string, DatabaseTrouble> = {
  '25006': 'read-only',
  '53100': 'full',
  // A table, a column, a schema, a function, a type that is not there.
  ...{ '42P01': 'not migrated', '42703': 'not migrated', '3F000': 'not migrated', '42883': 'not migrated', '42704': 'not migrated' },
  // No such database, one that lets nobody in, one whose tables this user may not use.
  ...{ '3D000': 'refused', '55000': 'refused', '42501': 'refused' },
  ...{ XX001: 'damaged', XX002: 'damaged' },
  // Prisma's own.
  ...{ P1000: 'refused', P1003: 'refused', P1010: 'refused', P1011: 'refused', P1001: 'down', P2037: 'overloaded' },
  ...{ P2021: 'not migrated', P2022: 'not migrated' },
  // Of the network, before Postgres says anything.
  ...{ ECONNREFUSED: 'down', ECONNRESET: 'down', ECONNABORTED: 'down', EPIPE: 'down', ETIMEDOUT: 'down', EHOSTUNREACH: 'down' },
  ...{ ENETUNREACH: 'down', ENOTFOUND: 'down', EAI_AGAIN: 'down' },
}

const troubleOfClass: [RegExp, DatabaseTrouble][] = [
  [/^(08|57P)[0-9A-Z]+$/, 'down'],
  [/^28[0-9A-Z]+$/, 'refused'],
  [/^53[0-9A-Z]+$/, 'overloaded'],
  [/^(58|F0)[0-9A-Z]+$/, 'damaged'],
  [/^(CERT|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)_/, 'refused'],
]

/** Null when the error says nothing of the kind, and the call itself is to blame. */
export function findTrouble(error: unknown): DatabaseTrouble | null {
  if (error instanceof ConfigError) return 'not durable'
  for (const code of codesOf(error)) {
    const trouble = troubleOfCode[code] ?? troubleOfClass.find(([codes]) => codes.test(code))?.[1]
    if (trouble) return trouble
  }
  return null
}

/** What kind of failure it is: pg gives Postgres' own code, Prisma one of its own and, deep inside, Postgres'. */
export function codesOf(error: unknown): string[] {
  const given = error as
    | { code?: unknown; meta?: { code?: unknown; driverAdapterError?: { cause?: { originalCode?: unknown } } } }
    | null
    | undefined
  // Postgres' own come first: they say more.
  return [given?.meta?.driverAdapterError?.cause?.originalCode, given?.meta?.code, given?.code].filter((code) => typeof code === 'string')
}
