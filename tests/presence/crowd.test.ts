import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BareSocket, openBareSocket } from '../../bench/load/bare-socket'
import type { PresenceEvent } from '../../src/contract/presence'
import { createSessionTokens } from '../../src/server/auth/session-token'
import { type Roomline, startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

const people = 2_000
const withinMs = 9_000
const quietMs = 14_000
const room = 'crowded'

let roomline: Roomline
const sockets: BareSocket[] = []
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
})
afterAll(async () => {
  for (const socket of sockets) {
    socket.onClose = () => {}
    socket.destroy()
  }
  await until(() => roomline.nodes.every((node) => node.count().connections === 0))
  await roomline[Symbol.asyncDispose]()
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
  const port = Number(new URL(roomline.urls[node] ?? '').port)
  const socket = await openBareSocket({ port, path: '/trpc', token })
  sockets.push(socket)
  const ask = (id: number, method: string, path: string) => socket.send(JSON.stringify({ id, method, params: { path, input: { room } } }))
  await new Promise<void>((resolve, reject) => {
    socket.onClose = reject
    socket.onText = (bytes, start, end) => {
      const text = bytes.toString('utf8', start, end)
      if (text.includes('"error"')) heard.failures.push(text)
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
    const cpuBefore = process.cpuUsage()
    const startedAt = performance.now()
    await Promise.all(
      crowd.map(async (person, index) => {
        await new Promise((resolve) => setTimeout(resolve, (index / people) * withinMs))
        await come(person, index % 2, heard)
      }),
    )
    const tookMs = performance.now() - startedAt
    const duringCpu = process.cpuUsage(cpuBefore)
    expect(heard.failures).toEqual([])
    expect(heard.last.size).toBe(people)
    // In the end, everybody has everybody’s state.
    await until(() => [...heard.last.values()].every(({ known, count }) => known && count === people), 30_000)
    // No more events: this waits longer than the pause between two events with this many watchers.
    const events = heard.events
    const cpu = process.cpuUsage()
    const from = performance.now()
    await until(() => performance.now() - from > quietMs, quietMs + 5_000)
    const { user, system } = process.cpuUsage(cpu)
    const busy = (user + system) / 1_000 / (performance.now() - from)
    await annotate(
      `${people} people in ${(tookMs / 1_000).toFixed(1)} s, with ${((duringCpu.user + duringCpu.system) / 1_000_000).toFixed(1)} s of CPU, ` +
        `clients included: ${heard.events} presence messages, ${(heard.events / people).toFixed(2)} each; ` +
        `afterwards ${(busy * 100).toFixed(1)} % of a CPU`,
    )
    expect(heard.events).toBeLessThanOrEqual(people * 3)
    expect(heard.events).toBe(events)
  })
})
