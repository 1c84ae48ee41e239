import { summarise } from '../figures'
import type { Load, Measurement, Stage } from '../measurement'
import type { Reading } from '../reading'
import type { ServerName } from '../server-names'
import type { Server } from '../servers'
import { describeCase, followersPerNode, type GrowthCase, growthRows, oneRoom } from './growth-rows'

/** At this pace, every server is idle most of the time. */
const deliveriesPerSecond = 25_000
const shortestMs = 5
const senders = 2

/**
 * T7: how the cost of a delivery grows with followers, rooms and nodes. A message has a fixed cost, and each delivery adds to
 * it. So the cost of one additional follower must not grow, and many rooms are compared with one room of the same size.
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
      // The same pace for any number of nodes.
      const everyMs = paceOf(followersPerNode * Math.max(...nodeSteps))
      readings.push(...(await measureOn(stage, name, nodes, [{ nodes, rooms: 1, followers: followersPerNode }], everyMs)))
    }
    return readings
  },
  rows: growthRows,
}

const paceOf = (deliveries: number) => Math.max(shortestMs, (deliveries * 1_000) / deliveriesPerSecond)

async function measureOn(stage: Stage, name: ServerName, nodes: number, cases: GrowthCase[], everyMs?: number): Promise<Reading[]> {
  return stage.withServers(name, nodes, async (servers, load) => {
    await warmUp(stage, servers, load)
    const readings: Reading[] = []
    for (const growthCase of cases)
      readings.push(await measureAt(stage, servers, load, growthCase, everyMs ?? paceOf(growthCase.followers)))
    return readings
  })
}

async function warmUp(stage: Stage, servers: Server[], load: Load) {
  await gather(stage, servers, load, { nodes: servers.length, rooms: 1, followers: 200 })
  await load.act('steady', { messages: stage.quick ? 100 : 300, everyMs: 2 * shortestMs * servers.length })
}

async function gather({ services }: Stage, servers: Server[], load: Load, { rooms, followers }: GrowthCase) {
  const people = await services.people(senders + rooms * followers)
  const speakers = people.slice(0, senders)
  const groups = Array.from({ length: rooms }, (_, room) => people.slice(senders + room * followers, senders + (room + 1) * followers))
  const ids = await services.createRooms(groups.map((group) => [...speakers, ...group]))
  await load.act('open', {
    server: servers[0]?.name ?? 'roomline',
    followers: servers.flatMap(({ port }) =>
      groups.flatMap((group, index) => group.map(({ token }) => ({ port, room: ids[index] ?? '', token }))),
    ),
    senders: speakers.flatMap(({ token }) => servers.map(({ port }) => ({ port, token }))),
  })
}

async function measureAt(stage: Stage, servers: Server[], load: Load, growthCase: GrowthCase, everyMs: number): Promise<Reading> {
  await gather(stage, servers, load, growthCase)
  const messages = Math.max(10, Math.round((stage.quick ? 1_000 : 6_000) / everyMs))
  await load.act('steady', { messages: Math.ceil(messages / 5), everyMs })
  // `memory` collects garbage: what opening the crowd left behind must not be collected during the measurement.
  await Promise.all(servers.map((server) => server.act('memory')))
  const idleUsPerSecond = stage.quick ? 0 : await idle(servers)
  const before = await cpuOf(servers)
  const tally = await load.act('steady', { messages, everyMs })
  const cpuUs = (await cpuOf(servers)) - before
  const ownUs = cpuUs - (idleUsPerSecond * tally.elapsedMs) / 1_000
  return {
    target: 'T7',
    contender: servers[0]?.name ?? 'roomline',
    variant: describeCase(growthCase),
    figures: {
      ...growthCase,
      cpuPerMessageUs: ownUs / tally.messages,
      cpuPerDeliveryUs: ownUs / tally.deliveries,
      idleCpuUsPerSecond: idleUsPerSecond / growthCase.nodes,
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

/** CPU per second without messages: heartbeats, and checks for missed news. */
async function idle(servers: Server[]): Promise<number> {
  const seconds: number[] = []
  for (let left = 3; left > 0; left--) {
    const before = await cpuOf(servers)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    seconds.push((await cpuOf(servers)) - before)
  }
  return summarise(seconds)?.median ?? 0
}
