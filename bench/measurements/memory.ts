import { compare } from '../comparison'
import type { Measurement } from '../measurement'
import type { ServerName } from '../server-names'

/** File descriptors that a process needs for other things than connections. */
const otherDescriptors = 200

/** T5: memory of an idle connection that follows a room, beyond the empty process. */
export const memory: Measurement = {
  targets: ['T5'],
  contenders: ['roomline', 'ws', 'socketio', 'trpc'],
  measure: async (stage, contender) => {
    const wanted = stage.quick ? 1_000 : 10_000
    const count = Math.min(wanted, descriptorLimit() - otherDescriptors)
    if (count < wanted) stage.log(`    only ${count} connections, because a process may open ${descriptorLimit()} files here (ulimit -n)`)
    const name = contender as ServerName
    const people = await stage.services.people(count)
    const [room = ''] = await stage.services.createRooms([people])
    return stage.withServer(name, async (server, load) => {
      const empty = await server.act('memory')
      await load.act('open', { server: name, followers: people.map(({ token }) => ({ port: server.port, room, token })), senders: [] })
      const full = await server.act('memory')
      const figures = {
        connections: count,
        rssKbPerConnection: (full.rssBytes - empty.rssBytes) / count / 1_000,
        heapKbPerConnection: (full.heapBytes - empty.heapBytes) / count / 1_000,
        emptyRssMb: empty.rssBytes / 1e6,
      }
      return [{ target: 'T5', contender: name, figures }]
    })
  },
  rows: (readings) => {
    const count = readings.find(({ target }) => target === 'T5')?.figures.connections
    if (count === undefined) return []
    const what = `memory per idle connection, ${count.toLocaleString('en')} connections`
    const rss = { target: 'T5', what: `${what} (RSS)`, figure: 'rssKbPerConnection', unit: 'kB' } as const
    return [
      compare(readings, { ...rss, peer: 'ws', goal: { atMost: 2 } }),
      compare(readings, { ...rss, peer: 'socketio' }),
      compare(readings, { ...rss, peer: 'trpc' }),
      compare(readings, { ...rss, what: `${what} (heap)`, figure: 'heapKbPerConnection', peer: 'ws' }),
    ]
  },
}

function descriptorLimit(): number {
  const report = process.report?.getReport() as { userLimits?: { open_files?: { soft: number | string } } } | undefined
  const limit = Number(report?.userLimits?.open_files?.soft)
  return Number.isFinite(limit) ? limit : Number.POSITIVE_INFINITY
}
