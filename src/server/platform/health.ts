import type { Pool } from 'pg'
import type { RedisConnections } from './redis'

export interface Health {
  /** What `/ready` answers: out of service only without the database or while draining. Without Redis, news are slower. */
  read(draining: boolean): Promise<{ status: 200 | 503; body: { status: string; database: Check; redis: Check } }>
}

type Check = 'ok' | 'down'

const patienceMs = 2_000

export function createHealth(pool: Pool, redis: Pick<RedisConnections, 'isAlive'>): Health {
  return {
    read: async (draining) => {
      const database = await check(pool.query('SELECT 1'))
      const news: Check = redis.isAlive() ? 'ok' : 'down'
      const ready = database === 'ok' && !draining
      const status = !ready ? (draining ? 'draining' : 'unavailable') : news === 'ok' ? 'ok' : 'degraded'
      return { status: ready ? 200 : 503, body: { status, database, redis: news } }
    },
  }
}

async function check(asking: Promise<unknown>): Promise<Check> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Check>((resolve) => {
    timer = setTimeout(resolve, patienceMs, 'down')
  })
  const answered = asking.then(
    () => 'ok' as const,
    () => 'down' as const,
  )
  return Promise.race([answered, late]).finally(() => clearTimeout(timer))
}
