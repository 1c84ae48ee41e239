import { foldUsername, isUsername } from '../../contract/rules'
import type { Room } from '../../sdk'

/** What a search for messages is limited to. A day is "2026-01-31", of the person's own time zone. */
export interface SearchLimits {
  from?: string
  /** A room's id. */
  in?: string
  after?: string
  before?: string
  has?: 'file' | 'link' | 'code'
}

export type LimitName = keyof SearchLimits

/** In the order in which they are offered. */
export const limitNames = ['from', 'in', 'after', 'before', 'has'] as const satisfies readonly LimitName[]
export const hasWords = { link: 'a link', code: 'code', file: 'a file' } as const

/** A limit that is being typed at the end of the text: "from:ad". */
export interface TypedLimit {
  name: LimitName
  value: string
  /** Where it starts in the text. */
  at: number
}

const limitBeingTyped = /(?:^|\s)(?<name>from|in|after|before|has):(?<value>"[^"]*|[^\s"]*)$/iu

export function findTypedLimit(text: string): TypedLimit | null {
  const match = limitBeingTyped.exec(text)
  if (!match?.groups?.name) return null
  const { name, value = '' } = match.groups
  return { name: name.toLowerCase() as LimitName, value: value.replace(/^"/, ''), at: match.index + (/^\s/.test(match[0]) ? 1 : 0) }
}

const wholeLimit = /(?:^|\s)(?<name>from|in|after|before|has):(?:"(?<quoted>[^"]+)"|(?<plain>[^\s"]+))(?=\s)/giu

interface TakenLimits {
  /** What is left of the text. */
  text: string
  limits: SearchLimits
}

/** Takes the limits out of a text that are finished, with a space after them. What can't be understood stays in it. */
export function takeLimits(typed: string, rooms: readonly Room[], today = new Date()): TakenLimits {
  const limits: SearchLimits = {}
  let isTaken = false
  const left = typed.replace(wholeLimit, (whole, ...rest) => {
    const { name, quoted, plain } = rest.at(-1) as Record<string, string | undefined>
    const found = parseLimit(name?.toLowerCase() as LimitName, quoted ?? plain ?? '', rooms, today)
    if (!found) return whole
    Object.assign(limits, found)
    isTaken = true
    return ''
  })
  return { text: isTaken ? left.replace(/^\s+/, '') : typed, limits }
}

/** @returns null when the value can't be understood */
export function parseLimit(name: LimitName, value: string, rooms: readonly Room[], today = new Date()): SearchLimits | null {
  switch (name) {
    case 'from': {
      const username = foldUsername(value.replace(/^@/, ''))
      return isUsername(username) ? { from: username } : null
    }
    case 'in': {
      const wanted = value.replace(/^#/, '').toLowerCase()
      const room = rooms.find(({ id }) => id === wanted) ?? rooms.find(({ name }) => name.toLowerCase() === wanted)
      return room ? { in: room.id } : null
    }
    case 'has': {
      const what = value.toLowerCase().replace(/s$/, '')
      return what === 'file' || what === 'link' || what === 'code' ? { has: what } : null
    }
    default: {
      const day = parseDay(value, today)
      return day === null ? null : { [name]: day }
    }
  }
}

const namedDays: Record<string, number> = { today: 0, yesterday: 1, week: 7, month: 30 }

/** A day as people type it: "2026-01-31", "today", "yesterday"; "week" and "month" are that long ago. */
function parseDay(value: string, today: Date): string | null {
  const ago = namedDays[value.toLowerCase()]
  if (ago !== undefined) return toDay(new Date(today.getFullYear(), today.getMonth(), today.getDate() - ago))
  const [, year, month, date] = /^([12]\d{3})-(\d{1,2})-(\d{1,2})$/.exec(value) ?? []
  if (!year) return null
  const day = new Date(Number(year), Number(month) - 1, Number(date))
  return day.getMonth() === Number(month) - 1 ? toDay(day) : null
}

export const toDay = (date: Date): string =>
  [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-')

/** The first moment of a day in the person's time zone. */
export const startOfDay = (day: string): Date => new Date(`${day}T00:00:00`)

/** What is asked of the server. */
export function searchInputOf(query: string, limits: SearchLimits) {
  return {
    query: query.trim(),
    ...(limits.from && { author: limits.from }),
    ...(limits.in && { room: limits.in }),
    ...(limits.has && { has: limits.has }),
    ...(limits.after && { after: startOfDay(limits.after).toISOString() }),
    ...(limits.before && { before: startOfDay(limits.before).toISOString() }),
  }
}

/** Whether there is anything to look for. */
export const isSearch = (query: string, limits: SearchLimits): boolean => query.trim() !== '' || Object.keys(limits).length > 0
