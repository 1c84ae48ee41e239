import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createChat } from '../../../src/sdk'
import { report } from '../../support/report'
import { type StockClient, until } from '../../support/stock-client'
import { type Bench, type Person, startBench } from '../bench'
import { forAtLeast } from '../waits'

/** What the subscriptions of one client have received. */
interface Watched {
  name: string
  /** Why subscriptions ended: none may. */
  ended: unknown[]
  texts: string[]
  roomNames: Set<string>
  typists: Set<string>
}

interface Watcher {
  watched: Watched
  /** Drops the connection without a closing handshake. */
  cut(): void
  opened: number[]
  codes: number[]
  close(): Promise<void>
}

const ways = ['cookie', 'Bearer', 'connectionParams'] as const
const cuts = ['before', 'during', 'after', 'never'] as const
type Way = (typeof ways)[number]

const headersOf = (way: Way, { token }: Person): Record<string, string> => {
  if (way === 'cookie') return { cookie: `X-Token=${token}` }
  return way === 'Bearer' ? { authorization: `Bearer ${token}` } : {}
}

const startWatched = (name: string): Watched => ({ name, ended: [], texts: [], roomNames: new Set(), typists: new Set() })

/** The three streams, as any tRPC client subscribes to them. */
function subscribe(trpc: Pick<StockClient['trpc'], 'chat' | 'rooms' | 'presence'>, room: string, watched: Watched) {
  const on = { onError: (error: unknown) => watched.ended.push(error), onComplete: () => watched.ended.push('complete') }
  trpc.chat.onMessage.subscribe(
    { room, lastEventId: '0' },
    { ...on, onData: ({ data }) => data.kind === 'text' && watched.texts.push(data.text) },
  )
  trpc.rooms.onChange.subscribe(undefined, {
    ...on,
    onData: (event) => {
      const rooms = event.type === 'list' ? event.rooms : event.type === 'room' ? [event.room] : []
      for (const each of rooms) watched.roomNames.add(each.name)
    },
  })
  trpc.presence.onChange.subscribe(
    { room },
    {
      ...on,
      onData: ({ typing }) => {
        for (const typist of typing) watched.typists.add(typist)
      },
    },
  )
}

function watchStock(bench: Bench, person: Person, nodes: number[], room: string, way: Way): Watcher {
  const client = bench.connect(person, nodes, {
    cookie: undefined,
    headers: headersOf(way, person),
    ...(way === 'connectionParams' && { connectionParams: { token: person.token } }),
  })
  const watched = startWatched(`stock by ${way}`)
  subscribe(client.trpc, room, watched)
  const { opened, closed: codes } = client
  return { watched, opened, codes, cut: client.cut, close: async () => {} }
}

/** An SDK client with either its handles or its raw subscriptions. */
function watchSdk(bench: Bench, person: Person, nodes: number[], room: string, way: Way, kind: 'handles' | 'raw'): Watcher {
  const sockets = new Set<WebSocket>()
  const opened: number[] = []
  const codes: number[] = []
  let turn = 0
  class Socket extends WebSocket {
    constructor(url: string | URL) {
      const { search } = new URL(url)
      super(`${bench.node(nodes[turn++ % nodes.length] ?? 0).url}${search}`, { headers: headersOf(way, person) })
      sockets.add(this)
      this.on('open', () => opened.push(performance.now()))
      this.on('error', () => {})
      this.on('close', (code) => {
        codes.push(code)
        sockets.delete(this)
      })
    }
  }
  const client = createChat({
    url: bench.node(nodes[0] ?? 0).url,
    WebSocket: Socket,
    ...(way === 'connectionParams' && { auth: person.token }),
  })
  const watched = startWatched(`SDK ${kind} by ${way}`)
  if (kind === 'raw') subscribe(client.trpc, room, watched)
  else {
    const [inRoom, list, presence] = [client.room(room), client.rooms.open(), client.people.in(room)]
    const look = () => {
      const [{ state, timeline }, rooms, here] = [inRoom.state.get(), list.state.get(), presence.state.get()]
      watched.texts = timeline.messages.filter(({ kind }) => kind === 'text').map(({ text }) => text)
      for (const each of rooms.rooms) watched.roomNames.add(each.name)
      for (const typist of here.typing) watched.typists.add(typist)
      if ((state === 'ended' || rooms.state === 'ended' || here.ended) && watched.ended.length === 0) watched.ended.push('ended')
    }
    for (const { state } of [inRoom, list, presence]) state.subscribe(look)
  }
  client.connection.subscribe(() => {
    const { state } = client.connection.get()
    if (state === 'signed-out' || state === 'refused') watched.ended.push(state)
  })
  return {
    watched,
    opened,
    codes,
    cut: () => {
      for (const socket of sockets) socket.terminate()
    },
    close: () => client.close(),
  }
}

