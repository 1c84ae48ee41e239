import { type ChatFailure, readFailure } from '../chat-error'

type Row = Record<string, unknown>

/**
 * Runs a statement of the outbox with your database's driver. The values belong to `$1`, `$2` … in the text.
 * @example (text, values) => pool.query(text, values) // pg
 * @example (text, values) => sql.unsafe(text, values) // postgres.js
 */
export type OutboxQuery = (text: string, values: unknown[]) => Promise<readonly Row[] | { readonly rows: readonly Row[] }>

export interface OutboxOptions {
  /** Runs the relay's statements, and those of `post` unless it gets a transaction's. */
  query: OutboxQuery
  /** The table, with its schema if it needs one. Default: `roomline_outbox`. */
  table?: string
  /** How a driver writes the places of values, by their number. Default: `$1`. For SQLite: `(number) => '?' + number`. */
  placeholder?(number: number): string
}

export interface OutboxMessage {
  /** The room's id. */
  room: string
  /** 1 to 4,000 characters. */
  text: string
  /** What makes the message one, of any length: `order 1234 shipped`, for example. A second row with it is ignored. */
  key: string
  /** The `seq` of the message that it answers. */
  replyTo?: number
}

/** Whoever posts: `createServer({ url, botToken })` does. */
export interface OutboxPoster {
  post(room: string, text: string, options: { key: string; replyTo?: number }): Promise<unknown>
}

export interface RelayOptions {
  /** How often it looks for new rows, in milliseconds. Default: 1,000. `runNow` looks at once. */
  everyMs?: number
  /**
   * Called for everything that goes wrong: with a row that was refused for good, which then stays in the table with its
   * `failure`, or without one when the database or Roomline is away, which is tried again.
   */
  onError?(failure: ChatFailure, message: OutboxMessage | null): void
}

export interface OutboxRelay {
  /** Looks for new rows now, for example after a commit. */
  runNow(): void
  /** Resolves when the running round is over. Rows that are left are posted by the next relay. */
  close(): Promise<void>
}

export interface ServerOutbox {
  /** The statement that makes the table, for your migrations. Postgres and SQLite understand it. */
  readonly createTable: string
  /**
   * Writes a message into the table: it is posted if your transaction commits, and not if it is rolled back.
   * @param query runs statements in your transaction
   * @example
   * await sql.begin(async (tx) => {
   *   await tx`UPDATE orders SET shipped = true WHERE id = ${id}`
   *   await outbox.post({ room: 'orders', text: `Order ${id} has been shipped`, key: `order ${id} shipped` }, tx.unsafe)
   * })
   */
  post(message: OutboxMessage, query?: OutboxQuery): Promise<void>
  /**
   * Posts what is in the table, in its order, until it is closed. Each message is posted exactly once, however often the relay is
   * stopped, and however many run.
   * @example const relay = outbox.relay(createServer({ url: process.env.ROOMLINE_URL!, botToken: process.env.BOT_TOKEN! }))
   */
  relay(poster: OutboxPoster, options?: RelayOptions): OutboxRelay
}

const maxPerPage = 100
const longestPauseMs = 30_000

/**
 * Messages that belong to your own transactions, in any database: they are rows of a table of yours, and a relay posts them.
 * @throws Error when `table` is not the name of a table
 */
export function createOutbox({ query, table = 'roomline_outbox', placeholder = (number) => `$${number}` }: OutboxOptions): ServerOutbox {
  if (!/^[\w.]+$/.test(table)) throw new Error(`createOutbox: "${table}" is not the name of a table.`)
  const [one, two, three, four, five] = [1, 2, 3, 4, 5].map(placeholder)
  let latest = 0
  /** Rises with each row, so that rows of one process are posted in their order. */
  const nextPlace = () => (latest = Math.max(latest + 1, Date.now() * 1_000))

  return {
    createTable: `CREATE TABLE IF NOT EXISTS ${table} (
  room TEXT NOT NULL,
  key TEXT NOT NULL,
  text TEXT NOT NULL,
  reply_to INTEGER,
  place BIGINT NOT NULL,
  failure TEXT,
  PRIMARY KEY (room, key)
)`,
    post: async ({ room, text, key, replyTo }, queryInTransaction = query) => {
      await queryInTransaction(
        `INSERT INTO ${table} (room, key, text, reply_to, place) VALUES (${one}, ${two}, ${three}, ${four}, ${five}) ON CONFLICT (room, key) DO NOTHING`,
        [room, key, text, replyTo ?? null, nextPlace()],
      )
    },
    relay: (poster, options) => startRelay({ query, table, placeholders: [one, two, three] as string[], poster }, options),
  }
}

