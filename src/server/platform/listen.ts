import pg from 'pg'
import type { Log } from './log'

export interface Listener {
  close(): Promise<void>
}

const retryMs = 1_000

/**
 * Calls `onNotified` for each NOTIFY on this Postgres channel, and after each connect, because some may have been missed. It
 * uses its own connection and reconnects when that is lost. Behind a pooler that shares connections no notifications arrive,
 * so callers must also work without them.
 */
export function listenToPostgres(databaseUrl: string, channel: string, onNotified: () => void, log: Log): Listener {
  let closed = false
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | undefined

  const connect = () => {
    const next = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      application_name: 'roomline',
    })
    client = next
    const lost = (error?: Error) => {
      if (client !== next) return
      client = null
      next.end().catch(() => {})
      if (closed) return
      log.debug({ error: error?.message }, 'lost the connection for Postgres notifications')
      timer = setTimeout(connect, retryMs)
    }
    next.on('error', lost)
    next.on('end', () => lost())
    next.on('notification', onNotified)
    next
      .connect()
      .then(() => next.query(`LISTEN ${pg.escapeIdentifier(channel)}`))
      .then(onNotified)
      .catch(lost)
  }
  connect()

  return {
    close: async () => {
      closed = true
      clearTimeout(timer)
      const open = client
      client = null
      // Not awaited: a hanging connection must not hold up the shutdown.
      open?.end().catch(() => {})
    },
  }
}
