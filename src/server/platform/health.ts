import type { Pool } from 'pg'
import type { RedisConnections } from './redis'

export interface Health {
  /** What `/ready` answers: out of service only without the database or while draining. Without Redis, news are slower. */
  read(draining: boolean): Promise<{ status: 200 | 503; body: { status: string; database: Check; redis: Check } }>
}

type Check = 'ok' | 'down'

const patienceMs = 2_000

export function createHealth(pool: Pool, { commands, subscriber }: Pick<RedisConnections, 'commands' | 'subscriber'>): Health {
  return {
    read: async (draining) => {
      const [database, redis] = await Promise.all([
        check(pool.query('SELECT 1')),
        subscriber.status === 'ready' ? check(commands.ping()) : ('down' as const),
      ])
      const ready = database === 'ok' && !draining
      const status = !ready ? (draining ? 'draining' : 'unavailable') : redis === 'ok' ? 'ok' : 'degraded'
      return { status: ready ? 200 : 503, body: { status, database, redis } }
    },
  }
}

async function check(asking: Promise<unknown>): Promise<Check> {
  const late = new Promise<'down'>((resolve) => setTimeout(resolve, patienceMs, 'down').unref())
  return Promise.race([asking.then(() => 'ok' as const).catch(() => 'down' as const), late])
}
