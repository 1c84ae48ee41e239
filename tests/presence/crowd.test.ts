import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BareSocket, openBareSocket } from '../../bench/load/bare-socket'
import type { PresenceEvent } from '../../src/contract/presence'
import { createSessionTokens } from '../../src/server/auth/session-token'
import { nodeEnvironment } from '../faults/bench'
import type { Measures } from '../faults/measured-node'
import { startProcess, type TestProcess } from '../faults/processes'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

const people = 2_000
const withinMs = 9_000
const quietMs = 14_000
const room = 'crowded'

let roomline: Roomline
/** In processes of their own: the crowd in this one computes as much as both of them. */
let nodes: TestProcess[] = []
const sockets: BareSocket[] = []
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 0 })
  const { databaseUrl = '', redisUrl = '', authSecrets } = roomline.config
  const env = { ...nodeEnvironment(databaseUrl, redisUrl, authSecrets.join()), REALTIME_PORT: '0' }
  nodes = await Promise.all([0, 1].map(() => startProcess('tests/faults/measured-node.ts', env, ['--expose-gc'])))
})
afterAll(async () => {
  for (const socket of sockets) {
    socket.onClose = () => {}
    socket.destroy()
  }
  await until(async () => (await Promise.all(nodes.map(measure))).every(({ connections }) => connections === 0)).finally(async () => {
    for (const node of nodes) node.kill()
    await Promise.all(nodes.map(({ exited }) => exited))
    await roomline[Symbol.asyncDispose]()
  })
})

/** What both nodes have computed so far, in milliseconds. */
const computed = async () => (await Promise.all(nodes.map(measure))).reduce((sum, { cpuMs }) => sum + cpuMs, 0)
const measure = (node: TestProcess) =>
  new Promise<Measures>((resolve) => {
    node.onceMessage((message) => resolve((message as { measures: Measures }).measures))
    node.send({})
  })

/** People with a session, half of them already in the room. */
async function makeCrowd(): Promise<{ token: string; isMember: boolean }[]> {
  const tokens = createSessionTokens(roomline.config.authSecrets)
  const expiresAt = new Date(Date.now() + 3_600_000)
  const { rows } = await roomline.pool.query<{ id: string; user_id: string }>(
    `WITH people AS (INSERT INTO users (username, display_name) SELECT name, name FROM unnest($1::text[]) name RETURNING id)
     INSERT INTO sessions (user_id, expires_at) SELECT id, $2 FROM people RETURNING id, user_id`,
    [Array.from({ length: people }, () => `p${randomUUID().slice(0, 13)}`), expiresAt],
  )
  await roomline.pool.query(`INSERT INTO rooms (id, kind, name) VALUES ($1, 'public', 'A crowd')`, [room])
  await roomline.pool.query('INSERT INTO memberships (room_id, user_id) SELECT $1, unnest($2::uuid[])', [
    room,
    rows.slice(0, people / 2).map(({ user_id }) => user_id),
  ])
  await roomline.pool.query('ANALYZE')
  const crowd = await Promise.all(
    rows.map(async ({ id, user_id: userId }, index) => ({
      token: await tokens.sign({ userId, sessionId: id, expiresAt }),
      isMember: index < people / 2,
    })),
  )
  // Members and new people arrive mixed.
  return crowd.map((_, index) => crowd[index % 2 === 0 ? index / 2 : people / 2 + (index - 1) / 2] as (typeof crowd)[number])
}

interface Heard {
  events: number
  last: Map<BareSocket, PresenceEvent>
  failures: string[]
}

/** Connects, joins the room if needed, and watches its presence. */
async function come({ token, isMember }: { token: string; isMember: boolean }, node: number, heard: Heard): Promise<void> {
  const socket = await openBareSocket({ port: nodes[node]?.port ?? 0, path: '/trpc', token })
  sockets.push(socket)
  const ask = (id: number, method: string, path: string) => socket.send(JSON.stringify({ id, method, params: { path, input: { room } } }))
  await new Promise<void>((resolve, reject) => {
    socket.onClose = (reason) => reject(new Error([reason, ...heard.failures].join(' ')))
    socket.onText = (bytes, start, end) => {
      const text = bytes.toString('utf8', start, end)
      if (text.includes('"error"')) {
        heard.failures.push(text)
        if (!text.startsWith('{"id":null')) reject(new Error(text))
      }
      if (text.startsWith('{"id":1,')) return ask(2, 'subscription', 'presence.onChange')
      if (!text.startsWith('{"id":2,') || !text.includes('"type":"data"')) return
      heard.events++
      heard.last.set(socket, JSON.parse(text).result.data)
      resolve()
    }
    if (isMember) ask(2, 'subscription', 'presence.onChange')
    else ask(1, 'mutation', 'rooms.join')
  })
}

describe(`${people} people enter one room on two nodes within ten seconds`, () => {
  it('cause at most three presence events each, and then none', { timeout: 120_000 }, async ({ annotate }) => {
    const crowd = await makeCrowd()
    const heard: Heard = { events: 0, last: new Map(), failures: [] }
    const cpuBefore = await computed()
    const startedAt = performance.now()
    const arrivals = await Promise.allSettled(
      crowd.map(async (person, index) => {
        await new Promise((resolve) => setTimeout(resolve, (index / people) * withinMs))
        await come(person, index % 2, heard)
      }),
    )
    const tookMs = performance.now() - startedAt
    const cpuAfter = await computed()
    expect(new Set(arrivals.flatMap((arrival) => (arrival.status === 'rejected' ? [String(arrival.reason)] : [])))).toEqual(new Set())
    expect(heard.failures).toEqual([])
    expect(heard.last.size).toBe(people)
    // In the end, everybody has everybody’s state.
    await until(() => [...heard.last.values()].every(({ known, count }) => known && count === people), 30_000)
    // No more events: this waits longer than the pause between two events with this many watchers.
    const events = heard.events
    const cpu = await computed()
    const from = performance.now()
    await until(() => performance.now() - from > quietMs, quietMs + 5_000)
    const busy = ((await computed()) - cpu) / (performance.now() - from)
    await annotate(
      `${people} people in ${(tookMs / 1_000).toFixed(1)} s, with ${((cpuAfter - cpuBefore) / 1_000).toFixed(1)} s of CPU of the nodes: ` +
        `${heard.events} presence messages, ${(heard.events / people).toFixed(2)} each; ` +
        `afterwards ${(busy * 100).toFixed(1)} % of a CPU`,
    )
    expect(heard.events).toBeLessThanOrEqual(people * 3)
    expect(heard.events).toBe(events)
  })
})
