import { summarise } from '../figures'
import type { Load, Measurement, Stage } from '../measurement'
import type { Reading } from '../reading'
import type { ServerName } from '../server-names'
import type { Server } from '../servers'
import { followersPerNode, growthRows, oneRoom, type Place, wordsOf } from './growth-rows'

/** So many deliveries a second leave every server idle most of the time. */
const deliveriesPerSecond = 25_000
const shortestMs = 5
const senders = 2

/**
 * How the cost of a delivery grows with followers, with rooms and with nodes (T7). A message has a cost of its own, and
 * each delivery one on top: so it is the cost of one follower more that must not grow, and many rooms are compared with one
 * room that has as many followers as each of them.
 */
export const growth: Measurement = {
  targets: ['T7'],
  contenders: ['roomline', 'ws'],
  measure: async (stage, contender) => {
    const name = contender as ServerName
    const steps = stage.quick ? [10, 100, 1_000] : [1, 10, 100, 1_000, 10_000]
    if (name !== 'roomline') return measureOn(stage, name, 1, steps.map(oneRoom))
    const most = steps.at(-1) ?? 1
    const overRooms = [10, 100, 1_000, 10_000]
      .map((rooms) => ({ nodes: 1, rooms, followers: most / rooms }))
      .filter(({ followers }) => steps.includes(followers))
    const readings = await measureOn(stage, name, 1, [...steps.map(oneRoom), ...overRooms])
    const nodeSteps = stage.quick ? [1, 2] : [1, 2, 4]
    for (const nodes of nodeSteps) {
      // At one pace for any number of nodes.
      const everyMs = paceOf(followersPerNode * Math.max(...nodeSteps))
      readings.push(...(await measureOn(stage, name, nodes, [{ nodes, rooms: 1, followers: followersPerNode }], everyMs)))
    }
    return readings
  },
  rows: growthRows,
}

const paceOf = (deliveries: number) => Math.max(shortestMs, (deliveries * 1_000) / deliveriesPerSecond)

async function measureOn(stage: Stage, name: ServerName, nodes: number, places: Place[], everyMs?: number): Promise<Reading[]> {
  return stage.withServers(name, nodes, async (servers, load) => {
    await warmUp(stage, servers, load)
    const readings: Reading[] = []
    for (const place of places) readings.push(await measureAt(stage, servers, load, place, everyMs ?? paceOf(place.followers)))
    return readings
  })
}

async function warmUp(stage: Stage, servers: Server[], load: Load) {
  await gather(stage, servers, load, { nodes: servers.length, rooms: 1, followers: 200 })
  await load.act('steady', { messages: stage.quick ? 100 : 300, everyMs: 2 * shortestMs * servers.length })
}

async function gather({ services }: Stage, servers: Server[], load: Load, { rooms, followers }: Place) {
  const people = await services.people(senders + rooms * followers)
  const speaking = people.slice(0, senders)
  const groups = Array.from({ length: rooms }, (_, room) => people.slice(senders + room * followers, senders + (room + 1) * followers))
  const ids = await services.makeRooms(groups.map((group) => [...speaking, ...group]))
  await load.act('open', {
    server: servers[0]?.name ?? 'roomline',
    followers: servers.flatMap(({ port }) =>
      groups.flatMap((group, index) => group.map(({ token }) => ({ port, room: ids[index] ?? '', token }))),
    ),
    senders: speaking.flatMap(({ token }) => servers.map(({ port }) => ({ port, token }))),
  })
}

async function measureAt(stage: Stage, servers: Server[], load: Load, place: Place, everyMs: number): Promise<Reading> {
  await gather(stage, servers, load, place)
  const messages = Math.max(10, Math.round((stage.quick ? 1_000 : 6_000) / everyMs))
  await load.act('steady', { messages: Math.ceil(messages / 5), everyMs })
  // What gathering left behind is collected now, and not while it is measured.
  await Promise.all(servers.map((server) => server.act('memory')))
  const idleUsPerSecond = stage.quick ? 0 : await idle(servers)
  const before = await cpuOf(servers)
  const tally = await load.act('steady', { messages, everyMs })
  const cpuUs = (await cpuOf(servers)) - before
  const ownUs = cpuUs - (idleUsPerSecond * tally.elapsedMs) / 1_000
  return {
    target: 'T7',
    of: servers[0]?.name ?? 'roomline',
    at: wordsOf(place),
    figures: {
      ...place,
      cpuPerMessageUs: ownUs / tally.messages,
      cpuPerDeliveryUs: ownUs / tally.deliveries,
      idleCpuUsPerSecond: idleUsPerSecond / place.nodes,
      withIdleCpuPerDeliveryUs: cpuUs / tally.deliveries,
      loadCpuPerDeliveryUs: tally.loadCpuUs / tally.deliveries,
    },
  }
}

async function cpuOf(servers: Server[]): Promise<number> {
  let sum = 0
  for (const server of servers) sum += await server.act('cpuUs')
  return sum
}

/** What they use in a second without a message: heartbeats, and looks at what may have been missed. */
async function idle(servers: Server[]): Promise<number> {
  const seconds: number[] = []
  for (let left = 3; left > 0; left--) {
    const before = await cpuOf(servers)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    seconds.push((await cpuOf(servers)) - before)
  }
  return summarise(seconds)?.median ?? 0
}
