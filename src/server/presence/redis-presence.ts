import { randomUUID } from 'node:crypto'
import type { NewsBus } from '../bus/news-bus'
import type { Log } from '../platform/log'
import type { RedisConnections } from '../platform/redis'
import type { ClusterPresence, OnlineState, PresenceChange } from './cluster-presence'
import { bestState, findChanged, type NodeStates, setState } from './node-states'

/** What nodes publish. `count` numbers a node's writes: a node that misses one reads the other's people again. */
export type PresenceNews =
  | { type: 'changed'; node: string; count: number; here: string[]; away: string[]; offline: string[] }
  /** A heartbeat, with the number of writes so far. */
  | { type: 'beat'; node: string; count: number }
  | { type: 'gone'; node: string }

export interface PresenceTiming {
  /** Changes within this time are written and published together. */
  tickMs: number
  heartbeatMs: number
  /** A node that has been silent for this long counts as dead. This allows for three lost heartbeats. */
  ttlMs: number
}

const defaultTiming: PresenceTiming = { tickMs: 250, heartbeatMs: 10_000, ttlMs: 35_000 }
/** How long a single change waits for others. */
const batchMs = 10
/** The shortest time between two reads of one node's people. */
const minReadIntervalMs = 1_000
/** How much news of a node may wait while its people are read. */
const maxWaiting = 100
/** A process that was suspended for longer than this has missed news, and must not take the silence for dead nodes. */
const suspendedMs = 5_000

const nodesKey = 'roomline:presence:nodes'
const keyOf = (node: string) => `roomline:presence:node:${node}`
/** The one field of a node's hash that is not a person. */
const countField = '#'
const topic = 'nodes'

type CountedNews = Exclude<PresenceNews, { type: 'gone' }>

interface OtherNode {
  states: NodeStates
  /** The number of its last write that is known here; -1 before its people have been read. */
  count: number
  heardAt: number
  readAt: number
  reading: Promise<void> | null
  readAgain: boolean
  /** News that arrived while its people were read. */
  waiting: CountedNews[]
}

interface RedisPresenceParts {
  redis: Pick<RedisConnections, 'commands' | 'isAlive'>
  bus: NewsBus<PresenceNews>
  log: Log
  /** Called when a node counts as dead, with its people and how long it was silent. */
  onLost?: (userIds: Iterable<string>, silentMs: number) => void
  timing?: Partial<PresenceTiming>
}

/**
 * Presence over Redis. Each node keeps a hash of its people, which expires unless the node renews it, and publishes what it
 * has written on one topic. Every node holds everybody's state in memory: Redis is only read at the start, after an outage,
 * and when news was lost.
 */
