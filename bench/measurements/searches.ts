import { setTimeout as delay } from 'node:timers/promises'
import { bigRoom, withData } from '../data/measured-data'
import { format, quantileOf, roundsOf, summarise } from '../figures'
import type { Load, Measurement, Row } from '../measurement'
import type { Reading } from '../reading'
import { largeMessages } from './data-growth'

/** What somebody looks for. The data has each of them as often as `known-texts` says. */
const queries = {
  'a common word': 'the',
  'a word of 1 % of the messages': 'options',
  'a rare word': 'quillfeather',
  'no hit': 'zzyzxqv',
  'a phrase': '"deploy the new build"',
  'a prefix': 'optio',
  'two Chinese characters': '项目',
  'a URL': 'https://git.example.com/team/project-7/pull/',
  'two common words': 'the to',
}

const searchers = 20

/** T10: searches as a member of 100 rooms, one of them with half of all messages. */
export const searches: Measurement = {
  targets: ['T10'],
  contenders: ['roomline'],
  measure: async (stage) =>
    withData(stage, [largeMessages(stage.quick)], async ([data], load) => {
      if (!data) throw new Error('there is no data')
      const [person, ...others] = await data.people(1, 1 + searchers + 1)
      const sender = others.pop()
      if (!person || !sender) throw new Error('there are too few people')
      const readings: Reading[] = []
      const search = (query: string) => ({ type: 'query' as const, path: 'chat.search', input: { query } })
      const names = Object.entries(queries)
      const times = new Map(names.map(([name]) => [name, [] as number[]]))
      for (let turn = 0; turn < (stage.quick ? 15 : 60); turn++) {
        for (const [name, query] of names) {
          const { elapsedMs, failure } = await load.act('makeCall', { ...person, ...search(query) })
          if (failure) throw new Error(`a search for ${query} was rejected with ${failure}`)
          if (turn >= 5) times.get(name)?.push(elapsedMs)
        }
      }
      for (const [name, values] of times) {
        const figures = { p50Ms: quantileOf(values, 0.5), p99Ms: quantileOf(values, 0.99) }
        readings.push({ target: 'T10', contender: 'roomline', variant: name, figures })
      }
      readings.push(await foundAfter(person, load, stage.quick ? 5 : 20))
      const forMs = stage.quick ? 1_500 : 5_000
      const race = (people: typeof others) =>
        load.act('race', {
          people: people.map(({ port, token }) => ({ port, token })),
          calls: Object.values(queries).map(search),
          forMs,
          sender: { ...sender, room: bigRoom, everyMs: 10 },
        })
      // Connects everybody.
      await race(others)
      const alone: Awaited<ReturnType<typeof race>>[] = []
      const beside: typeof alone = []
      // In turn, so that whatever else the machine does slows both.
      for (let turn = 0; turn < 3; turn++) {
        alone.push(await race([]))
        beside.push(await race(others))
      }
      const answersMs = beside.flatMap((one) => one.answersMs)
      const figures = {
        answersPerSecond: beside.reduce((sum, { answeredPerSecond }) => sum + answeredPerSecond, 0) / beside.length,
        refused: beside.flatMap(({ refusals }) => Object.values(refusals)).reduce((sum, count) => sum + count, 0),
        searchP50Ms: quantileOf(answersMs, 0.5),
        searchP99Ms: quantileOf(answersMs, 0.99),
        sendsAloneP99Ms: quantileOf(
          alone.flatMap(({ sendsMs }) => sendsMs),
          0.99,
        ),
        sendsBesideP99Ms: quantileOf(
          beside.flatMap(({ sendsMs }) => sendsMs),
          0.99,
        ),
      }
      readings.push({ target: 'T10', contender: 'roomline', variant: 'many', figures })
      return readings
    }),
  rows: searchRows,
}

/** How long after a message was sent a search finds it. */
async function foundAfter(person: { port: number; token: string }, load: Load, times: number): Promise<Reading> {
  const waits: number[] = []
  for (let turn = 0; turn < times; turn++) {
    const word = `found${Date.now().toString(36)}${turn}`
    await load.act('makeCall', { ...person, type: 'mutation', path: 'chat.send', input: { room: bigRoom, text: `here is ${word}` } })
    const since = performance.now()
    for (;;) {
      const { data } = await load.act('makeCall', { ...person, type: 'query', path: 'chat.search', input: { query: word } })
      if (((data as { hits?: unknown[] } | undefined)?.hits?.length ?? 0) > 0) break
      if (performance.now() - since > 30_000) throw new Error('a message is not found after 30 s')
      await delay(20)
    }
    waits.push(performance.now() - since)
  }
  return { target: 'T10', contender: 'roomline', variant: 'found', figures: { p50Ms: quantileOf(waits, 0.5), maxMs: Math.max(...waits) } }
}

function searchRows(readings: readonly Reading[]): Row[] {
  const roundsFor = (variant: string, figure: string) => roundsOf(readings, 'T10', 'roomline', figure, variant)
  const summary = (variant: string, figure: string) => summarise(roundsFor(variant, figure))
  if (roundsFor('many', 'refused').length === 0) return []
  const row = (what: string, figure: string, goal: string, met: boolean | null, peer = '', ratio = ''): Row => ({
    ...{ target: 'T10', what, figure, peer, ratio, goal, met },
  })
  const [answers, refused, alone, beside, found] = [
    summary('many', 'answersPerSecond'),
    summary('many', 'refused'),
    summary('many', 'sendsAloneP99Ms'),
    summary('many', 'sendsBesideP99Ms'),
    summary('found', 'maxMs'),
  ]
  const slower = !beside || !alone ? null : beside.median / alone.median
  return [
    ...Object.keys(queries).map((name) => {
      const p99 = summary(name, 'p99Ms')
      return row(
        `search for ${name}, p99 (p50)`,
        `${format(p99, 'ms')} (${format(summary(name, 'p50Ms'))})`,
        '≤ 50 ms',
        p99 && p99.median <= 50,
      )
    }),
    row(`answers a second, ${searchers} people searching`, format(answers), '≥ 200', answers && answers.median >= 200),
    row('searches refused meanwhile', format(refused), '0', refused && refused.max === 0),
    row(
      'a send beside them, p99',
      format(beside, 'ms'),
      '≤ 1.5 ×',
      slower === null ? null : slower <= 1.5,
      `alone: ${format(alone, 'ms')}`,
      slower ? slower.toFixed(2) : '',
    ),
    row('from a send until a search finds it, the longest', format(found, 'ms'), '≤ 2,000 ms', found && found.max <= 2_000),
  ]
}
