import { bigRoom, type MeasuredData, type SignedIn, smallMessages, withData } from '../data/measured-data'
import { answeredSeqs } from '../data/messages-sql'
import { format, quantileOf, ratios, roundsOf, summarise } from '../figures'
import type { Call } from '../load/calls'
import type { Load, Measurement, Row } from '../measurement'
import type { Reading } from '../reading'

type CallOf = Pick<Call, 'type' | 'path' | 'input'>

/** What is called again and again, with what must come before each time and is not timed. */
interface Case {
  name: string
  by: SignedIn
  call(turn: number): CallOf
  before?(turn: number): CallOf
  /** How many rows the answer shows, where that differs between the data sets. */
  shown?: number
}

export const largeMessages = (quick: boolean) => (quick ? 200_000 : 2_000_000)
/** For the plot, between the smallest and the largest. */
const between = [20_000, 200_000]

/** T9: what people do, on little data and on much, in turn. */
export const dataGrowth: Measurement = {
  targets: ['T9'],
  contenders: ['roomline'],
  measure: async (stage) => {
    const sizes = stage.quick ? [smallMessages, largeMessages(true)] : [smallMessages, ...between, largeMessages(false)]
    return withData(stage, sizes, async (sets, load) => {
      // One after the other: the load process does one thing at a time.
      const cases: Case[][] = []
      for (const data of sets) cases.push(await casesOf(data, load))
      const times = stage.quick ? 20 : 100
      for (let left = 3; left > 0; left--) for (const own of cases) await measureOnce(load, own)
      const found = sets.map(() => new Map<string, number[]>())
      // In turn, so that whatever else the machine does meets all of them.
      for (let left = times; left > 0; left--) {
        for (const [index, own] of cases.entries()) {
          for (const [name, elapsedMs] of await measureOnce(load, own)) {
            const values = found[index]?.get(name) ?? []
            values.push(elapsedMs)
            found[index]?.set(name, values)
          }
        }
      }
      return found.flatMap((timesOf, index): Reading[] =>
        [...timesOf].map(([name, values]) => {
          const shown = cases[index]?.find((one) => one.name === name)?.shown ?? 0
          return {
            target: 'T9',
            contender: 'roomline',
            variant: variantOf(name, sizes[index] ?? 0),
            figures: { messages: sizes[index] ?? 0, p50Ms: quantileOf(values, 0.5), p99Ms: quantileOf(values, 0.99), shown },
          }
        }),
      )
    })
  },
  rows: growthRowsOf,
}

const variantOf = (name: string, messages: number) => `${name}, ${messages} messages`

/** The names of the cases that were measured, and the sizes, ascending. */
export function measuredGrowth(readings: readonly Reading[]): { names: string[]; sizes: number[] } {
  const own = readings.filter(({ target }) => target === 'T9')
  const sizes = [...new Set(own.map(({ figures }) => figures.messages ?? 0))].sort((a, b) => a - b)
  return { names: [...new Set(own.map(({ variant = '' }) => variant.replace(/, \d+ messages$/, '')))], sizes }
}

export const growthOf = (readings: readonly Reading[], name: string, messages: number, figure: string) =>
  roundsOf(readings, 'T9', 'roomline', figure, variantOf(name, messages))

function growthRowsOf(readings: readonly Reading[]): Row[] {
  const { names, sizes } = measuredGrowth(readings)
  const [small = 0, large = 0] = [sizes[0], sizes.at(-1)]
  return names.map((name) => {
    const [few, many] = [small, large].map((size) => growthOf(readings, name, size, 'p99Ms'))
    const shown = [small, large].map((size) => growthOf(readings, name, size, 'shown')[0] ?? 0)
    // What grows with what it shows is compared for each row that it shows.
    const perRow = (shown[1] ?? 0) > 0 ? (shown[1] ?? 1) / (shown[0] || 1) : 1
    const ratio = summarise(ratios(many ?? [], few ?? []).map((value) => value / perRow))
    const medians = [large, small].map((size) => format(summarise(growthOf(readings, name, size, 'p50Ms'))))
    return {
      ...{ target: 'T9', what: `${name}, ${large.toLocaleString('en')} messages, p99 (p50)` },
      figure: `${format(summarise(many ?? []), 'ms')} (${medians[0]})`,
      peer: `${small.toLocaleString('en')} messages: ${format(summarise(few ?? []), 'ms')} (${medians[1]})`,
      ratio: `${format(ratio)}${perRow === 1 ? '' : ' for each row'}`,
      goal: perRow === 1 ? '≤ 2' : '≤ 2 for each row',
      met: ratio && ratio.median <= 2,
    } as Row
  })
}

