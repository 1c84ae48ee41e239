import { randomUUID } from 'node:crypto'
import type { NewsBus } from '../bus/news-bus'
import type { Log } from '../platform/log'
import type { RedisConnections } from '../platform/redis'
import { bestState, differing, type NodePeople, setState } from './people-of-nodes'
import type { HereOrAway, PresenceBoard, PresenceChange } from './presence-board'

/** What nodes tell each other. `count` numbers what a node has written: whoever misses one reads the node's people anew. */
export type PresenceNews =
  | { type: 'changed'; node: string; count: number; here: string[]; away: string[]; offline: string[] }
  /** It lives, and has written so much. */
  | { type: 'beat'; node: string; count: number }
  | { type: 'gone'; node: string }

export interface PresenceTiming {
  /** Changes of so long are written and told together. */
  tickMs: number
  heartbeatMs: number
  /** A node that was not heard of for so long is dead. Three heartbeats may be lost, and most of a minute is left for its rooms. */
  ttlMs: number
}

const defaultTiming: PresenceTiming = { tickMs: 250, heartbeatMs: 10_000, ttlMs: 35_000 }
/** A lone change waits only so long for others. */
const gatherMs = 10
/** A node's people are read again no sooner. */
const readPauseMs = 1_000
/** So many news of a node may wait while its people are read. */
const maxWaiting = 100
/** A process that stood still for longer has missed what others said, and must not take their silence for death. */
const standstillMs = 5_000

const nodesKey = 'roomline:presence:nodes'
const keyOf = (node: string) => `roomline:presence:node:${node}`
/** The field of a node's hash that is no person. */
const countField = '#'
const topic = 'nodes'

type CountedNews = Exclude<PresenceNews, { type: 'gone' }>

interface OtherNode {
  people: NodePeople
  /** Of what it has written last; -1 before its people have been read. */
  count: number
  heardAt: number
  readAt: number
  reading: Promise<void> | null
  readAgain: boolean
  /** What it told while its people were read. */
  waiting: CountedNews[]
}

interface RedisPresenceParts {
  redis: Pick<RedisConnections, 'commands' | 'isAlive'>
  bus: NewsBus<PresenceNews>
  log: Log
  /** These people's node was not heard of any more, since so long ago. */
  onLost?: (userIds: Iterable<string>, silentMs: number) => void
  timing?: Partial<PresenceTiming>
}

/**
 * The board on Redis: a hash of its people for each node, which fades when the node does not renew it, and one topic on
 * which nodes tell each other what they have written. A node knows all people of all nodes in its memory; Redis is read
 * only at the start, after an outage, and where news were lost.
 */
