import { startChild } from '../child'
import { compare } from '../comparison'
import type { Measurement, Stage } from '../measurement'
import type { StoringActs } from '../peers/prisma'
import type { Reading } from '../reading'
import type { Sends } from '../send-window'
import type { Person } from '../services'

const senders = 100
const inFlight = 8
const manyRooms = 1_000
const membersOfOneOfMany = 10

const cases = ['one room', '1,000 rooms'] as const

interface Place {
  id: string
  people: Person[]
}

/** Acknowledged durable sends a second: of a whole node, of a plain program over Prisma, and of Postgres alone (T4). */
export const sends: Measurement = {
  targets: ['T4'],
  contenders: ['roomline', 'prisma', 'pg'],
  measure: async (stage, contender) => {
    const readings: Reading[] = []
    for (const at of cases) {
      const rooms = await makePlaces(stage, at === 'one room' ? 1 : manyRooms)
      const found = contender === 'roomline' ? await ofRoomline(stage, rooms) : await ofPeer(stage, contender, rooms)
      await requireStored(stage, rooms, found.acknowledged)
      const { perSecond, p50Ms, p99Ms, cpuPerSendUs } = found
      readings.push({ target: 'T4', of: contender, at, figures: { sendsPerSecond: perSecond, p50Ms, p99Ms, cpuPerSendUs } })
    }
    return readings
  },
  rows: (readings) =>
    cases.flatMap((at) => {
      const figure = { target: 'T4', what: `acknowledged sends a second, ${at}`, figure: 'sendsPerSecond', unit: '', at } as const
      return [
        compare(readings, { ...figure, peer: 'prisma', goal: { atLeast: 5 } }),
        compare(readings, { ...figure, peer: 'pg', goal: { atLeast: 0.5 } }),
      ]
    }),
}

async function makePlaces({ services }: Stage, count: number): Promise<Place[]> {
  const everybody = await services.people(senders)
  const groups = senders / membersOfOneOfMany
  const members = Array.from({ length: count }, (_, index) =>
    count === 1 ? everybody : everybody.filter((_person, at) => at % groups === index % groups),
  )
  const ids = await services.makeRooms(members)
  return ids.map((id, index) => ({ id, people: members[index] ?? [] }))
}

const windowOf = ({ quick }: Stage) => ({ warmUpMs: quick ? 300 : 1_000, forMs: quick ? 1_200 : 5_000 })

async function ofRoomline(stage: Stage, rooms: Place[]): Promise<Sends & { cpuPerSendUs: number }> {
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

async function ofPeer(stage: Stage, contender: string, rooms: Place[]): Promise<Sends & { cpuPerSendUs: number }> {
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

/** What was acknowledged is there. */
async function requireStored({ services }: Stage, rooms: Place[], acknowledged: number) {
  const [{ count } = { count: '0' }] = await services.query<{ count: string }>('SELECT count(*) FROM messages WHERE room_id = ANY($1)', [
    rooms.map(({ id }) => id),
  ])
  if (Number(count) !== acknowledged) throw new Error(`${acknowledged} sends were acknowledged and ${count} are stored`)
}