async function measureOnce(load: Load, cases: readonly Case[]): Promise<[string, number][]> {
  const results: [string, number][] = []
  for (const { name, by, call, before } of cases) {
    turns++
    const calls = [...(before ? [before(turns)] : []), call(turns)].map((one) => ({ ...one, port: by.port, token: by.token }))
    const timed = (await load.act('callInTurn', calls)).at(-1)
    if (!timed || timed.failure) throw new Error(`${name} was rejected with ${timed?.failure}`)
    results.push([name, timed.elapsedMs])
  }
  return results
}

let turns = 0

const query = (path: string, input?: unknown): CallOf => ({ type: 'query', path, input })
const mutation = (path: string, input: unknown): CallOf => ({ type: 'mutation', path, input })

async function casesOf(data: MeasuredData, load: Load): Promise<Case[]> {
  const { sizes } = data
  const room = bigRoom
  const regular = await data.person(1)
  const collector = await data.person(sizes.regulars + 1)
  const [newcomer] = await data.people(sizes.membersOfBigRoom + 1, 1)
  if (!newcomer) throw new Error('everybody is in the big room')
  const lastSeq = sizes.messagesInBigRoom
  const { few, many } = answeredSeqs(sizes)
  await data.query('UPDATE messages SET author_id = $3 WHERE room_id = $1 AND seq = ANY($2)', [room, [few, many], regular.id])
  const middleSeq = await plainSeq(data, lastSeq / 2)
  const cursors = await cursorsOf(load, regular, room)
  const listed = (await load.act('makeCall', { ...collector, ...query('rooms.list') })).data as unknown[]
  const page = (name: string, cursor: string | undefined): Case => ({
    ...{ name: `rooms.members, ${name} page`, by: regular },
    call: () => query('rooms.members', { room, ...(cursor && { cursor }) }),
  })
  return [
    { name: 'chat.history, newest page', by: regular, call: () => query('chat.history', { room }) },
    { name: 'chat.history, in the middle', by: regular, call: () => query('chat.history', { room, before: Math.floor(lastSeq / 2) }) },
    { name: 'chat.history, first page', by: regular, call: () => query('chat.history', { room, after: 0 }) },
    {
      ...{ name: 'chat.markRead', by: regular, before: () => mutation('chat.markUnread', { room, seq: lastSeq - 20 }) },
      call: () => mutation('chat.markRead', { room, seq: lastSeq }),
    },
    { name: 'rooms.join', by: newcomer, call: () => mutation('rooms.join', { room }) },
    { name: 'rooms.leave', by: newcomer, call: () => mutation('rooms.leave', { room }) },
    { name: 'chat.react', by: regular, call: () => mutation('chat.react', { room, seq: middleSeq, emoji: '👍' }) },
    { name: 'chat.unreact', by: regular, call: () => mutation('chat.unreact', { room, seq: middleSeq, emoji: '👍' }) },
    {
      ...{ name: 'chat.edit of a message with 40 answers', by: regular },
      call: (turn) => mutation('chat.edit', { room, seq: few, text: `said better, version ${turn}` }),
    },
    {
      ...{ name: 'chat.edit of the message with most answers', by: regular },
      call: (turn) => mutation('chat.edit', { room, seq: many, text: `said better, version ${turn}` }),
    },
    { name: 'rooms.list of 100 rooms', by: regular, call: () => query('rooms.list') },
    { name: 'rooms.list of very many rooms', by: collector, call: () => query('rooms.list'), shown: listed.length },
    page('first', undefined),
    page('middle', cursors[Math.floor(cursors.length / 2)]),
    page('last', cursors.at(-1)),
    { name: 'users.search', by: regular, call: () => query('users.search', { query: 'morgr' }) },
    { name: 'rooms.browse, first page', by: regular, call: () => query('rooms.browse', {}) },
    { name: 'rooms.browse with a query', by: regular, call: () => query('rooms.browse', { query: 'loter' }) },
  ]
}

/** The seq of somebody's message near this one that has not been removed. */
async function plainSeq(data: MeasuredData, near: number): Promise<number> {
  const [row] = await data.query<{ seq: number }>(
    `SELECT seq FROM messages WHERE room_id = $1 AND seq > $2 AND kind = 'text' AND deleted_at IS NULL AND reaction_count = 0 ORDER BY seq LIMIT 1`,
    [bigRoom, Math.floor(near)],
  )
  return row?.seq ?? 1
}

/** The cursors of all pages of members but the first. */
async function cursorsOf(load: Load, by: SignedIn, room: string): Promise<string[]> {
  const cursors: string[] = []
  for (let cursor: string | null = null; ; ) {
    const input: unknown = { room, ...(cursor && { cursor }) }
    const { data, failure } = await load.act('makeCall', { ...by, ...query('rooms.members', input) })
    if (failure) throw new Error(`rooms.members was rejected with ${failure}`)
    cursor = (data as { cursor: string | null }).cursor
    if (cursor === null) return cursors
    cursors.push(cursor)
  }
}
