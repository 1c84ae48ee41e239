import { setTimeout as delay } from 'node:timers/promises'
import { bigRoom, type MeasuredData, withData } from '../data/measured-data'
import { format, quantileOf, roundsOf, summarise } from '../figures'
import type { Load, Measurement, Row } from '../measurement'
import type { Reading } from '../reading'
import { largeMessages } from './data-growth'

/** How long the work that one message makes may go on. */
const settleMs = 2_500

/** T11: everybody connects at once; then what one message in the big room costs, and a person of very many rooms. */
export const comingBack: Measurement = {
  targets: ['T11'],
  contenders: ['roomline'],
  measure: async (stage) =>
    withData(stage, [largeMessages(stage.quick)], async ([data], load) => {
      if (!data) throw new Error('there is no data')
      const { server, sizes } = data
      const regulars = await data.people(1, sizes.regulars)
      const others = await data.people(sizes.regulars + 2, Math.round(sizes.regulars / 2))
      const collector = await data.person(sizes.regulars + 1)
      const tokensOf = (people: { token: string }[]) => people.map(({ token }) => token)
      const empty = await server.act('memory')
      const cpuBefore = await server.act('cpuUs')
      const back = await load.act('openLists', { port: server.port, tokens: tokensOf(regulars) })
      const cpuUs = (await server.act('cpuUs')) - cpuBefore
      await delay(settleMs)
      const full = await server.act('memory')
      const waits = await waitBehind(load, server.port, collector.token, tokensOf(others.slice(0, 6)))
      await load.act('openLists', { port: server.port, tokens: tokensOf(others) })
      const message = await costOfMessage(data, load, stage.quick ? 2 : 5)
      return [
        {
          target: 'T11',
          contender: 'roomline',
          figures: {
            people: regulars.length,
            lists: regulars.length + others.length,
            allMs: back.elapsedMs,
            listP50Ms: quantileOf(back.listsMs, 0.5),
            refused: Object.values(back.refusals).reduce((sum, count) => sum + count, 0),
            cpuPerPersonMs: cpuUs / regulars.length / 1_000,
            rssKbPerPerson: (full.rssBytes - empty.rssBytes) / regulars.length / 1_000,
            heapKbPerPerson: (full.heapBytes - empty.heapBytes) / regulars.length / 1_000,
            ...message,
            ...waits,
          },
        },
      ]
    }),
  rows: comingBackRows,
}

async function costOfMessage({ server, person, sizes }: MeasuredData, load: Load, times: number) {
  const author = await person(sizes.regulars + 2)
  const costs: number[] = []
  let events = 0
  const usedIn = async (act: () => Promise<unknown>) => {
    const before = await server.act('cpuUs')
    await act()
    await delay(settleMs)
    return (await server.act('cpuUs')) - before
  }
  await load.act('countListEvents')
  for (let turn = 0; turn < times; turn++) {
    const idle = await usedIn(async () => {})
    const busy = await usedIn(() =>
      load.act('makeCall', {
        ...author,
        type: 'mutation',
        path: 'chat.send',
        input: { room: bigRoom, text: `for everybody, number ${turn}` },
      }),
    )
    costs.push((busy - idle) / 1_000)
    events = await load.act('countListEvents')
  }
  return {
    messageCpuMs: quantileOf(costs, 0.5),
    listsChanged: events,
  }
}

/** How long somebody waits for their list who connects just after a person of very many rooms, and without that person. */
async function waitBehind(load: Load, port: number, collector: string, others: string[]) {
  const alone: number[] = []
  const behind: number[] = []
  let large = 0
  for (const [index, token] of others.entries()) {
    if (index % 2 === 0) alone.push((await load.act('openLists', { port, tokens: [token] })).elapsedMs)
    else {
      const { firstMs, secondMs } = await load.act('openInTurn', { port, tokens: [collector, token] })
      large = firstMs
      behind.push(secondMs)
    }
  }
  return { waitAloneMs: Math.max(...alone), waitBehindMs: Math.max(...behind), largeListMs: large }
}

function comingBackRows(readings: readonly Reading[]): Row[] {
  const figure = (name: string) => summarise(roundsOf(readings, 'T11', 'roomline', name))
  const [all, refused, rss, cpu] = ['allMs', 'refused', 'rssKbPerPerson', 'messageCpuMs'].map(figure)
  if (!all) return []
  const count = (name: string) => figure(name)?.median.toLocaleString('en')
  const row = (what: string, text: string, goal: string, met: boolean | null | undefined, peer = ''): Row => ({
    ...{ target: 'T11', what, figure: text, peer, ratio: '', goal, met: met ?? null },
  })
  return [
    row(
      `until all of ${count('people')} people with 100 rooms each have their list`,
      format(all, 'ms'),
      '≤ 10,000 ms',
      all.median <= 10_000,
    ),
    row('refused meanwhile', format(refused ?? null), '0', refused && refused.max === 0),
    row(
      'memory for each of them (RSS)',
      format(rss ?? null, 'kB'),
      '≤ 60 kB',
      rss && rss.median <= 60,
      `heap ${format(figure('heapKbPerPerson'), 'kB')}`,
    ),
    row(
      `CPU of a message in the big room with ${count('lists')} lists open`,
      format(cpu ?? null, 'ms'),
      '≤ 100 ms',
      cpu && cpu.median <= 100,
      `${count('listsChanged')} lists changed`,
    ),
    row(
      'wait for a list just after a person of very many rooms',
      format(figure('waitBehindMs'), 'ms'),
      '',
      null,
      `alone: ${format(figure('waitAloneMs'), 'ms')}`,
    ),
  ]
}
