import { ConfigError } from './config'

/** Why the database rejects a valid call: until an operator has fixed it, or it recovers by itself. */
export type DatabaseTrouble = 'down' | 'refused' | 'read-only' | 'full' | 'overloaded' | 'not migrated' | 'damaged' | 'not durable'

/** What the log tells the operator when it starts. */
export const troubleAdvice: Record<DatabaseTrouble, string> = {
  down: 'cannot reach the database: check that Postgres is running and that DATABASE_URL is correct',
  refused: 'the database refuses access: check the user, password and database name in DATABASE_URL, and the user’s permissions',
  'read-only': 'the database is read-only: point DATABASE_URL at the primary, end the recovery, or unset default_transaction_read_only',
  full: "the database's disk is full: free up space or enlarge it",
  overloaded: 'the database is out of connections or memory: raise its limits or run fewer processes',
  'not migrated': 'the database lacks a table, column or function that this version needs: run `npm run db:migrate`',
  damaged: 'the database cannot read or write its files: check its log and its disk',
  'not durable': 'the database acknowledges commits before they are on disk: set synchronous_commit = on',
}

const troubleOfCode: Record<string, DatabaseTrouble> = {
  '25006': 'read-only',
  '53100': 'full',
  // A missing table, column, schema, function or type.
  ...{ '42P01': 'not migrated', '42703': 'not migrated', '3F000': 'not migrated', '42883': 'not migrated', '42704': 'not migrated' },
  // No such database, no connections allowed, no permission for its tables.
  ...{ '3D000': 'refused', '55000': 'refused', '42501': 'refused' },
  ...{ XX001: 'damaged', XX002: 'damaged' },
  // Prisma's own codes.
  ...{ P1000: 'refused', P1003: 'refused', P1010: 'refused', P1011: 'refused', P1001: 'down', P2037: 'overloaded' },
  ...{ P2021: 'not migrated', P2022: 'not migrated' },
  // Network errors, before Postgres answers.
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

/** Null when the error is not about the database's state, so the call itself is wrong. */
export function findTrouble(error: unknown): DatabaseTrouble | null {
  if (error instanceof ConfigError) return 'not durable'
  for (const code of codesOf(error)) {
    const trouble = troubleOfCode[code] ?? troubleOfClass.find(([codes]) => codes.test(code))?.[1]
    if (trouble) return trouble
  }
  return null
}

/** The error codes in an error: pg has Postgres' code; Prisma has its own and, deep inside, Postgres'. */
export function codesOf(error: unknown): string[] {
  const details = error as
    | { code?: unknown; meta?: { code?: unknown; driverAdapterError?: { cause?: { originalCode?: unknown } } } }
    | null
    | undefined
  // Postgres' own codes first: they are more precise.
  return [details?.meta?.driverAdapterError?.cause?.originalCode, details?.meta?.code, details?.code].filter(
    (code) => typeof code === 'string',
  )
}
