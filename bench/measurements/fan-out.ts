import { compare } from '../comparison'
import { quantile } from '../figures'
import type { Tally } from '../load/crowd'
import type { Load, Measurement, Row, Stage } from '../measurement'
import type { Reading } from '../reading'
import type { ServerName } from '../server-names'
import type { Server } from '../servers'

const followers = 500
const senders = 10
const everyMs = 5
const burstInFlight = 100

/** One room with 500 followers: at an even pace (T1), as fast as possible (T2), and one message at a time (T3). */
export const fanOut: Measurement = {
  targets: ['T1', 'T2', 'T3'],
  contenders: ['roomline', 'ws', 'socketio', 'trpc'],
  measure: async (stage, contender) => {
    const name = contender as ServerName
    return stage.withServer(name, async (server, load) => {
      await gather(stage, server, load)
      // Warm up, so that compiled code is measured.
      await load.act('steady', { messages: stage.quick ? 100 : 300, everyMs })
      const readings: Reading[] = []
      if (stage.wants('T1')) readings.push(await steady(stage, server, load))
      if (stage.wants('T2')) readings.push(await burst(stage, server, load))
      // Stock tRPC is too slow here: the run would spend most of its time on it.
      if (stage.wants('T3') && name !== 'trpc') readings.push(await oneByOne(stage, server, load))
      return readings
    })
  },
  rows: (readings) => [...steadyRows(readings), ...burstRows(readings), ...oneByOneRows(readings)],
}

const cpu = { figure: 'cpuPerDeliveryUs', unit: 'µs' }

function steadyRows(readings: readonly Reading[]): Row[] {
  const what = `server CPU per delivery, ${followers} followers, one message every ${everyMs} ms`
  return [
    compare(readings, { target: 'T1', what, ...cpu, peer: 'ws', goal: { atMost: 1 } }),
    compare(readings, { target: 'T1', what, ...cpu, peer: 'socketio' }),
    compare(readings, { target: 'T1', what, ...cpu, peer: 'trpc' }),
  ]
}

function burstRows(readings: readonly Reading[]): Row[] {
  const what = 'server CPU per delivery, in a burst'
  return [
    compare(readings, { target: 'T2', what, ...cpu, peer: 'ws', goal: { atMost: 0.2 } }),
    compare(readings, { target: 'T2', what, ...cpu, peer: 'socketio', goal: { atMost: 0.15 } }),
    compare(readings, { target: 'T2', what, ...cpu, peer: 'trpc', goal: { atMost: 0.04 } }),
    compare(readings, { target: 'T2', what: 'deliveries per second, in a burst', figure: 'deliveriesPerSecond', unit: '', peer: 'ws' }),
  ]
}

function oneByOneRows(readings: readonly Reading[]): Row[] {
  const what = `time until all ${followers} have a message`
  const against = { target: 'T3', unit: 'ms', peer: 'socketio', goal: { atMost: 1.5 } } as const
  return [
    compare(readings, { ...against, what: `${what}, p50`, figure: 'p50Ms' }),
    compare(readings, { ...against, what: `${what}, p99`, figure: 'p99Ms' }),
  ]
}

async function gather({ services }: Stage, { name, port }: Server, load: Load) {
  const people = await services.people(followers + senders)
  const [room = ''] = await services.createRooms([people])
  await load.act('open', {
    server: name,
    followers: people.slice(senders).map(({ token }) => ({ port, room, token })),
    senders: people.slice(0, senders).map(({ token }) => ({ port, token })),
  })
}

async function steady({ quick }: Stage, server: Server, load: Load): Promise<Reading> {
  const figures = await costOf(server, () => load.act('steady', { messages: quick ? 200 : 800, everyMs }))
  return { target: 'T1', contender: server.name, figures }
}

async function burst({ quick }: Stage, server: Server, load: Load): Promise<Reading> {
  await load.act('burst', { forMs: quick ? 500 : 1_500, inFlight: burstInFlight })
  const figures = await costOf(server, () => load.act('burst', { forMs: quick ? 1_500 : 4_000, inFlight: burstInFlight }))
  return { target: 'T2', contender: server.name, figures }
}

async function costOf(server: Server, sending: () => Promise<Tally>): Promise<Record<string, number>> {
  const before = await server.act('cpuUs')
  const { messages, deliveries, bytes, elapsedMs, loadCpuUs } = await sending()
  const cpuUs = (await server.act('cpuUs')) - before
  return {
    cpuPerDeliveryUs: cpuUs / deliveries,
    cpuPerMessageUs: cpuUs / messages,
    loadCpuPerDeliveryUs: loadCpuUs / deliveries,
    bytesPerDelivery: bytes / deliveries,
    deliveriesPerSecond: deliveries / (elapsedMs / 1_000),
    messagesPerSecond: messages / (elapsedMs / 1_000),
  }
}

async function oneByOne({ quick }: Stage, server: Server, load: Load): Promise<Reading> {
  const { latenciesMs } = await load.act('oneByOne', { messages: quick ? 200 : 1_000, pauseMs: 10 })
  const sorted = latenciesMs.sort((a, b) => a - b)
  return {
    target: 'T3',
    contender: server.name,
    figures: { p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99), maxMs: quantile(sorted, 1) },
  }
}
