import type { RedisConnections } from '../platform/redis'
import type { UseStore } from './shared-limits'

/**
 * Each key holds the time, in milliseconds of Redis's own clock, when the allowance is full again. A node that knows of a
 * later time wins: Redis may have lost the key.
 */
const addUses = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answers = {}
for index, key in ipairs(KEYS) do
  local known, added = tonumber(ARGV[2 * index - 1]), tonumber(ARGV[2 * index])
  local stored = tonumber(redis.call('GET', key) or '') or 0
  local fullAt = math.max(stored, now + known) + added
  redis.call('SET', key, string.format('%.0f', fullAt), 'PX', math.max(1, math.ceil(fullAt - now)))
  answers[index] = math.ceil(fullAt - now)
end
return answers`

/** What all nodes have counted, in Redis. */
export function createRedisUses({ commands, isAlive }: Pick<RedisConnections, 'commands' | 'isAlive'>): UseStore {
  return {
    isAlive,
    add: async (uses) => {
      // The same hash tag in each key: one script may only use keys of one slot of a cluster.
      const keys = uses.map(({ key }) => `roomline:{limits}:${key}`)
      const values = uses.flatMap(({ knownMs, intervalMs, uses: times }) => [Math.round(knownMs), Math.round(times * intervalMs)])
      return (await commands.eval(addUses, keys.length, ...keys, ...values)) as number[]
    },
  }
}
