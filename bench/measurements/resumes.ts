import { format, quantile, roundsOf, summarise } from '../figures'
import { texts } from '../load/texts'
import type { Measurement, Stage } from '../measurement'

const messages = 10_000
const farBehind = ({ quick }: Stage) => (quick ? 100_000 : 1_000_000)

/**
 * T8: a client resumes 10,000 messages behind, again and again: how fast the messages arrive, and how much memory stays in use.
 * Another resumes 1,000,000 behind.
 */
export const resumes: Measurement = {
  targets: ['T8'],
  contenders: ['roomline'],
  measure: async (stage) => {
    const { room, token } = await fillRoom(stage, messages)
    const far = await fillRoom(stage, farBehind(stage))
    return stage.withServer('roomline', async (server, load) => {
      const again = async (times: number) => {
        const perSecond: number[] = []
        for (let left = times; left > 0; left--) {
          const { elapsedMs } = await load.act('resume', { port: server.port, token, room, after: 0, upTo: messages })
          perSecond.push(messages / (elapsedMs / 1_000))
        }
        return perSecond.sort((a, b) => a - b)
      }
      await again(3)
      const before = await server.act('memory')
      const perSecond = await again(stage.quick ? 5 : 30)
      const after = await server.act('memory')
      const { elapsedMs: farMs } = await load.act('resume', { port: server.port, ...far, after: 0, upTo: farBehind(stage) })
      const afterFar = await server.act('memory')
      const figures = {
        farPerSecond: farBehind(stage) / (farMs / 1_000),
        farGrowthMb: (afterFar.peakRssBytes - after.peakRssBytes) / 1e6,
        messagesPerSecond: quantile(perSecond, 0.5),
        slowest: quantile(perSecond, 0),
        heapBeforeMb: before.heapBytes / 1e6,
        heapAfterMb: after.heapBytes / 1e6,
        rssBeforeMb: before.rssBytes / 1e6,
        rssAfterMb: after.rssBytes / 1e6,
        // Since the process started, including the first resumes.
        peakRssMb: after.peakRssBytes / 1e6,
      }
      return [{ target: 'T8', contender: 'roomline', figures }]
    })
  },
  rows: (readings) => {
    const speed = summarise(roundsOf(readings, 'T8', 'roomline', 'messagesPerSecond'))
    if (!speed) return []
    const farSpeed = summarise(roundsOf(readings, 'T8', 'roomline', 'farPerSecond'))
    const figuresOf = (name: string) => roundsOf(readings, 'T8', 'roomline', name)
    const growth = summarise(figuresOf('heapAfterMb').map((after, round) => after / (figuresOf('heapBeforeMb')[round] ?? after)))
    const peak = summarise(figuresOf('peakRssMb').map((high, round) => high - (figuresOf('rssBeforeMb')[round] ?? high)))
    return [
      {
        ...{ target: 'T8', what: 'resuming 10,000 messages behind', figure: format(speed, 'messages/s'), peer: '', ratio: '' },
        ...{ goal: '≥ 50,000 messages/s', met: speed.median >= 50_000 },
      },
      {
        ...{ target: 'T8', what: 'resuming 1,000,000 messages behind (100,000 with --quick)', figure: format(farSpeed, 'messages/s') },
        ...{ peer: '', ratio: '', goal: '≥ 50,000 messages/s', met: farSpeed && farSpeed.median >= 50_000 },
      },
      {
        ...{
          target: 'T8',
          what: 'peak memory of that, above the resumes of 10,000',
          figure: format(summarise(figuresOf('farGrowthMb')), 'MB'),
        },
        ...{ peer: '', ratio: '', goal: '', met: null },
      },
      {
        ...{
          target: 'T8',
          what: 'heap after many resumes, compared with before',
          figure: format(summarise(figuresOf('heapAfterMb')), 'MB'),
        },
        ...{
          peer: `before ${format(summarise(figuresOf('heapBeforeMb')), 'MB')}`,
          ratio: format(growth),
          goal: '≤ 1.05',
          met: growth && growth.median <= 1.05,
        },
      },
      {
        ...{ target: 'T8', what: 'peak memory during resumes, above the start', figure: format(peak, 'MB') },
        ...{ peer: '', ratio: '', goal: '', met: null },
      },
    ]
  },
}

async function fillRoom({ services }: Stage, messages: number): Promise<{ room: string; token: string }> {
  const [person] = await services.people(1)
  if (!person) throw new Error('there are no people')
  const [room = ''] = await services.createRooms([[person]])
  await services.query(
    `INSERT INTO messages (room_id, seq, version, author_id, text)
     SELECT $1, n, n, $2, ($3::text[])[1 + n % array_length($3::text[], 1)] FROM generate_series(1, $4::int) n`,
    [room, person.id, texts, messages],
  )
  await services.query('UPDATE rooms SET last_seq = $2, last_version = $2 WHERE id = $1', [room, messages])
  return { room, token: person.token }
}
