import { startChild } from '../child'
import { compare } from '../comparison'
import { format, ratios, roundsOf, summarise } from '../figures'
import type { Measurement, Row, Stage } from '../measurement'
import type { StoringActs } from '../peers/prisma'
import type { Reading } from '../reading'
import type { Sends } from '../send-window'
import type { Person } from '../services'

const senders = 100
const inFlight = 8
const manyRooms = 1_000
const membersOfEachOfMany = 10

const variants = ['one room', '1,000 rooms'] as const

interface RoomWithPeople {
  id: string
  people: Person[]
}

/** T4: acknowledged durable sends per second, of a whole node, of a simple program over Prisma, and of Postgres alone. */
export const sends: Measurement = {
  targets: ['T4'],
  contenders: ['roomline', 'prisma', 'pg'],
  measure: async (stage, contender) => {
    const readings: Reading[] = []
    for (const variant of variants) {
      const rooms = await createRoomsWithPeople(stage, variant === 'one room' ? 1 : manyRooms)
      const found = contender === 'roomline' ? await measureRoomline(stage, rooms) : await measurePeer(stage, contender, rooms)
      await requireStored(stage, rooms, found.acknowledged)
      const { perSecond, p50Ms, p99Ms, p999Ms, cpuPerSendUs } = found
      readings.push({ target: 'T4', contender, variant, figures: { sendsPerSecond: perSecond, p50Ms, p99Ms, p999Ms, cpuPerSendUs } })
    }
    return readings
  },
  rows: (readings) =>
    variants.flatMap((variant) => {
      const figure = {
        target: 'T4',
        what: `acknowledged sends per second, ${variant}`,
        figure: 'sendsPerSecond',
        unit: '',
        variant,
      } as const
      return [
        compare(readings, { ...figure, peer: 'prisma', goal: { atLeast: 5 } }),
        compare(readings, { ...figure, peer: 'pg', goal: { atLeast: 0.5 } }),
        compareSlowest(readings, variant),
      ]
    }),
}

/** The slowest send in a thousand against the usual one: shows whatever makes sends wait for each other. */
function compareSlowest(readings: readonly Reading[], variant: string): Row {
  const figuresOf = (name: string) => roundsOf(readings, 'T4', 'roomline', name, variant)
  const slowest = figuresOf('p999Ms')
  const usual = figuresOf('p50Ms')
  const ratio = summarise(ratios(slowest, usual))
  return {
    ...{ target: 'T4', what: `p99.9 of a send, ${variant}`, figure: format(summarise(slowest), 'ms') },
    ...{ peer: `p50 ${format(summarise(usual), 'ms')}`, ratio: format(ratio), goal: '≤ 10 × p50', met: ratio && ratio.median <= 10 },
  }
}

async function createRoomsWithPeople({ services }: Stage, count: number): Promise<RoomWithPeople[]> {
  const everybody = await services.people(senders)
  const groups = senders / membersOfEachOfMany
  const members = Array.from({ length: count }, (_, index) =>
    count === 1 ? everybody : everybody.filter((_person, at) => at % groups === index % groups),
  )
  const ids = await services.createRooms(members)
  return ids.map((id, index) => ({ id, people: members[index] ?? [] }))
}

const windowOf = ({ quick }: Stage) => ({ warmUpMs: quick ? 300 : 1_000, forMs: quick ? 1_200 : 5_000 })

async function measureRoomline(stage: Stage, rooms: RoomWithPeople[]): Promise<Sends & { cpuPerSendUs: number }> {
  const everybody = await stage.services.people(senders)
  return stage.withServer('roomline', async (server, load) => {
    const before = await server.act('cpuUs')
    const found = await load.act('flood', {
      port: server.port,
      senders: everybody.map((person) => ({
        token: person.token,
        rooms: rooms.filter(({ people }) => people.includes(person)).map(({ id }) => id),
      })),
      inFlight,
      ...windowOf(stage),
    })
    return { ...found, cpuPerSendUs: ((await server.act('cpuUs')) - before) / found.acknowledged }
  })
}

async function measurePeer(stage: Stage, contender: string, rooms: RoomWithPeople[]): Promise<Sends & { cpuPerSendUs: number }> {
  const file = `bench/peers/${contender}.ts`
  const peer = await startChild<StoringActs>(file, { DATABASE_URL: stage.services.databaseUrl }, stage.signal)
  try {
    const before = await peer.act('cpuUs')
    const plan = rooms.map(({ id, people }) => ({ id, authors: people.map((person) => person.id) }))
    const found = await peer.act('store', { rooms: plan, ...windowOf(stage) })
    return { ...found, cpuPerSendUs: ((await peer.act('cpuUs')) - before) / found.acknowledged }
  } finally {
    await peer.close()
  }
}

/** Checks that everything that was acknowledged is stored. */
async function requireStored({ services }: Stage, rooms: RoomWithPeople[], acknowledged: number) {
  const [{ count } = { count: '0' }] = await services.query<{ count: string }>('SELECT count(*) FROM messages WHERE room_id = ANY($1)', [
    rooms.map(({ id }) => id),
  ])
  if (Number(count) !== acknowledged) throw new Error(`${acknowledged} sends were acknowledged and ${count} are stored`)
}