export function createRedisPresence({ redis, bus, log, onLost, timing }: RedisPresenceParts): ClusterPresence & {
  /** How many other nodes there are. A node that died counts for as long as it is not known to be dead. */
  otherNodes(): number
} {
  const { tickMs, heartbeatMs, ttlMs } = { ...defaultTiming, ...timing }
  const { commands } = redis
  const id = randomUUID()
  const own: NodeStates = new Map()
  const nodes = new Map<string, OtherNode>()
  const listeners = new Set<(changed: PresenceChange) => void>()
  /** The people in `own` whose state is not written yet. */
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
  let checkedAt = performance.now()
  let isClosed = false

  const allStates = function* () {
    yield own
    for (const { states } of nodes.values()) yield states
  }
  const stateOf = (userId: string) => bestState(allStates(), userId)

  const notify = (changed: PresenceChange) => {
    if (changed === 'all' || changed.size > 0) for (const listener of [...listeners]) listener(changed)
  }

  /** Changes the states of these people, and notifies the listeners of those it made a difference for. */
  function change(userIds: readonly string[], act: () => void) {
    const before = userIds.map(stateOf)
    act()
    const changed = new Set(userIds.filter((userId, index) => stateOf(userId) !== before[index]))
    // Before that, the listeners do not expect single changes: they get everything at once.
    if (isKnown) notify(changed)
  }

  // Writing this node's own people.

  function scheduleWrite() {
    if (writeTimer || isClosed) return
    writeTimer = setTimeout(
      () => {
        writeTimer = null
        write()
      },
      Math.max(batchMs, wroteAt + tickMs - performance.now()),
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
        log.debug({ error: error.message }, 'could not write presence')
        mustWriteAll = true
      })
      .finally(() => {
        writing = null
        if (unwritten.size > 0) scheduleWrite()
      })
    // Published on the same connection as the hash and after it, so that a node that reads in answer finds the new hash.
    if (all) bus.publish(topic, { type: 'beat', node: id, count })
    else bus.publish(topic, { type: 'changed', node: id, count, ...byState(changes) })
  }

  function byState(userIds: readonly string[]) {
    const of = (state: OnlineState | undefined) => userIds.filter((userId) => own.get(userId) === state)
    return { here: of('here'), away: of('away'), offline: of(undefined) }
  }

  const letters = { here: 'h', away: 'a' } as const
  const fields = (people: Iterable<[string, OnlineState]>) => [...people].flatMap(([userId, state]) => [userId, letters[state]])

  async function writeChanges(userIds: readonly string[]) {
    const { here, away, offline } = byState(userIds)
    const present = [...here, ...away].map((userId): [string, OnlineState] => [userId, own.get(userId) ?? 'here'])
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
    // The hash was flushed, or expired while this process was suspended.
    if (renewed === 0) mustWriteAll = true
  }

  // Reading the people of other nodes.

  function onNews(news: PresenceNews) {
    if (news.node === id || isClosed) return
    if (news.type === 'gone') return forget(news.node)
    // During a deploy, a node of another release may publish news that this one does not know.
    if (typeof news.count !== 'number') return
    const node = nodes.get(news.node) ?? addNode(news.node)
    node.heardAt = performance.now()
    if (!node.reading) return applyNews(news.node, node, news)
    node.waiting.push(news)
    if (node.waiting.length > maxWaiting) node.waiting.shift()
  }

  function addNode(name: string): OtherNode {
    const node: OtherNode = {
      states: new Map(),
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

  function applyNews(name: string, node: OtherNode, news: CountedNews) {
    if (news.count <= node.count) return
    if (node.count === -1 || news.count > node.count + 1 || news.type !== 'changed') return read(name, node)
    node.count = news.count
    const { here, away, offline } = news
    change([...here, ...away, ...offline], () => {
      for (const userId of here) node.states.set(userId, 'here')
      for (const userId of away) node.states.set(userId, 'away')
      for (const userId of offline) node.states.delete(userId)
    })
  }

  function read(name: string, node: OtherNode): void {
    if (node.reading) return
    if (performance.now() - node.readAt < minReadIntervalMs) {
      node.readAgain = true
      return
    }
    node.readAgain = false
    node.readAt = performance.now()
    node.reading = readPeople(name, node)
      .catch((error: Error) => {
        log.debug({ error: error.message }, 'could not read the people of a node')
        node.readAgain = true
      })
      .finally(() => {
        node.reading = null
        for (const news of node.waiting.splice(0)) if (!node.reading) applyNews(name, node, news)
      })
  }

  async function readPeople(name: string, node: OtherNode) {
    const [hash, leftMs] = (await run(commands.pipeline().hgetall(keyOf(name)).pttl(keyOf(name)))) as [Record<string, string>, number]
    const written = Number(hash[countField] ?? -1)
    if (written === -1) {
      // A live node writes its hash again.
      if (node.count === -1 && nodes.get(name) === node) nodes.delete(name)
      await commands.srem(nodesKey, name)
      return
    }
    if (nodes.get(name) !== node || written < node.count) return
    const states: NodeStates = new Map()
    for (const [userId, letter] of Object.entries(hash)) if (userId !== countField) states.set(userId, letter === 'a' ? 'away' : 'here')
    // The hash may belong to a node that died a while ago. Its remaining time to live shows when it was last renewed.
    if (node.count === -1) node.heardAt = performance.now() - Math.max(0, ttlMs - leftMs)
    node.count = written
    change(findChanged(node.states, states), () => {
      node.states = states
    })
  }

  function forget(name: string) {
    const node = nodes.get(name)
    if (!node) return
    change([...node.states.keys()], () => nodes.delete(name))
  }

  async function load() {
    for (const node of nodes.values()) node.heardAt = performance.now()
    const names = await commands.smembers(nodesKey)
    await Promise.all(
      [...new Set([...names, ...nodes.keys()])].map(async (name) => {
        if (name === id) return
        const node = nodes.get(name) ?? addNode(name)
        await node.reading
        node.readAt = Number.NEGATIVE_INFINITY
        read(name, node)
        await node.reading
      }),
    )
  }

  function check() {
    const now = performance.now()
    const wasSuspended = now - checkedAt > suspendedMs
    checkedAt = now
    if (wasSuspended) mustLoad = true
    if (!redis.isAlive()) {
      mustLoad = true
      mustWriteAll = true
      if (isKnown) {
        isKnown = false
        notify('all')
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
            notify('all')
          },
          (error: Error) => {
            log.debug({ error: error.message }, 'could not read presence')
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
        log.debug({ error: error.message }, 'could not write a heartbeat')
        mustWriteAll = true
      })
  }

  function forgetSilent(now: number) {
    for (const [name, { heardAt, states }] of nodes) {
      if (now - heardAt <= ttlMs) continue
      log.warn({ node: name, people: states.size }, 'a node has gone silent')
      const lost = [...states.keys()]
      forget(name)
      onLost?.(lost, now - heardAt)
    }
  }

  const subscribed = bus.subscribe(topic, { onNews })
  const timer = setInterval(check, tickMs)
  check()

  return {
    set: (userId, state) => {
      change([userId], () => setState(own, userId, state))
      unwritten.add(userId)
      scheduleWrite()
    },
    stateOf,
    isKnown: () => isKnown,
    otherNodes: () => nodes.size,
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
      const subscription = await subscribed
      subscription.unsubscribe()
    },
  }
}

/** The results of a transaction or pipeline. @throws when any command failed */
async function run(transaction: { exec(): Promise<[error: Error | null, result: unknown][] | null> }): Promise<unknown[]> {
  const answers = await transaction.exec()
  if (!answers) throw new Error('the transaction was rolled back')
  return answers.map(([error, result]) => {
    if (error) throw error
    return result
  })
}