export function createRedisPresence({ redis, bus, log, onLost, timing }: RedisPresenceParts): PresenceBoard {
  const { tickMs, heartbeatMs, ttlMs } = { ...defaultTiming, ...timing }
  const { commands } = redis
  const id = randomUUID()
  const own: NodePeople = new Map()
  const nodes = new Map<string, OtherNode>()
  const listeners = new Set<(changed: PresenceChange) => void>()
  /** What of `own` was not written yet. */
  const unwritten = new Set<string>()
  let count = 0
  let isKnown = false
  let mustWriteAll = true
  let mustLoad = true
  let loading: Promise<void> | null = null
  let writing: Promise<void> | null = null
  let writeTimer: NodeJS.Timeout | null = null
  let wroteAt = Number.NEGATIVE_INFINITY
  let beatAt = Number.NEGATIVE_INFINITY
  let lookedAt = performance.now()
  let isClosed = false

  const everybody = function* () {
    yield own
    for (const { people } of nodes.values()) yield people
  }
  const stateOf = (userId: string) => bestState(everybody(), userId)

  const tell = (changed: PresenceChange) => {
    if (changed === 'all' || changed.size > 0) for (const listener of [...listeners]) listener(changed)
  }

  /** Does something to a node's people, and tells of whom it made a difference. */
  function change(userIds: readonly string[], act: () => void) {
    const before = userIds.map(stateOf)
    act()
    const changed = new Set(userIds.filter((userId, index) => stateOf(userId) !== before[index]))
    // Until then, nobody was told of anybody.
    if (isKnown) tell(changed)
  }

  // Writing: what this node tells of its own people.

  function scheduleWrite() {
    if (writeTimer || isClosed) return
    writeTimer = setTimeout(
      () => {
        writeTimer = null
        write()
      },
      Math.max(gatherMs, wroteAt + tickMs - performance.now()),
    )
  }

  function write() {
    if (writing || !redis.isAlive() || isClosed) return
    const changes = [...unwritten]
    if (!mustWriteAll && changes.length === 0) return
    unwritten.clear()
    wroteAt = performance.now()
    count++
    const all = mustWriteAll
    mustWriteAll = false
    writing = (all ? writeAll() : writeChanges(changes))
      .catch((error: Error) => {
        log.debug({ error: error.message }, 'presence was not written')
        mustWriteAll = true
      })
      .finally(() => {
        writing = null
        if (unwritten.size > 0) scheduleWrite()
      })
    // On the same connection as the hash, and after it: whoever hears this and reads finds it.
    if (all) bus.publish(topic, { type: 'beat', node: id, count })
    else bus.publish(topic, { type: 'changed', node: id, count, ...byState(changes) })
  }

  function byState(userIds: readonly string[]) {
    const of = (state: HereOrAway | undefined) => userIds.filter((userId) => own.get(userId) === state)
    return { here: of('here'), away: of('away'), offline: of(undefined) }
  }

  const letters = { here: 'h', away: 'a' } as const
  const fields = (people: Iterable<[string, HereOrAway]>) => [...people].flatMap(([userId, state]) => [userId, letters[state]])

  async function writeChanges(userIds: readonly string[]) {
    const { here, away, offline } = byState(userIds)
    const present = [...here, ...away].map((userId): [string, HereOrAway] => [userId, own.get(userId) ?? 'here'])
    const transaction = commands.multi().hset(keyOf(id), countField, count, ...fields(present))
    if (offline.length > 0) transaction.hdel(keyOf(id), ...offline)
    await run(transaction.pexpire(keyOf(id), ttlMs))
  }

  async function writeAll() {
    beatAt = performance.now()
    const key = keyOf(id)
    await run(
      commands
        .multi()
        .del(key)
        .hset(key, countField, count, ...fields(own))
        .pexpire(key, ttlMs)
        .sadd(nodesKey, id),
    )
  }

  async function beat() {
    beatAt = performance.now()
    bus.publish(topic, { type: 'beat', node: id, count })
    const [, renewed] = await run(commands.multi().sadd(nodesKey, id).pexpire(keyOf(id), ttlMs))
    // It was flushed, or faded while this node stood still.
    if (renewed === 0) mustWriteAll = true
  }

  // Reading: what other nodes tell.

  function hear(news: PresenceNews) {
    if (news.node === id || isClosed) return
    if (news.type === 'gone') return forget(news.node)
    // In the middle of a deploy, a node of another release may tell what this one does not know.
    if (typeof news.count !== 'number') return
    const node = nodes.get(news.node) ?? meet(news.node)
    node.heardAt = performance.now()
    if (!node.reading) return take(news.node, node, news)
    node.waiting.push(news)
    if (node.waiting.length > maxWaiting) node.waiting.shift()
  }

  function meet(name: string): OtherNode {
    const node: OtherNode = {
      people: new Map(),
      count: -1,
      heardAt: performance.now(),
      readAt: Number.NEGATIVE_INFINITY,
      reading: null,
      readAgain: false,
      waiting: [],
    }
    nodes.set(name, node)
    return node
  }

  function take(name: string, node: OtherNode, news: CountedNews) {
    if (news.count <= node.count) return
    if (node.count === -1 || news.count > node.count + 1 || news.type !== 'changed') return read(name, node)
    node.count = news.count
    const { here, away, offline } = news
    change([...here, ...away, ...offline], () => {
      for (const userId of here) node.people.set(userId, 'here')
      for (const userId of away) node.people.set(userId, 'away')
      for (const userId of offline) node.people.delete(userId)
    })
  }

  function read(name: string, node: OtherNode): void {
    if (node.reading) return
    if (performance.now() - node.readAt < readPauseMs) {
      node.readAgain = true
      return
    }
    node.readAgain = false
    node.readAt = performance.now()
    node.reading = readPeople(name, node)
      .catch((error: Error) => {
        log.debug({ error: error.message }, 'a node’s people could not be read')
        node.readAgain = true
      })
      .finally(() => {
        node.reading = null
        for (const news of node.waiting.splice(0)) if (!node.reading) take(name, node, news)
      })
  }

  async function readPeople(name: string, node: OtherNode) {
    const [hash, leftMs] = (await run(commands.pipeline().hgetall(keyOf(name)).pttl(keyOf(name)))) as [Record<string, string>, number]
    const written = Number(hash[countField] ?? -1)
    if (written === -1) {
      // A node that lives writes itself down again.
      if (node.count === -1 && nodes.get(name) === node) nodes.delete(name)
      await commands.srem(nodesKey, name)
      return
    }
    if (nodes.get(name) !== node || written < node.count) return
    const people: NodePeople = new Map()
    for (const [userId, letter] of Object.entries(hash)) if (userId !== countField) people.set(userId, letter === 'a' ? 'away' : 'here')
    // A hash may be that of a node which died a while ago: how long it has to live tells when it was renewed.
    if (node.count === -1) node.heardAt = performance.now() - Math.max(0, ttlMs - leftMs)
    node.count = written
    change(differing(node.people, people), () => {
      node.people = people
    })
  }

  function forget(name: string) {
    const node = nodes.get(name)
    if (!node) return
    change([...node.people.keys()], () => nodes.delete(name))
  }

  async function load() {
    for (const node of nodes.values()) node.heardAt = performance.now()
    const names = await commands.smembers(nodesKey)
    await Promise.all(
      [...new Set([...names, ...nodes.keys()])].map(async (name) => {
        if (name === id) return
        const node = nodes.get(name) ?? meet(name)
        await node.reading
        node.readAt = Number.NEGATIVE_INFINITY
        read(name, node)
        await node.reading
      }),
    )
  }

  function look() {
    const now = performance.now()
    const stoodStill = now - lookedAt > standstillMs
    lookedAt = now
    if (stoodStill) mustLoad = true
    if (!redis.isAlive()) {
      mustLoad = true
      mustWriteAll = true
      if (isKnown) {
        isKnown = false
        tell('all')
      }
      return
    }
    if (mustLoad) {
      mustLoad = false
      loading ??= subscribed
        .then(load)
        .then(
          () => {
            if (isClosed || mustLoad || isKnown) return
            isKnown = true
            tell('all')
          },
          (error: Error) => {
            log.debug({ error: error.message }, 'presence could not be read')
            mustLoad = true
          },
        )
        .finally(() => {
          loading = null
        })
    } else if (!loading) forgetSilent(now)
    for (const [name, node] of nodes) if (node.readAgain) read(name, node)
    if (mustWriteAll) write()
    else if (now - beatAt >= heartbeatMs)
      beat().catch((error: Error) => {
        log.debug({ error: error.message }, 'a heartbeat was lost')
        mustWriteAll = true
      })
  }

  function forgetSilent(now: number) {
    for (const [name, { heardAt, people }] of nodes) {
      if (now - heardAt <= ttlMs) continue
      log.warn({ node: name, people: people.size }, 'a node is not heard of any more')
      const lost = [...people.keys()]
      forget(name)
      onLost?.(lost, now - heardAt)
    }
  }

  const subscribed = bus.subscribe(topic, hear)
  const timer = setInterval(look, tickMs)
  look()

  return {
    set: (userId, state) => {
      change([userId], () => setState(own, userId, state))
      unwritten.add(userId)
      scheduleWrite()
    },
    stateOf,
    isKnown: () => isKnown,
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: async () => {
      if (isClosed) return
      isClosed = true
      clearInterval(timer)
      if (writeTimer) clearTimeout(writeTimer)
      listeners.clear()
      await Promise.all([writing, loading, ...[...nodes.values()].map(({ reading }) => reading)])
      if (redis.isAlive()) {
        bus.publish(topic, { type: 'gone', node: id })
        await run(commands.multi().del(keyOf(id)).srem(nodesKey, id)).catch(() => {})
      }
      const { unsubscribe } = await subscribed
      unsubscribe()
    },
  }
}

/** What each command of a transaction or pipeline answered. @throws when one of them failed, or all */
async function run(transaction: { exec(): Promise<[error: Error | null, result: unknown][] | null> }): Promise<unknown[]> {
  const answers = await transaction.exec()
  if (!answers) throw new Error('the transaction was undone')
  return answers.map(([error, result]) => {
    if (error) throw error
    return result
  })
}
