import pg from 'pg'
import type { Log } from './log'

export interface Listener {
  close(): Promise<void>
}

const againMs = 1_000

/**
 * Calls `onNotified` for each NOTIFY in this channel of Postgres, and after each connect, as some may have been missed. On
 * a connection of its own, which is made again when it is lost. Behind a pooler that shares connections nothing comes,
 * so callers must work without it too.
 */
export function listen(databaseUrl: string, channel: string, onNotified: () => void, log: Log): Listener {
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
      log.debug({ error: error?.message }, 'no notifications come from Postgres')
      timer = setTimeout(connect, againMs)
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
      // A connection that hangs must not hold up the end.
      open?.end().catch(() => {})
    },
  }
}