const outages = (bench: Bench) =>
  ({
    refusing: {
      begin: async () => {
        for (const { toPostgres } of bench.nodes) toPostgres.setOnline(false)
      },
      end: async () => {
        for (const { toPostgres } of bench.nodes) toPostgres.setOnline(true)
      },
    },
    hanging: { begin: () => bench.postgres.freeze(), end: () => bench.postgres.thaw() },
    slow: {
      begin: async () => {
        for (const { toPostgres } of bench.nodes) toPostgres.setFault({ toClient: { delayMs: 2_500 } })
      },
      end: async () => {
        for (const { toPostgres } of bench.nodes) toPostgres.setFault({})
      },
    },
    killed: { begin: () => bench.postgres.kill(), end: () => bench.postgres.start() },
  }) as const

interface Scenario {
  name: string
  outage: keyof ReturnType<typeof outages>
  withNode?: boolean
  withRedis?: boolean
}

async function run({ name, outage, withNode = false, withRedis = false }: Scenario) {
  await using bench = await startBench({ nodes: 2 })
  const outageMs = 13_000
  const [speaker, ...people] = await bench.makePeople(1 + ways.length)
  if (!speaker) throw new Error('nobody is there')
  const { room } = await bench.makeRoom([speaker, ...people])
  const speaking = bench.connect(speaker, [1, 0])
  const watchers: Watcher[] = []
  const groups = new Map<string, Watcher[]>()
  const watch = (group: string) => {
    const started = ways.flatMap((way, index) => {
      const person = people[index] ?? speaker
      const nodes = index % 2 === 0 ? [0, 1] : [1, 0]
      return [
        watchStock(bench, person, nodes, room, way),
        watchSdk(bench, person, nodes, room, way, 'handles'),
        watchSdk(bench, person, nodes, room, way, 'raw'),
      ]
    })
    groups.set(group, started)
    watchers.push(...started)
    return started
  }
  const cut = (group: string) => {
    for (const watcher of groups.get(group) ?? []) watcher.cut()
  }
  try {
    for (const group of cuts) watch(group)
    await speaking.trpc.chat.send.mutate({ room, text: 'before' })
    await until(() => watchers.every(({ watched }) => watched.texts.includes('before') && watched.roomNames.size > 0), 30_000)

    cut('before')
    await outages(bench)[outage].begin()
    if (withRedis) for (const { toRedis } of bench.nodes) toRedis.setOnline(false)
    const since = performance.now()
    const begunAt = watchers.map(({ opened }) => opened.length)
    if (withNode) await bench.node(0).kill()
    const seconds = (ms: number) => forAtLeast(Math.max(0, since + ms - performance.now()))
    await seconds(3_000)
    cut('during')
    await seconds(5_000)
    watch('started in it')
    await seconds(outageMs)
    const attempts = begunAt.map((count, index) => (watchers[index]?.opened.length ?? 0) - count)
    await outages(bench)[outage].end()
    if (withRedis) for (const { toRedis } of bench.nodes) toRedis.setOnline(true)
    const endedAt = performance.now()
    cut('after')
    if (withNode) await bench.node(0).start()

    const say = async (text: string) => {
      for (;;) {
        const said = await speaking.trpc.chat.send.mutate({ room, text, clientId: `said-${text.replaceAll(' ', '-')}` }).catch(() => null)
        if (said) return
        await forAtLeast(100)
      }
    }
    await say('after it')
    await bench.query('UPDATE memberships SET role = $2 WHERE room_id = $1 AND user_id = $3', [room, 'owner', speaker.id])
    await until(async () => (await speaking.trpc.rooms.update.mutate({ room, name: 'Renamed' }).catch(() => null)) !== null, 30_000)
    const typing = setInterval(() => void speaking.trpc.chat.typing.mutate({ room }).catch(() => {}), 500)
    const isWhole = ({ watched }: Watcher) =>
      watched.texts.includes('after it') && watched.roomNames.has('Renamed') && watched.typists.has(speaker.username)
    await until(() => watchers.every((watcher) => watcher.watched.ended.length > 0 || isWhole(watcher)), 60_000).catch(() => {})
    clearInterval(typing)
    const wholeAfterMs = performance.now() - endedAt

    const ended = watchers.flatMap(({ watched }) => watched.ended.map((why) => `${watched.name}: ${why}`))
    const lost = watchers.filter((watcher) => !isWhole(watcher)).map(({ watched }) => watched.name)
    const wrong = watchers.filter(({ watched }) => watched.texts.join() !== 'before,after it')
    const reopened = watchers.flatMap(({ opened }) => opened.filter((at) => at >= endedAt)).sort((one, other) => one - other)
    const inASecond = reopened.map((at) => reopened.filter((other) => other >= at && other < at + 1_000).length)
    const codes = [...new Set(watchers.flatMap((watcher) => watcher.codes))].sort()
    report(name, {
      streams: watchers.length * 3,
      ended: ended.length,
      'not whole': lost.length,
      'most attempts a second': Math.max(...attempts) / (outageMs / 1_000),
      'came back in the busiest second': `${Math.max(0, ...inASecond)} of ${watchers.length}`,
      'all whole after': `${(wholeAfterMs / 1_000).toFixed(1)} s`,
      'close codes': codes.join(' '),
    })
    expect(ended).toEqual([])
    expect(lost).toEqual([])
    expect(wrong.map(({ watched }) => [watched.name, watched.texts])).toEqual([])
    expect(codes).not.toContain(4401)
    expect(Math.max(...attempts) / (outageMs / 1_000)).toBeLessThanOrEqual(1)
  } finally {
    await Promise.all(watchers.map(({ close }) => close()))
  }
}

