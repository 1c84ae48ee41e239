import type { DatabaseState, DatabaseWatch } from './database-watch'
import type { RedisConnections } from './redis'

export interface HealthReport {
  status: 200 | 503
  body: { status: 'ok' | 'degraded' | 'unavailable' | 'draining'; database: DatabaseState; redis: 'ok' | 'down' }
}

export interface Health {
  /** The answer of `/ready`: 503 while the database cannot store a message, or while draining. Without Redis it is degraded. */
  read(draining: boolean): Promise<HealthReport>
}

export function createHealth(watch: Pick<DatabaseWatch, 'read'>, redis: Pick<RedisConnections, 'isAlive'>): Health {
  return {
    read: async (draining) => {
      const database = await watch.read()
      const news = redis.isAlive() ? 'ok' : 'down'
      const ready = database === 'ok' && !draining
      const status = draining ? 'draining' : !ready ? 'unavailable' : news === 'ok' ? 'ok' : 'degraded'
      return { status: ready ? 200 : 503, body: { status, database, redis: news } }
    },
  }
}