interface RelayParts {
  query: OutboxQuery
  table: string
  placeholders: string[]
  poster: OutboxPoster
}

function startRelay(
  { query, table, placeholders, poster }: RelayParts,
  { everyMs = 1_000, onError = () => {} }: RelayOptions = {},
): OutboxRelay {
  const [one, two, three] = placeholders
  let timer: ReturnType<typeof setTimeout> | undefined
  let running: Promise<void> | null = null
  let mustRunAgain = false
  let isClosed = false
  let failures = 0

  /** What the app does with it must not end the relay. */
  function report(failure: ChatFailure, message: OutboxMessage | null) {
    try {
      onError(failure, message)
    } catch (error) {
      // biome-ignore lint/suspicious/noConsole: it would be lost otherwise
      console.error('The onError of an outbox relay threw:', error)
    }
  }

  async function runOnce() {
    /** Rooms in which a message has to wait: those behind it must not overtake it. */
    const waiting = new Set<string>()
    let isMoving = false
    for (let after = 0, isLast = false; !isLast && !isClosed; ) {
      const rows = rowsOf(
        await query(
          `SELECT room, key, text, reply_to, place FROM ${table} WHERE failure IS NULL AND place > ${one} ORDER BY place LIMIT ${maxPerPage}`,
          [after],
        ),
      )
      for (const row of rows) {
        after = Number(row.place)
        const message = toMessage(row)
        if (isClosed || waiting.has(message.room)) continue
        if (await postOne(message)) isMoving = true
        else waiting.add(message.room)
      }
      isLast = rows.length < maxPerPage
    }
    failures = waiting.size > 0 && !isMoving ? failures + 1 : 0
  }

  /** @returns whether it is done with, posted or refused */
  async function postOne(message: OutboxMessage): Promise<boolean> {
    const { room, key, text, replyTo } = message
    const failure = await poster
      .post(room, text, { key: await clientIdOf(key), ...(replyTo !== undefined && { replyTo }) })
      .then(() => null, readFailure)
    const isRefused = failure !== null && isForGood(failure)
    if (failure === null) await query(`DELETE FROM ${table} WHERE room = ${one} AND key = ${two}`, [room, key])
    else if (isRefused)
      await query(`UPDATE ${table} SET failure = ${one} WHERE room = ${two} AND key = ${three}`, [failure.name, room, key])
    if (failure !== null) report(failure, isRefused ? message : null)
    return failure === null || isRefused
  }

  async function run() {
    do {
      mustRunAgain = false
      try {
        await runOnce()
      } catch (error) {
        failures++
        report(readFailure(error), null)
      }
    } while (mustRunAgain && !isClosed)
    running = null
    if (!isClosed) timer = setTimeout(runNow, Math.min(everyMs * 2 ** Math.min(failures, 10), Math.max(longestPauseMs, everyMs)))
  }

  function runNow() {
    if (isClosed) return
    clearTimeout(timer)
    if (running) mustRunAgain = true
    else running = run()
  }

  runNow()
  return {
    runNow,
    close: async () => {
      isClosed = true
      clearTimeout(timer)
      await running
    },
  }
}

/** Whatever a person would have to change first. A token that was revoked may be replaced, and the room restored. */
const isForGood = ({ name, retry, retryAfterMs }: ChatFailure): boolean =>
  !retry && retryAfterMs === undefined && !['UNAUTHORIZED', 'UNKNOWN', 'NOT_ROOMLINE'].includes(name)

const rowsOf = (found: Awaited<ReturnType<OutboxQuery>>): readonly Row[] => ('rows' in found ? found.rows : found)

const toMessage = ({ room, key, text, reply_to: replyTo }: Row): OutboxMessage => ({
  ...{ room: String(room), key: String(key), text: String(text) },
  ...(typeof replyTo === 'number' && { replyTo }),
})

/** Made from the row's key alone, so that posting the row again is posting the same message. */
async function clientIdOf(key: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key)))
  return `out-${[...hash]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .slice(0, 48)}`
}