describe('outages: no stream ends, and every stream has everything afterwards', () => {
  // They mostly wait, and each has its own services and nodes.
  it.concurrent.each<Scenario>([
    { name: 'Postgres refuses', outage: 'refusing' },
    { name: 'Postgres hangs', outage: 'hanging' },
    { name: 'Postgres is slow', outage: 'slow' },
    { name: 'Postgres is killed', outage: 'killed' },
    { name: 'Postgres and a node are killed', outage: 'killed', withNode: true },
    { name: 'Postgres hangs, Redis is away, a node is killed', outage: 'hanging', withNode: true, withRedis: true },
    { name: 'Postgres refuses and Redis is away', outage: 'refusing', withRedis: true },
  ])('$name', run)
})

describe('node that is cut off', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await startBench({ nodes: 2 })
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  /** Sockets on both nodes that do not reconnect, and when each was closed. */
  async function openSockets(count: number) {
    const people = await bench.makePeople(count)
    return Promise.all(
      people.map(async ({ token }, index) => {
        const socket = new WebSocket(bench.node(index % 2).url, { headers: { cookie: `X-Token=${token}` } })
        const state = { closedAt: 0, code: 0, lastMessage: '' }
        socket.on('error', () => {})
        socket.on('message', (data) => {
          state.lastMessage = String(data)
        })
        socket.on('close', (code) => Object.assign(state, { closedAt: performance.now(), code }))
        await new Promise((resolve) => socket.once('open', resolve))
        socket.send('{"id":1,"method":"query","params":{"path":"session.me"}}')
        await until(() => state.lastMessage !== '')
        return { socket, state }
      }),
    )
  }

  it.each(['frozen', 'killed'] as const)(
    'from Postgres and Redis, both %s, closes every socket within 10 s with a code that says to come back',
    async (how) => {
      const open = await openSockets(20)
      const since = performance.now()
      if (how === 'frozen') await Promise.all([bench.postgres.freeze(), bench.redis.freeze()])
      else await Promise.all([bench.postgres.kill(), bench.redis.kill()])
      await until(() => open.every(({ state }) => state.code !== 0), 20_000)
      const afterMs = Math.max(...open.map(({ state }) => state.closedAt)) - since
      if (how === 'frozen') await Promise.all([bench.postgres.thaw(), bench.redis.thaw()])
      else await Promise.all([bench.postgres.start(), bench.redis.start()])
      report(`both ${how}`, { sockets: open.length, 'all closed after': `${(afterMs / 1_000).toFixed(1)} s` })
      expect(new Set(open.map(({ state }) => state.code))).toEqual(new Set([1012]))
      for (const { state } of open) expect(state.lastMessage).toContain('"failure":"UNAVAILABLE"')
      expect(afterMs).toBeLessThanOrEqual(10_000)
      await bench.untilHealthy()
    },
  )

  it.each(['Postgres', 'Redis'] as const)('from %s only, closes no socket', async (which) => {
    const open = await openSockets(20)
    const service = which === 'Postgres' ? bench.postgres : bench.redis
    await service.freeze()
    await forAtLeast(14_000)
    await service.thaw()
    await bench.untilHealthy()
    const closed = open.filter(({ state }) => state.code !== 0)
    for (const { socket } of open) socket.terminate()
    report(`only ${which} frozen`, { sockets: open.length, closed: closed.length })
    expect(closed).toEqual([])
  })
})
