import { hasCode, hasLink } from './contents'
import { quoteTag } from './terms'

/** What a search can ask for beside words. */
export interface Filters {
  /** The author's id. */
  author: string | null
  has: 'file' | 'link' | 'code' | null
}

const roomTag = (room: string) => `room:${room}`
const authorTag = (author: string) => `author:${author}`
const hasTag = (what: 'file' | 'link' | 'code') => `has:${what}`

/** The tags of a message, as `toTsvector` takes them. */
export function findTags(text: string, { room, author, hasFile }: { room: string; author: string; hasFile: boolean }): string[] {
  const tags = [roomTag(room), authorTag(author)]
  if (hasFile) tags.push(hasTag('file'))
  if (hasLink(text)) tags.push(hasTag('link'))
  if (hasCode(text)) tags.push(hasTag('code'))
  return tags
}

/** The tags that a search asks for, as `toTsquery` takes them. */
export const tagsOf = ({ author, has }: Filters): string[] => [
  ...(author === null ? [] : [authorTag(author)]),
  ...(has === null ? [] : [hasTag(has)]),
]

/** A tsquery for what is in one of these rooms. @param terms null for all of it */
export function withinRooms(terms: string | null, rooms: readonly string[]): string {
  const any = `(${rooms.map((room) => quoteTag(roomTag(room))).join(' | ')})`
  return terms === null ? any : `${any} & (${terms})`
}
